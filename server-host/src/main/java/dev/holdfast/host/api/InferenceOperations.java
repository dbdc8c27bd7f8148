package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.RunningVersion;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Asking models and teaching them: one way in for all wires, each of which has {@linkplain InferenceForm forms} of its own.
 * Where no version is given, the model's default is meant. Safe for use by several threads.
 */
public final class InferenceOperations {

    private final ModelServing serving;

    InferenceOperations(ModelServing serving) {
        this.serving = serving;
    }

    /**
     * Predicts on one request, perhaps on this thread while the model's runs are short. No thread waits for the model.
     *
     * @param watcher given the run before it begins, to be cancelled when nobody waits for the answer any more
     * @param large writes and sends large answers, for which it may have to wait for the caller
     * @return the answer as the form writes it, or the last piece of one that comes in several. It is complete already if the model ran on this thread and the answer is small,
     *     else completed on a worker's thread or one of {@code large}, which sends it. Ends within the model's response time-out
     */
    public <A> CompletableFuture<A> predict(
            String model,
            Optional<String> version,
            InferenceForm<A> form,
            Consumer<CompletableFuture<?>> watcher,
            Executor large)
            throws IOException {
        RunningVersion running = serving.find(model, version);
        ModelSignature signature = running.signature();
        InferenceRequest<A> request = form.read(asked(running, signature));
        CompletableFuture<List<Tensor>> outputs = running.predict(
                request.inputs(),
                request.pieces().map(taker -> piece -> taker.accept(ModelAnswer.of(signature, piece))),
                watcher::accept);
        return AnswerWriting.write(outputs, given -> request.writer().apply(ModelAnswer.of(signature, given)), large);
    }

    /**
     * Lets a model learn from one request, on this thread; others that teach it wait.
     *
     * @return from how many rows it learned
     */
    public long train(String model, Optional<String> version, InferenceForm<?> form) throws IOException {
        RunningVersion running = serving.find(model, version);
        return running.train(
                form.read(asked(running, running.trainingSignature())).inputs());
    }

    /** What is answered to a caller who asks why a model answers as it does that has no handler, which alone could tell. */
    public ApiFailure cannotExplain() {
        return new ApiFailure(Kind.NOT_SUPPORTED, "Explanations are not supported by this host.");
    }

    /** The name of the host's only model; empty if it has none or several. */
    public Optional<String> onlyModel() {
        Set<String> models = serving.state().models().keySet();
        return models.size() == 1 ? models.stream().findFirst() : Optional.empty();
    }

    private static InferenceModel asked(RunningVersion running, ModelSignature signature) {
        return new InferenceModel(running.model(), running.version(), signature);
    }
}
