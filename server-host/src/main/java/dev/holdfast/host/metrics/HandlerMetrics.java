package dev.holdfast.host.metrics;

import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metrics that handlers emit, as far as they are declared or found by themselves. Their number is bounded, whatever a handler
 * says, and what is left out is said once. Safe for several threads.
 */
public final class HandlerMetrics {

    private static final Logger log = LoggerFactory.getLogger(HandlerMetrics.class);
    private static final Logger lines = LoggerFactory.getLogger("MODEL_METRICS");

    /** Its last dimension, which the host adds. */
    private static final String HOST_NAME = "Hostname";

    private static final int MOST_METRICS = 1_000;
    private static final int MOST_SERIES = 10_000;
    private static final int MOST_SAID = 1_000;
    private static final int LONGEST_VALUE = 200;
    private static final double[] BUCKETS = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};

    private final DeclaredMetrics declared;
    private final boolean detects;
    private final MetricsMode mode;
    private final String hostName;
    private final Clock clock;

    // Guarded by this.
    private final Map<String, MetricDeclaration> detected = new HashMap<>();
    private final Map<String, Map<List<String>, Cell>> cells = new TreeMap<>();
    private final Set<String> said = new HashSet<>();
    private int series;

    /** One series. */
    private static final class Cell {
        private String model = "";
        private double value;
        private long count;
        private final long[] buckets;

        Cell(MetricType type) {
            buckets = new long[type == MetricType.HISTOGRAM ? BUCKETS.length : 0];
        }

        void add(MetricType type, double given) {
            value = type == MetricType.GAUGE ? given : value + given;
            count++;
            for (int i = 0; i < buckets.length; i++) {
                if (given <= BUCKETS[i]) {
                    buckets[i]++;
                }
            }
        }
    }

    /**
     * @param detects whether what is not declared is shown too
     */
    public HandlerMetrics(DeclaredMetrics declared, boolean detects, MetricsMode mode, String hostName, Clock clock) {
        this.declared = declared;
        this.detects = detects;
        this.mode = mode;
        this.hostName = hostName;
        this.clock = clock;
    }

    /**
     * Takes a line that a worker has printed.
     *
     * @return false if it is no metric
     */
    public boolean take(String model, String line) {
        if (!line.startsWith(MetricLine.BEGIN)) {
            return false;
        }
        var metric = MetricLine.of(line);
        metric.ifPresent(found -> add(model, found));
        return metric.isPresent();
    }

    private void add(String model, MetricLine line) {
        if (mode.isLogged()) {
            lines.info(line.logged(hostName, clock.instant().getEpochSecond()));
        }
        if (mode == MetricsMode.PROMETHEUS) {
            count(model, line);
        }
    }

    private synchronized void count(String model, MetricLine line) {
        MetricDeclaration metric = declared.byName().get(line.name());
        if (metric == null) {
            metric = detected.get(line.name());
        }
        if (metric == null && !detects) {
            say(
                    model,
                    line.name(),
                    "is not declared: name it in the file of metrics_config, or set model_metrics_auto_detect=true");
            return;
        }
        if (OwnMetrics.has(line.name())) {
            say(model, line.name(), "has a name that is the host's own: give it another one");
            return;
        }
        if (metric == null) {
            if (detected.size() == MOST_METRICS) {
                say(model, "", "emits more than " + MOST_METRICS + " metrics that are not declared");
                return;
            }
            try {
                metric = new MetricDeclaration(line.name(), line.unit(), line.type(), line.dimensions());
            } catch (IllegalArgumentException e) {
                say(model, line.name(), "cannot be shown: " + e.getMessage());
                return;
            }
            detected.put(line.name(), metric);
        }
        if (metric.dimensions().size() != line.dimensions().size()) {
            say(
                    model,
                    line.name(),
                    "has the dimensions " + OneLine.of(line.dimensions()) + ", and is declared with "
                            + metric.dimensions());
            return;
        }
        boolean adds = metric.type() != MetricType.GAUGE;
        if (adds && (!Double.isFinite(line.value()) || (metric.type() == MetricType.COUNTER && line.value() < 0))) {
            say(model, line.name(), "was given " + OneLine.name(line.valueText()) + ", which cannot be added up");
            return;
        }
        add(model, metric, line);
    }

    private void add(String model, MetricDeclaration metric, MetricLine line) {
        List<String> values = line.dimensionValues().stream()
                .map(value -> value.length() > LONGEST_VALUE ? value.substring(0, LONGEST_VALUE) : value)
                .toList();
        Map<List<String>, Cell> ofMetric = cells.computeIfAbsent(metric.name(), name -> new LinkedHashMap<>());
        Cell cell = ofMetric.get(values);
        if (cell == null) {
            if (series == MOST_SERIES) {
                say(model, "", "emits metrics with ever new dimensions: more than " + MOST_SERIES + " are not kept");
                return;
            }
            series++;
            cell = new Cell(metric.type());
            ofMetric.put(values, cell);
        }
        cell.model = model;
        cell.add(metric.type(), line.value());
    }

    private void say(String model, String metric, String what) {
        if (said.size() < MOST_SAID && said.add(model + "\n" + metric + "\n" + what)) {
            if (metric.isEmpty()) {
                log.warn("Model {} {}; they are not in the metrics", model, what);
            } else {
                log.warn("The metric {} of model {} {}; it is not in the metrics", OneLine.name(metric), model, what);
            }
        }
    }

    /**
     * Writes what there is.
     *
     * @param served whether a model is served; what others have left goes
     */
    public synchronized void write(MetricText text, Predicate<String> served) {
        if (mode != MetricsMode.PROMETHEUS) {
            return;
        }
        cells.values()
                .forEach(ofMetric -> ofMetric.values().removeIf(cell -> {
                    boolean gone = !served.test(cell.model);
                    series -= gone ? 1 : 0;
                    return gone;
                }));
        cells.values().removeIf(Map::isEmpty);
        detected.keySet().removeIf(name -> !cells.containsKey(name));
        TreeMap<String, MetricDeclaration> all = new TreeMap<>(declared.byName());
        all.putAll(detected);
        all.values().stream().filter(metric -> !OwnMetrics.has(metric.name())).forEach(metric -> {
            if (text.metric(metric.name(), metric.type(), metric.unit())) {
                cells.getOrDefault(metric.name(), Map.of())
                        .forEach((values, cell) -> write(text, metric, values, cell));
            }
        });
    }

    private void write(MetricText text, MetricDeclaration metric, List<String> values, Cell cell) {
        boolean adds = !metric.dimensions().contains(HOST_NAME);
        List<String> dimensions = with(metric.dimensions(), adds, HOST_NAME);
        List<String> all = with(values, adds, hostName);
        if (metric.type() != MetricType.HISTOGRAM) {
            text.series(metric.name(), dimensions, all, cell.value);
            return;
        }
        for (int i = 0; i <= BUCKETS.length; i++) {
            String most = i == BUCKETS.length ? "+Inf" : MetricText.number(BUCKETS[i]);
            text.series(metric.name() + "_bucket", with(dimensions, true, "le"), with(all, true, most), (double)
                    (i == BUCKETS.length ? cell.count : cell.buckets[i]));
        }
        text.series(metric.name() + "_count", dimensions, all, (double) cell.count);
        text.series(metric.name() + "_sum", dimensions, all, cell.value);
    }

    private static List<String> with(List<String> some, boolean adds, String last) {
        List<String> all = new ArrayList<>(some);
        if (adds) {
            all.add(last);
        }
        return all;
    }
}
