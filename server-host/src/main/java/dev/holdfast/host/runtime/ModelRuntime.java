package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.Archive;
import java.util.Optional;

/** A way to run models of one kind. Implementations are safe for use by several threads. */
public interface ModelRuntime {

    /** The name in answers and logs, such as {@code onnx}. */
    String name();

    /** Whether this runtime runs the archive, judged by its manifest and file names alone. */
    boolean runs(Archive archive);

    /** Whether a file of that name is a model of this runtime without anything beside it. */
    default boolean runs(String fileName) {
        return false;
    }

    /**
     * The engine that descriptions of its models name, as {@link ModelSignature#engine} does; empty for handlers that stand in
     * for TorchServe's.
     */
    default Optional<String> engine() {
        return Optional.empty();
    }

    /** What this runtime runs, as a noun for messages, such as {@code ONNX models (.onnx)}. */
    default String supports() {
        return "models of the runtime " + name();
    }

    /** Whether a model of these runs in native code of the host's process, and ends it where that breaks. */
    default boolean isNative(Archive archive) {
        return false;
    }

    /** How many bytes of weights the archive brings into memory; 0 if that is not worth asking for. */
    default long weightBytes(Archive archive) {
        return 0;
    }

    /**
     * Loads the model into memory. The archive must stay open until the model is closed, for a model may read its files
     * lazily; closing it then is the caller's duty.
     *
     * @throws ModelLoadException if the model is damaged or of a kind that this runtime does not know
     */
    LoadedModel load(Archive archive);
}
