package dev.holdfast.host.runtime.python;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Supplier;

/**
 * What becomes of the metrics that handlers emit.
 *
 * @param taker given a model's name and a line that its worker has printed; false if the line is no metric
 * @param file declares the metrics, for TorchServe's own worker; empty for the file of its package
 * @param declared the same declarations in JSON, for Holdfast's own worker
 */
public record WorkerMetrics(BiPredicate<String, String> taker, Optional<Path> file, Supplier<String> declared) {

    /** Metrics are lines of the log like others. */
    public static final WorkerMetrics NONE =
            new WorkerMetrics((model, line) -> false, Optional.empty(), () -> "{\"model_metrics\": {}}");
}
