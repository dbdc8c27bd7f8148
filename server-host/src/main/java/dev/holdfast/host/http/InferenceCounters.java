package dev.holdfast.host.http;

import dev.holdfast.host.metrics.Histogram;
import dev.holdfast.host.metrics.MetricText;
import dev.holdfast.host.metrics.MetricType;
import dev.holdfast.host.metrics.MetricsMode;
import dev.holdfast.host.serving.InferenceListener;
import dev.holdfast.host.serving.InferenceStatistics;
import dev.holdfast.host.serving.InferenceStatistics.Times;
import dev.holdfast.host.serving.ServingState;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts requests and their times under the names that TorchServe gives them. Counting takes two look-ups and a
 * few additions without a lock. What is counted for a model version goes with it, so that there are never more series than
 * versions.
 */
public final class InferenceCounters implements InferenceListener {

    private static final Logger LINES = LoggerFactory.getLogger("TS_METRICS");
    private static final List<String> ANSWERS = List.of("Requests2XX", "Requests4XX", "Requests5XX");
    private static final String MILLISECONDS = "Milliseconds";

    private static final class Cell {
        private final LongAdder requests = new LongAdder();
        private final LongAdder queueNanos = new LongAdder();
        private final LongAdder inferenceNanos = new LongAdder();
        private final Histogram times = Histogram.ofSeconds();
        private final Histogram waits = Histogram.ofSeconds();
        private final LongAdder failures = new LongAdder();
        private final LongAdder failureNanos = new LongAdder();
        private final LongAdder failedRuns = new LongAdder();
        private final LongAdder failedQueueNanos = new LongAdder();
        private final LongAdder failedInferenceNanos = new LongAdder();
        private final ConcurrentMap<Integer, Batches> batches = new ConcurrentHashMap<>();
        private volatile long lastMillis;

        Histogram batchSizes() {
            Histogram sizes = Histogram.ofSizes();
            batches.forEach((size, runs) -> sizes.record(size, runs.count.sum()));
            return sizes;
        }

        InferenceStatistics statistics() {
            // The failures first: each of them is among the requests.
            long failed = failedRuns.sum();
            long failedQueue = failedQueueNanos.sum();
            long failedInference = failedInferenceNanos.sum();
            long well = Math.max(0, requests.sum() - failed);
            long queue = Math.max(0, queueNanos.sum() - failedQueue);
            long inference = Math.max(0, inferenceNanos.sum() - failedInference);
            SortedMap<Integer, Times> sizes = new TreeMap<>();
            batches.forEach((size, runs) -> sizes.put(size, new Times(runs.count.sum(), runs.nanos.sum())));
            return new InferenceStatistics(
                    lastMillis,
                    new Times(well, queue + inference),
                    new Times(failures.sum(), failureNanos.sum()),
                    new Times(well, queue),
                    new Times(well, inference),
                    sizes);
        }
    }

    /** The runs of batches of one size. */
    private static final class Batches {
        private final LongAdder count = new LongAdder();
        private final LongAdder nanos = new LongAdder();
    }

    private final String hostName;
    private final ConcurrentMap<String, ConcurrentMap<String, Cell>> cells = new ConcurrentHashMap<>();
    private final LongAdder[] answers = {new LongAdder(), new LongAdder(), new LongAdder()};
    private final Supplier<ServingState> served;
    private final Clock clock;
    private final boolean logged;
    private volatile long lastQueueNanos;
    private volatile long lastInferenceNanos;

    /**
     * @param hostName this host, as the metrics label it
     * @param served what is served now; only versions in it are kept
     */
    public InferenceCounters(String hostName, Supplier<ServingState> served) {
        this(hostName, served, Optional.empty());
    }

    /** @param logged the clock, where each value is also a line of {@code ts_metrics.log} */
    public InferenceCounters(String hostName, Supplier<ServingState> served, Optional<Clock> logged) {
        this.hostName = hostName;
        this.served = served;
        this.clock = logged.orElseGet(Clock::systemUTC);
        this.logged = logged.isPresent();
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
        cell.times.recordNanos(queueNanos + inferenceNanos);
        cell.waits.recordNanos(queueNanos);
        lastQueueNanos = queueNanos;
        lastInferenceNanos = inferenceNanos;
        if (logged) {
            String of = "model_name:" + model + ",model_version:" + version;
            log("ts_inference_requests_total.Count:1.0", of);
            log("ts_inference_latency_microseconds.Microseconds:" + inferenceNanos / 1e3, of);
            log("ts_queue_latency_microseconds.Microseconds:" + queueNanos / 1e3, of);
            log("QueueTime.Milliseconds:" + Math.floor(queueNanos / 1e6), "Level:Host");
            log("WorkerThreadTime.Milliseconds:" + Math.floor(inferenceNanos / 1e6), "Level:Host");
        }
    }

    @Override
    public void loaded(String model, String version, int worker, Duration took) {
        log(
                "WorkerLoadTime.Milliseconds:" + (double) took.toMillis(),
                "WorkerName:W-" + worker + "-" + model + "_" + version + ",Level:Host");
    }

    @Override
    public void ran(String model, String version, int requests, long nanos) {
        Cell cell = cell(model, version);
        cell.lastMillis = clock.millis();
        Batches batches = cell.batches.get(requests);
        if (batches == null) {
            batches = cell.batches.computeIfAbsent(requests, size -> new Batches());
        }
        batches.count.increment();
        batches.nanos.add(nanos);
    }

    @Override
    public void failed(String model, String version, long queueNanos, long inferenceNanos) {
        Cell cell = cell(model, version);
        cell.failures.increment();
        cell.failureNanos.add(queueNanos + inferenceNanos);
        if (inferenceNanos > 0) {
            cell.failedRuns.increment();
            cell.failedQueueNanos.add(queueNanos);
            cell.failedInferenceNanos.add(inferenceNanos);
        }
    }

    @Override
    public InferenceStatistics statistics(String model, String version) {
        Map<String, Cell> versions = cells.get(model);
        Cell cell = versions == null ? null : versions.get(version);
        return cell == null ? InferenceStatistics.NONE : cell.statistics();
    }

    /** The same as distributions, under names of ours. */
    MetricSnapshots collect() {
        forgetUnserved();
        return MetricSnapshots.builder()
                .metricSnapshot(distributions(
                        "holdfast_request_seconds",
                        "From a request's arrival to the end of its run",
                        cell -> cell.times))
                .metricSnapshot(distributions(
                        "holdfast_request_queue_seconds",
                        "From a request's arrival to the begin of its run",
                        cell -> cell.waits))
                .metricSnapshot(
                        distributions("holdfast_batch_requests", "How many requests ran together", Cell::batchSizes))
                .build();
    }

    private HistogramSnapshot distributions(String name, String help, Function<Cell, Histogram> of) {
        Distributions all = new Distributions(name, help);
        cells.forEach((model, versions) -> versions.forEach(
                (version, cell) -> all.add(of.apply(cell), Labels.of("model_name", model, "model_version", version))));
        return all.build();
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

    /** A request was answered with this status, which is one of HTTP on every wire. */
    public void answered(int status) {
        int hundreds = status / 100;
        if (hundreds == 2 || hundreds == 4 || hundreds == 5) {
            int index = hundreds == 2 ? 0 : hundreds - 3;
            answers[index].increment();
            log(ANSWERS.get(index) + ".Count:1.0", "Level:Host");
        }
    }

    /** Writes them as TorchServe does. */
    void write(MetricText text, MetricsMode mode) {
        if (mode == MetricsMode.LOG) {
            return;
        }
        forgetUnserved();
        perVersion(text, "ts_inference_requests_total", "Count", cell -> cell.requests.sum());
        perVersion(text, "ts_inference_latency_microseconds", "Microseconds", cell -> cell.inferenceNanos.sum() / 1e3);
        perVersion(text, "ts_queue_latency_microseconds", "Microseconds", cell -> cell.queueNanos.sum() / 1e3);
        if (mode == MetricsMode.PROMETHEUS) {
            for (int i = 0; i < answers.length; i++) {
                text.ofHost(ANSWERS.get(i), MetricType.COUNTER, "Count", hostName, (double) answers[i].sum());
            }
            text.ofHost("QueueTime", MetricType.GAUGE, MILLISECONDS, hostName, Math.floor(lastQueueNanos / 1e6));
            text.ofHost(
                    "WorkerThreadTime", MetricType.GAUGE, MILLISECONDS, hostName, Math.floor(lastInferenceNanos / 1e6));
        }
    }

    private void perVersion(MetricText text, String name, String unit, ToDoubleFunction<Cell> value) {
        if (text.metric(name, MetricType.COUNTER, unit)) {
            cells.forEach((model, versions) -> versions.forEach((version, cell) -> text.series(
                    name,
                    List.of("model_name", "model_version", "hostname"),
                    List.of(model, version, hostName),
                    value.applyAsDouble(cell))));
        }
    }

    private void log(String begin, String dimensions) {
        if (logged) {
            LINES.info(MetricText.logged(
                    begin, dimensions, hostName, "", clock.instant().getEpochSecond()));
        }
    }
}
