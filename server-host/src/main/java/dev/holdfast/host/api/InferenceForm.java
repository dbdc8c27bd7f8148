package dev.holdfast.host.api;

import java.io.IOException;

/**
 * The form in which a wire asks a model something: how a request's inputs are read, and how the answer is written. One for
 * each request.
 *
 * @param <A> an answer as the wire sends it
 */
@FunctionalInterface
public interface InferenceForm<A> {

    /**
     * Reads the request. Called once, on the thread that asks, and only if the model is there and loaded: a large body is
     * not read for nothing. What this throws is what the operation throws.
     *
     * @throws dev.holdfast.host.runtime.InvalidInputException if the request is not what the model wants
     * @throws IOException if the request did not arrive whole
     */
    InferenceRequest<A> read(InferenceModel model) throws IOException;
}
