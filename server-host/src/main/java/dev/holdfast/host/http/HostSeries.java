package dev.holdfast.host.http;

import dev.holdfast.host.api.Operations;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.metrics.HostMeasures;
import dev.holdfast.host.metrics.MetricText;
import dev.holdfast.host.metrics.MetricType;
import dev.holdfast.host.metrics.RpcMeasures;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.serving.VersionStatus;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The state of this host as metrics: its models and workers, and how it stands with its snapshot store. */
record HostSeries(Operations operations, HostMeasures measures) {

    MetricSnapshots collect() {
        MetricSnapshots.Builder all = MetricSnapshots.builder();
        collectStore(all);
        collectStoreCalls(all);
        collectRestores(all);
        collectRpc(all);
        collectPlugins(all);
        collectModels(all);
        return all.build();
    }

    private void collectStore(MetricSnapshots.Builder all) {
        StoreStatus status = operations.snapshots().status();
        Series mode = new Series("holdfast_snapshot_mode", "1 for how the host writes snapshots now, 0 for the others");
        for (StoreStatus.Mode each : StoreStatus.Mode.values()) {
            mode.value(each == status.mode() ? 1 : 0, Labels.of("store", status.store(), "mode", each.name()));
        }
        all.metricSnapshot(mode.build());
        gauge(
                all,
                "holdfast_current",
                "1 while the host serves the newest state that it knows of",
                one(status.isCurrent()));
        gauge(all, "holdfast_snapshots_spooled", "Snapshots that wait for the store to return", status.spooled());
        status.journal().ifPresent(use -> {
            gauge(all, "holdfast_journal_bytes", "Bytes that the journal on this host's disk takes", use.bytes());
            gauge(all, "holdfast_journal_limit_bytes", "Bytes that it may take: spool_max_size", use.limit());
            gauge(
                    all,
                    "holdfast_journal_dropped",
                    "Snapshots that it has let go of because of its bound",
                    use.dropped());
            gauge(all, "holdfast_journal_full", "1 while the last snapshot found no room in it", one(use.full()));
        });
        gauge(all, "holdfast_snapshot_revision", "Revision of the newest snapshot", status.revision());
    }

    private void collectRestores(MetricSnapshots.Builder all) {
        Distributions restores = new Distributions(
                "holdfast_restore_seconds", "How long it took to go back to a snapshot, by when and by how it ended");
        measures.restores()
                .times()
                .forEach((restore, times) -> restores.add(
                        times,
                        Labels.of(
                                "when",
                                restore.when().name().toLowerCase(Locale.ROOT),
                                "outcome",
                                outcome(restore.whole()))));
        all.metricSnapshot(restores.build());
    }

    private void collectRpc(MetricSnapshots.Builder all) {
        RpcMeasures rpc = measures.rpc();
        Distributions calls = new Distributions(
                "holdfast_rpc_call_seconds", "How long calls of the RPC door took, by how they ended");
        rpc.calls()
                .forEach((call, times) ->
                        calls.add(times, Labels.of("method", call.method(), "outcome", outcome(call.ok()))));
        all.metricSnapshot(calls.build());
        gauge(all, "holdfast_rpc_connections", "Connections that the RPC door has now", rpc.connections());
    }

    private static String outcome(boolean ok) {
        return ok ? "ok" : "failed";
    }

    private void collectStoreCalls(MetricSnapshots.Builder all) {
        StoreMeasures store = measures.store();
        Distributions calls = new Distributions(
                "holdfast_store_call_seconds", "How long calls of the snapshot store took, by how they ended");
        store.calls()
                .forEach((call, times) -> calls.add(
                        times,
                        Labels.of(
                                "method",
                                call.method(),
                                "outcome",
                                call.outcome().name().toLowerCase(Locale.ROOT))));
        all.metricSnapshot(calls.build());
        all.metricSnapshot(CounterSnapshot.builder()
                .name("holdfast_snapshot_saved_bytes")
                .help("Bytes of the snapshots that this host has saved in its store")
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                        .value((double) store.savedBytes())
                        .build())
                .build());
        if (store.savedMillis() > 0) {
            gauge(
                    all,
                    "holdfast_snapshot_last_saved_timestamp_seconds",
                    "When the snapshot was taken that this host saved in its store last",
                    store.savedMillis() / 1e3);
        }
    }

    private void collectPlugins(MetricSnapshots.Builder all) {
        Series plugins = new Series("holdfast_plugins", "Plugins that were found at the start, by what became of them");
        List<PluginStatus> found = operations.host().plugins();
        for (PluginStatus.State state : PluginStatus.State.values()) {
            plugins.value(
                    (double) found.stream()
                            .filter(plugin -> plugin.state() == state)
                            .count(),
                    Labels.of("state", state.words()));
        }
        all.metricSnapshot(plugins.build());
    }

    /** How long the workers with processes took to start, as TorchServe writes it. */
    void writeLoadTimes(MetricText text, String hostName) {
        if (!text.metric("WorkerLoadTime", MetricType.GAUGE, "Milliseconds")) {
            return;
        }
        for (VersionStatus version : operations.models().statuses()) {
            version.workers()
                    .forEach(worker -> worker.process()
                            .filter(process -> !process.loadTime().isZero())
                            .ifPresent(process -> text.series(
                                    "WorkerLoadTime",
                                    List.of("WorkerName", "Level", "Hostname"),
                                    List.of(
                                            "W-" + worker.id() + "-" + version.model() + "_" + version.version(),
                                            "Host",
                                            hostName),
                                    (double) process.loadTime().toMillis())));
        }
    }

    private static void gauge(MetricSnapshots.Builder all, String name, String help, Number value) {
        all.metricSnapshot(
                new Series(name, help).value(value.doubleValue(), Labels.EMPTY).build());
    }

    private static int one(boolean is) {
        return is ? 1 : 0;
    }

    private void collectModels(MetricSnapshots.Builder all) {
        List<VersionStatus> versions = operations.models().statuses();
        Series workers = new Series("holdfast_workers", "Running workers");
        Series waiting = new Series("holdfast_waiting_requests", "Requests in the queue");
        Series joining = new Series(
                "holdfast_joining",
                "1 for whose word lets the requests of a batch run together, author or checked, or for single, one by one");
        for (VersionStatus version : versions) {
            Labels labels = labels(version.model(), version.version());
            long running = version.workers().stream()
                    .filter(worker -> worker.stuckSince().isEmpty())
                    .count();
            workers.value((double) running, labels);
            waiting.value(version.pendingRequests(), labels);
            version.joining()
                    .ifPresent(how -> joining.value(
                            1,
                            Labels.of(
                                    "model_name",
                                    version.model(),
                                    "model_version",
                                    version.version(),
                                    "joining",
                                    how.by().text())));
        }
        all.metricSnapshot(memory(versions).build());
        long failed = versions.stream()
                .filter(version -> version.failure().isPresent())
                .count();
        gauge(
                all,
                "holdfast_models",
                "Models that are to be served",
                operations.models().count());
        all.metricSnapshot(new Series("holdfast_model_versions", "Model versions by whether they are loaded")
                .value((double) (versions.size() - failed), Labels.of("status", "READY"))
                .value((double) failed, Labels.of("status", "FAILED"))
                .build());
        all.metricSnapshot(workers.build());
        all.metricSnapshot(waiting.build());
        all.metricSnapshot(joining.build());
        all.metricSnapshot(stuck(versions).build());
    }

    /** What is known without measuring; a part that is not known, or not there, has no line. */
    private static Series memory(List<VersionStatus> versions) {
        Series memory = new Series(
                "holdfast_model_memory_bytes",
                "Memory of a model version: weights in the host, processes of its workers, what it has learned as stored last");
        for (VersionStatus version : versions) {
            long processes = version.workers().stream()
                    .flatMap(worker -> worker.process().stream())
                    .mapToLong(process -> process.status().memoryBytes())
                    .sum();
            part(memory, version, "weights", version.weightBytes());
            part(memory, version, "processes", processes);
            part(memory, version, "learned", version.learnedBytes());
        }
        return memory;
    }

    private static void part(Series memory, VersionStatus version, String part, long bytes) {
        if (bytes > 0) {
            memory.value(
                    (double) bytes,
                    Labels.of("model_name", version.model(), "model_version", version.version(), "part", part));
        }
    }

    /** Also of versions that are not served any more, whose runs take processors all the same. */
    private Series stuck(List<VersionStatus> versions) {
        Map<Labels, Integer> runs = new LinkedHashMap<>();
        versions.forEach(version -> runs.put(labels(version.model(), version.version()), 0));
        operations.host().stuckRuns().forEach(run -> runs.merge(labels(run.model(), run.version()), 1, Integer::sum));
        Series stuck = new Series("holdfast_stuck_runs", "Runs that were told to end and did not");
        runs.forEach((labels, count) -> stuck.value(count, labels));
        return stuck;
    }

    private static Labels labels(String model, String version) {
        return Labels.of("model_name", model, "model_version", version);
    }
}
