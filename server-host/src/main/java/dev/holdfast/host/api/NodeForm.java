package dev.holdfast.host.api;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;

/** How a node of a workflow that takes tensors is asked: what came before it is read, and what it gives is written. */
@FunctionalInterface
public interface NodeForm {

    /**
     * Reads what a node gets.
     *
     * @param given what the nodes before it answered; the caller's request itself where there are none
     * @throws dev.holdfast.host.runtime.InvalidInputException if it is not what the model wants
     */
    InferenceRequest<HandlerAnswer> read(InferenceModel model, HandlerRequest given);
}
