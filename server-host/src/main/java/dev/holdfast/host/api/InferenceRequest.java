package dev.holdfast.host.api;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a model is asked, and how its answer is written.
 *
 * @param inputs in any order
 * @param writer makes what is sent of what the model answered; called at most once, on any thread, never waits for the caller
 * @param pieces takes the pieces of an answer that comes in several, all but the last, which the writer gets; called on a worker's
 *     thread, one at a time, and never waits for the caller. Empty where the wire can only send whole answers: the writer gets
 *     all of it then
 * @param <A> an answer as the wire sends it
 */
public record InferenceRequest<A>(
        List<Tensor> inputs, Function<ModelAnswer, A> writer, Optional<Consumer<ModelAnswer>> pieces) {

    /** Of a request whose answer is sent whole. */
    public InferenceRequest(List<Tensor> inputs, Function<ModelAnswer, A> writer) {
        this(inputs, writer, Optional.empty());
    }
}
