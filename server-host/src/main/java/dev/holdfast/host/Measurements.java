package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.http.InferenceCounters;
import dev.holdfast.host.metrics.DeclaredMetrics;
import dev.holdfast.host.metrics.HandlerMetrics;
import dev.holdfast.host.metrics.MetricText;
import dev.holdfast.host.metrics.MetricsMode;
import dev.holdfast.host.metrics.SystemMetrics;
import dev.holdfast.host.runtime.python.WorkerMetrics;
import dev.holdfast.host.serving.CurrentState;
import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the host measures under TorchServe's names, and where it goes. */
final class Measurements {

    private static final Logger lines = LoggerFactory.getLogger("TS_METRICS");

    private final CurrentState current;
    private final Clock clock;
    private final String hostName;
    private final MetricsMode mode;
    private final boolean measuresSystem;
    private final InferenceCounters counters;
    private final DeclaredMetrics declared;
    private final HandlerMetrics handlers;
    private final SystemMetrics system;

    /** @throws ConfigException if the file of {@code metrics_config} is none */
    Measurements(HostConfig config, CurrentState current, Path logLocation, Clock clock) {
        this.current = current;
        this.clock = clock;
        this.hostName = HostName.of(config);
        this.mode = MetricsMode.valueOf(config.logs().metricsMode().toUpperCase(Locale.ROOT));
        this.measuresSystem = config.logs().systemMetrics();
        this.counters =
                new InferenceCounters(hostName, current, mode.isLogged() ? Optional.of(clock) : Optional.empty());
        this.declared = declared(config);
        this.handlers = new HandlerMetrics(declared, config.logs().modelMetricsAutoDetect(), mode, hostName, clock);
        this.system = new SystemMetrics(logLocation);
    }

    private static DeclaredMetrics declared(HostConfig config) {
        try {
            return config.logs().metricsConfig().map(DeclaredMetrics::read).orElse(DeclaredMetrics.USUAL);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(OneLine.of(e), e);
        }
    }

    InferenceCounters counters() {
        return counters;
    }

    WorkerMetrics ofWorkers(Optional<Path> file) {
        return new WorkerMetrics(handlers::take, file, () -> declared.toJson(mode.isLogged()));
    }

    /** Writes what a scrape has of it, beside the counters. */
    void write(MetricText text) {
        handlers.write(text, model -> current.get().model(model).isPresent());
        if (measuresSystem && mode == MetricsMode.PROMETHEUS) {
            system.write(text, hostName);
        }
    }

    /** Writes how the machine does into the log of metrics, where they go there. */
    void logSystem() {
        if (measuresSystem && mode.isLogged()) {
            system.lines(hostName, clock.instant().getEpochSecond()).forEach(lines::info);
        }
    }
}
