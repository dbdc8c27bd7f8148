package dev.holdfast.host.api;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.RunningVersion;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A version of a model, to be asked and taught. Safe for use by several threads. */
public final class InferenceModel {

    private final RunningVersion version;

    InferenceModel(RunningVersion version) {
        this.version = version;
    }

    public String name() {
        return version.model();
    }

    public String version() {
        return version.version();
    }

    /** What goes in and comes out; fails if the model is not loaded. */
    public ModelSignature signature() {
        return version.signature();
    }

    /** What the model learns from; fails if it is not loaded, or does not learn by requests. */
    public ModelSignature trainingSignature() {
        return version.trainingSignature();
    }

    /**
     * Predicts on one request, perhaps on this thread while the model's runs are short.
     *
     * @param inputs in any order
     * @param watcher given what is returned before the model is asked, so that it can be cancelled meanwhile
     * @return the model's outputs and remarks, as {@link ModelAnswer#of} tells them apart; complete already if the model ran on
     *     this thread, else completed on a worker's, so that what hangs on it is to be quick
     */
    public CompletableFuture<List<Tensor>> predict(
            List<Tensor> inputs, Consumer<CompletableFuture<List<Tensor>>> watcher) {
        return version.predict(inputs, watcher);
    }

    /** Lets the model learn from one request, on this thread; returns from how many rows it did. */
    public long train(List<Tensor> inputs) {
        return version.train(inputs);
    }
}
