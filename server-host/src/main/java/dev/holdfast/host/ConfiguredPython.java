package dev.holdfast.host;

import dev.holdfast.host.config.HostConfig;
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
     * @param logLocation where a note of the workers' directory lies
     * @param temporary where that directory is made
     */
    static PythonRuntime runtime(HostConfig config, WorkerMetrics metrics, Path logLocation, Path temporary) {
        return new PythonRuntime(new PythonSettings(
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
                logLocation,
                temporary));
    }
}
