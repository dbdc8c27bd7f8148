package dev.holdfast.host.http;

import dev.holdfast.host.metrics.MetricText;
import dev.holdfast.host.metrics.MetricsMode;
import dev.holdfast.host.wire.Refusals;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the host measures of itself, for Prometheus: inference, snapshots, models, and the JVM. Safe for several threads.
 *
 * <p>The registry and the JVM's meters are made at the first scrape, so that a start does not wait for them.
 */
final class Metrics {

    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private final PrometheusRegistry collected = new PrometheusRegistry();
    private final InferenceCounters counters;
    private final HostSeries host;
    private final MetricsMode mode;
    private final Consumer<MetricText> more;
    private @Nullable PrometheusMeterRegistry registry;

    /**
     * @param mode where metrics with TorchServe's names go
     * @param more writes those that are not of this room
     */
    Metrics(
            InferenceCounters counters,
            HostSeries host,
            Refusals refusals,
            MetricsMode mode,
            Consumer<MetricText> more) {
        this.counters = counters;
        this.host = host;
        this.mode = mode;
        this.more = more;
        collected.register((MultiCollector) host::collect);
        collected.register((MultiCollector) refusals::collect);
        if (mode != MetricsMode.LOG) {
            collected.register((MultiCollector) counters::collect);
        }
    }

    /**
     * The metrics in Prometheus' text format, version 0.0.4.
     *
     * @param names the only ones wanted; empty for all
     */
    byte[] scrape(Set<String> names) {
        MetricText text = new MetricText(names);
        counters.write(text, mode);
        if (mode == MetricsMode.PROMETHEUS) {
            host.writeLoadTimes(text, counters.hostName());
        }
        more.accept(text);
        return (text + collected(names)).getBytes(StandardCharsets.UTF_8);
    }

    private String collected(Set<String> names) {
        if (names.isEmpty()) {
            return registry().scrape(CONTENT_TYPE);
        }
        // The library calls a counter by its name without the suffix that it writes.
        Set<String> wanted = new HashSet<>(names);
        names.forEach(name -> wanted.add(name.replaceFirst("_total$", "")));
        return registry().scrape(CONTENT_TYPE, wanted);
    }

    private synchronized PrometheusMeterRegistry registry() {
        if (registry == null) {
            registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT, collected, Clock.SYSTEM);
            new JvmMemoryMetrics().bindTo(registry);
            new JvmThreadMetrics().bindTo(registry);
            new ClassLoaderMetrics().bindTo(registry);
            new ProcessorMetrics().bindTo(registry);
            new UptimeMetrics().bindTo(registry);
        }
        return registry;
    }
}
