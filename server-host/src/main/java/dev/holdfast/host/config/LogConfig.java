package dev.holdfast.host.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** What is measured and logged, and how. Immutable. */
public final class LogConfig {

    private final ConfigValues values;

    LogConfig(ConfigValues values) {
        this.values = values;
    }

    public boolean enableMetricsApi() {
        return values.bool(ConfigKey.ENABLE_METRICS_API);
    }

    /** {@code prometheus}, {@code log} or {@code legacy}. */
    public String metricsMode() {
        return values.get(ConfigKey.METRICS_MODE).toLowerCase(Locale.ROOT);
    }

    /** The file that declares the metrics of handlers. */
    public Optional<Path> metricsConfig() {
        return values.path(ConfigKey.METRICS_CONFIG);
    }

    public boolean modelMetricsAutoDetect() {
        return values.bool(ConfigKey.MODEL_METRICS_AUTO_DETECT);
    }

    public boolean systemMetrics() {
        return !values.bool(ConfigKey.DISABLE_SYSTEM_METRICS);
    }

    public Duration metricTimeInterval() {
        return values.seconds(ConfigKey.METRIC_TIME_INTERVAL);
    }

    public boolean accessLog() {
        return values.bool(ConfigKey.ACCESS_LOG);
    }

    /** Whether each log line is one JSON object. */
    public boolean jsonLogs() {
        return values.is(ConfigKey.LOG_FORMAT, "json");
    }
}
