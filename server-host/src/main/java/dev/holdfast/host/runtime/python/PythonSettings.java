package dev.holdfast.host.runtime.python;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What the configuration says of Python handlers.
 *
 * @param handlers whether any is run
 * @param python the Python to run them with, a name or a path; empty for the first that is fit
 * @param defaultHandler the handler of archives that name none, and have no ONNX model
 * @param maxResponseSize how many bytes one answer may have
 * @param installPackages whether the packages that archives name are installed for their workers
 * @param decodeRequests whether JSON and text are decoded before a handler gets them
 * @param limitImagePixels what image handlers are told about huge images
 * @param envelope of handlers whose archives name none; empty for none
 * @param metrics what becomes of the metrics that handlers emit
 * @param environment what workers find in theirs
 * @param temporary where Python is asked what it has
 */
public record PythonSettings(
        boolean handlers,
        Optional<String> python,
        Optional<String> defaultHandler,
        int maxResponseSize,
        boolean installPackages,
        boolean decodeRequests,
        boolean limitImagePixels,
        String envelope,
        WorkerMetrics metrics,
        Map<String, String> environment,
        Path temporary) {

    public PythonSettings {
        environment = Map.copyOf(environment);
    }
}
