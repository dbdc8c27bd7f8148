package dev.holdfast.host.runtime.python;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How the workers of one model are started, and what they are told.
 *
 * @param archive the archive's name, for messages
 * @param root the directory with the model's files
 * @param handler as the manifest, or the operator, names it
 * @param envelope empty for none
 * @param weightBytes how large the file with the model's weights is; 0 without one
 * @param config what the archive's configuration file says, for the handler; empty for nothing
 */
record WorkerPlan(
        String archive,
        Path root,
        String handler,
        String envelope,
        long weightBytes,
        Map<Object, Object> config,
        PythonInterpreter python,
        PythonSettings settings) {

    /** What answers show of it, by the names of their fields. */
    Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "worker",
                python.torchServe()
                        .map(own -> ("torchserve " + own.version()).strip())
                        .orElse("holdfast"));
        facts.put("python", python.version());
        facts.put("pythonExecutable", python.executable());
        return facts;
    }
}
