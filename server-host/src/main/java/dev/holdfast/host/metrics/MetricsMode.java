package dev.holdfast.host.metrics;

/** Where metrics with TorchServe's names go. */
public enum MetricsMode {
    /** To the scrape. */
    PROMETHEUS,
    /** To {@code ts_metrics.log} and {@code model_metrics.log}. */
    LOG,
    /** To these files, and the three of inference to the scrape. */
    LEGACY;

    /** Whether lines are written. */
    public boolean isLogged() {
        return this != PROMETHEUS;
    }
}
