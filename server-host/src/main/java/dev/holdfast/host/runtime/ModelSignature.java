package dev.holdfast.host.runtime;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What goes into a model and what comes out.
 *
 * @param platform the name of the engine and the format as the Open Inference Protocol wants it, {@code engine_format}, such
 *     as {@code onnx_onnxv1}; of an engine with one format its name alone
 * @param inputs what a request has; it may leave out those that are controls too
 * @param controls what a request may have besides, such as {@code session_end}
 * @param outputs what every answer has
 * @param remarks what answers say of themselves: tensors of one element beside the outputs, such as {@code session_step}
 * @param leftOut the outputs of the model that no answer has, with the reason of each, such as {@code a sequence of tensors}
 * @param raw whether the model takes the body of a request as it is (one BYTES tensor of shape [1]) and gives the body of
 *     the answer likewise, instead of tensors
 */
public record ModelSignature(
        String platform,
        List<TensorSpec> inputs,
        List<TensorSpec> controls,
        List<TensorSpec> outputs,
        List<TensorSpec> remarks,
        Map<String, String> leftOut,
        boolean raw) {

    public ModelSignature {
        inputs = List.copyOf(inputs);
        controls = List.copyOf(controls);
        outputs = List.copyOf(outputs);
        remarks = List.copyOf(remarks);
        leftOut = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(leftOut));
    }

    /** A model with nothing but inputs and outputs. */
    public ModelSignature(String platform, List<TensorSpec> inputs, List<TensorSpec> outputs, boolean raw) {
        this(platform, inputs, List.of(), outputs, List.of(), Map.of(), raw);
    }

    /** The name of the engine, such as {@code onnx}. */
    public String engine() {
        return platform.replaceFirst("_.*", "");
    }
}
