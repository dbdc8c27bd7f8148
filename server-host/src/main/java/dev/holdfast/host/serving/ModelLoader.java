package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;
import java.util.Optional;

/** Makes models of archives. Safe for several threads. */
@FunctionalInterface
public interface ModelLoader {

    /** @throws dev.holdfast.host.runtime.ModelLoadException if the model cannot be loaded */
    LoadedModel load(Archive archive);

    /** The engine that runs an archive, for descriptions; empty if none does, or they name the handler's runtime. */
    default Optional<String> engine(Archive archive) {
        return Optional.empty();
    }

    /** The same of an archive of which the name alone is known. */
    default Optional<String> engine(String fileName) {
        return Optional.empty();
    }

    /**
     * Has a loaded model answer the prediction that its archive names for that, if it names one. What takes too long is told to
     * {@linkplain LoadedModel#end end}.
     *
     * @throws dev.holdfast.host.runtime.ModelLoadException if it does not answer
     */
    default void warmUp(Archive archive, LoadedModel model) {}
}
