package dev.holdfast.host.archive;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an archive says of itself.
 *
 * @param modelName the name to serve under unless the operator gives one
 * @param modelVersion the version, {@code 1.0} where the archive does not say
 * @param modelFile the model's file relative to the archive's root, where the archive has one
 * @param handler the handler, such as {@code onnx}, {@code noop}, {@code echo}, or a Python handler that is not run here
 * @param runtime the runtime that the archive was made for, such as {@code python}
 * @param labels the names of the classes, by index; empty where the archive does not say
 * @param batching the author's word on running requests together; empty where the archive does not say
 * @param warmUp the prediction to run before the model is ready
 * @param nativeThreads how many threads of the engine work on one run; empty where the archive leaves it to the host
 * @param workerProcesses whether its model runs in processes of its workers; empty where the archive leaves it to the host
 * @param config how the archive wants its model served, and what else its configuration file says
 * @param requirementsFile the file that names the Python packages which the handler needs, relative to the archive's root
 * @param envelope what stands around the handler's requests and answers, such as {@code kserve}
 */
public record ArchiveManifest(
        String modelName,
        String modelVersion,
        Optional<String> modelFile,
        Optional<String> handler,
        Optional<String> runtime,
        Optional<String> description,
        List<String> labels,
        Optional<BatchAxes> batching,
        Optional<WarmUpRequest> warmUp,
        OptionalInt nativeThreads,
        Optional<Boolean> workerProcesses,
        ModelConfig config,
        Optional<String> requirementsFile,
        Optional<String> envelope) {

    public ArchiveManifest {
        labels = List.copyOf(labels);
    }

    /** A manifest that leaves to the host how its model is run. */
    public ArchiveManifest(
            String modelName,
            String modelVersion,
            Optional<String> modelFile,
            Optional<String> handler,
            Optional<String> runtime,
            Optional<String> description,
            List<String> labels) {
        this(
                modelName,
                modelVersion,
                modelFile,
                handler,
                runtime,
                description,
                labels,
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                ModelConfig.NONE,
                Optional.empty(),
                Optional.empty());
    }

    /** The same with another handler. */
    public ArchiveManifest withHandler(String chosen) {
        return new ArchiveManifest(
                modelName,
                modelVersion,
                modelFile,
                Optional.of(chosen),
                runtime,
                description,
                labels,
                batching,
                warmUp,
                nativeThreads,
                workerProcesses,
                config,
                requirementsFile,
                envelope);
    }
}
