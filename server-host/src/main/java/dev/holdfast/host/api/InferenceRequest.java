package dev.holdfast.host.api;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.function.Function;

/**
 * What a model is asked, and how its answer is written.
 *
 * @param inputs in any order
 * @param writer makes what is sent of what the model answered; called at most once, on any thread, never waits for the caller
 * @param <A> an answer as the wire sends it
 */
public record InferenceRequest<A>(List<Tensor> inputs, Function<ModelAnswer, A> writer) {}
