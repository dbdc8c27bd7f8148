package dev.holdfast.host.wire;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.Map;
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
     * @param outputs those that are wanted; empty for all
     * @param binary whether the bytes of outputs follow the JSON of the answer, where an output does not say it itself
     * @param parameters those of the request that are truth values, and others that are one value, as text
     */
    public record OpenRequest(
            Optional<String> id, List<Wanted> outputs, boolean binary, Map<String, Object> parameters) {

        /** The names of the wanted outputs; empty for all. */
        public List<String> names() {
            return outputs.stream().map(Wanted::name).toList();
        }

        /** Whether the bytes of an output follow the JSON. */
        public boolean isBinary(String output) {
            return outputs.stream()
                    .filter(wanted -> wanted.name().equals(output))
                    .findFirst()
                    .flatMap(Wanted::binary)
                    .orElse(binary);
        }

        /** Whether the bytes of some output do. */
        public boolean wantsBinary() {
            return binary || outputs.stream().anyMatch(wanted -> wanted.binary().orElse(false));
        }
    }

    /**
     * An output that a request asks for.
     *
     * @param binary whether its bytes follow the JSON of the answer; empty where the request does not say
     */
    public record Wanted(String name, Optional<Boolean> binary) {}
}
