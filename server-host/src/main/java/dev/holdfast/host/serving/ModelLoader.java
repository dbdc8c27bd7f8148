package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;

/** Makes models of archives. Safe for several threads. */
@FunctionalInterface
public interface ModelLoader {

    /** @throws dev.holdfast.host.runtime.ModelLoadException if the model cannot be loaded */
    LoadedModel load(Archive archive);

    /**
     * Has a loaded model answer the prediction that its archive names for that, if it names one. What takes too long is told to
     * {@linkplain LoadedModel#end end}.
     *
     * @throws dev.holdfast.host.runtime.ModelLoadException if it does not answer
     */
    default void warmUp(Archive archive, LoadedModel model) {}
}
