package dev.holdfast.host.runtime;

import java.util.List;

/**
 * What goes into a model and what comes out.
 *
 * @param platform the name of the format and its engine as the Open Inference Protocol wants it, such as {@code onnx}
 * @param raw whether the model takes the body of a request as it is (one BYTES tensor of shape [1]) and gives the body of
 *     the answer likewise, instead of tensors
 */
public record ModelSignature(String platform, List<TensorSpec> inputs, List<TensorSpec> outputs, boolean raw) {

    public ModelSignature {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }
}
