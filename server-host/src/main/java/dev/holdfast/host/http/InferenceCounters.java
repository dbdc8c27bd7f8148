package dev.holdfast.host.http;

import dev.holdfast.host.serving.InferenceListener;
import dev.holdfast.host.serving.ServingState;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * Counts requests and their times under the names that TorchServe gives them. Counting takes two look-ups and three
 * additions without a lock. What is counted for a model version goes with it, so that there are never more series than
 * versions.
 */
public final class InferenceCounters implements InferenceListener {

    private static final class Cell {
        private final LongAdder requests = new LongAdder();
        private final LongAdder queueNanos = new LongAdder();
        private final LongAdder inferenceNanos = new LongAdder();
    }

    private final String hostName;
    private final ConcurrentMap<String, ConcurrentMap<String, Cell>> cells = new ConcurrentHashMap<>();
    private final LongAdder[] answers = {new LongAdder(), new LongAdder(), new LongAdder()};
    private final Supplier<ServingState> served;
    private volatile long lastQueueNanos;
    private volatile long lastInferenceNanos;

    /**
     * @param hostName this host, as the metrics label it
     * @param served what is served now; only versions in it are kept
     */
    public InferenceCounters(String hostName, Supplier<ServingState> served) {
        this.hostName = hostName;
        this.served = served;
    }

    String hostName() {
        return hostName;
    }

    @Override
    public void predicted(String model, String version, long queueNanos, long inferenceNanos) {
        Cell cell = cell(model, version);
        cell.requests.increment();
        cell.queueNanos.add(queueNanos);
        cell.inferenceNanos.add(inferenceNanos);
        lastQueueNanos = queueNanos;
        lastInferenceNanos = inferenceNanos;
    }

    private Cell cell(String model, String version) {
        Map<String, Cell> versions = cells.get(model);
        Cell cell = versions == null ? null : versions.get(version);
        if (cell == null) {
            forgetUnserved();
            cell = cells.computeIfAbsent(model, name -> new ConcurrentHashMap<>())
                    .computeIfAbsent(version, name -> new Cell());
        }
        return cell;
    }

    private void forgetUnserved() {
        ServingState state = served.get();
        cells.forEach((model, versions) -> versions.keySet()
                .removeIf(version -> state.model(model)
                        .filter(found -> found.versions().containsKey(version))
                        .isEmpty()));
        cells.values().removeIf(Map::isEmpty);
    }

    /** An HTTP request was answered with this status. */
    void answered(int status) {
        int hundreds = status / 100;
        if (hundreds == 2 || hundreds == 4 || hundreds == 5) {
            answers[hundreds == 2 ? 0 : hundreds - 3].increment();
        }
    }

    MetricSnapshots collect() {
        forgetUnserved();
        // The library adds _total.
        CounterSnapshot.Builder requests = CounterSnapshot.builder()
                .name("ts_inference_requests")
                .help("Inference requests answered, well or badly");
        Series inference = new Series(
                "ts_inference_latency_microseconds", "Time of inference requests in their model, in microseconds");
        Series queue =
                new Series("ts_queue_latency_microseconds", "Time of inference requests in the queue, in microseconds");
        cells.forEach((model, versions) -> versions.forEach((version, cell) -> {
            Labels labels = Labels.of("model_name", model, "model_version", version, "hostname", hostName);
            requests.dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder()
                    .value((double) cell.requests.sum())
                    .labels(labels)
                    .build());
            inference.value(cell.inferenceNanos.sum() / 1_000.0, labels);
            queue.value(cell.queueNanos.sum() / 1_000.0, labels);
        }));
        Labels host = Labels.of("Level", "Host", "Hostname", hostName);
        return MetricSnapshots.of(
                requests.build(),
                inference.build(),
                queue.build(),
                answers("Requests2XX", 0, host),
                answers("Requests4XX", 1, host),
                answers("Requests5XX", 2, host),
                new Series("QueueTime", "Time of the latest request in the queue, in milliseconds")
                        .value(lastQueueNanos / 1_000_000.0, host)
                        .build(),
                new Series("WorkerThreadTime", "Time of the latest request in its worker, in milliseconds")
                        .value(lastInferenceNanos / 1_000_000.0, host)
                        .build());
    }

    private UnknownSnapshot answers(String name, int index, Labels host) {
        return new Series(name, "HTTP answers with a status of " + name.substring("Requests".length()))
                .value((double) answers[index].sum(), host)
                .build();
    }
}
