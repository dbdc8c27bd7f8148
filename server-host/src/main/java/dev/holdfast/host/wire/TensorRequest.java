package dev.holdfast.host.wire;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What a caller wants predicted, and how the answer is to be written.
 *
 * @param oneRow whether the inputs came without the batch's dimension, so that the answer goes without it too
 * @param open the rest of the request if it is in the form of the Open Inference Protocol
 */
public record TensorRequest(List<Tensor> inputs, boolean oneRow, Optional<OpenRequest> open) {

    /**
     * @param id sent back with the answer
     * @param outputs the names of the wanted outputs; empty for all
     */
    public record OpenRequest(Optional<String> id, List<String> outputs) {}
}
