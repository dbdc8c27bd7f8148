package dev.holdfast.host;

import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.runtime.process.WorkerDirectory;
import dev.holdfast.host.runtime.python.PythonRuntime;
import dev.holdfast.host.runtime.python.PythonSettings;
import dev.holdfast.host.runtime.python.WorkerMetrics;
import java.nio.file.Path;

/** Python handlers as the configuration wants them. */
final class ConfiguredPython {

    private ConfiguredPython() {}

    /**
     * The runtime, which starts nothing yet.
     *
     * @param metrics what becomes of the metrics that handlers emit
     * @param directory of the host's workers
     * @param temporary where Python is asked what it has
     */
    static PythonRuntime runtime(HostConfig config, WorkerMetrics metrics, WorkerDirectory directory, Path temporary) {
        PythonSettings settings = new PythonSettings(
                config.pythonHandlers(),
                config.python(),
                config.defaultServiceHandler(),
                config.maxResponseSize(),
                config.installPyDepPerModel(),
                config.decodeInputRequest(),
                config.limitMaxImagePixels(),
                config.serviceEnvelope(),
                metrics,
                config.workerEnvironment(),
                temporary);
        return new PythonRuntime(settings, directory);
    }
}
