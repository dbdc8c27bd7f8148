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
                config.python().pythonHandlers(),
                config.python().interpreter(),
                config.python().defaultServiceHandler(),
                config.http().maxResponseSize(),
                config.python().installPyDepPerModel(),
                config.python().decodeInputRequest(),
                config.python().limitMaxImagePixels(),
                config.python().serviceEnvelope(),
                metrics,
                config.python().workerEnvironment(),
                temporary);
        return new PythonRuntime(settings, directory);
    }
}
