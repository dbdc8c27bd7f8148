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
 */
public record ModelSignature(
        String platform,
        List<TensorSpec> inputs,
        List<TensorSpec> controls,
        List<TensorSpec> outputs,
        List<TensorSpec> remarks,
        Map<String, String> leftOut,
        Form form) {

    /** What a request consists of, and an answer. */
    public enum Form {
        /** The tensors that the lists name. */
        TENSORS,
        /** The body as it is: one BYTES tensor of shape [1]. */
        BODY,
        /** All of the request, as {@link HandlerRequest} puts it into tensors; the answer likewise, as {@link HandlerAnswer}. */
        REQUEST
    }

    public ModelSignature {
        inputs = List.copyOf(inputs);
        controls = List.copyOf(controls);
        outputs = List.copyOf(outputs);
        remarks = List.copyOf(remarks);
        leftOut = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(leftOut));
    }

    /** A model that takes tensors, or the body of a request as it is. */
    public ModelSignature(
            String platform,
            List<TensorSpec> inputs,
            List<TensorSpec> controls,
            List<TensorSpec> outputs,
            List<TensorSpec> remarks,
            Map<String, String> leftOut,
            boolean raw) {
        this(platform, inputs, controls, outputs, remarks, leftOut, raw ? Form.BODY : Form.TENSORS);
    }

    /** A model with nothing but inputs and outputs. */
    public ModelSignature(String platform, List<TensorSpec> inputs, List<TensorSpec> outputs, boolean raw) {
        this(platform, inputs, List.of(), outputs, List.of(), Map.of(), raw);
    }

    /** A model whose handler reads requests itself, so that nobody knows what it wants. */
    public static ModelSignature ofHandler(String platform) {
        return new ModelSignature(platform, List.of(), List.of(), List.of(), List.of(), Map.of(), Form.REQUEST);
    }

    /** Whether a handler reads the whole request, and writes the whole answer. */
    public boolean isOfHandler() {
        return form == Form.REQUEST;
    }

    /** Whether the model takes the body of a request as it is, and gives the body of the answer likewise. */
    public boolean raw() {
        return form == Form.BODY;
    }

    /** The name of the engine, such as {@code onnx}. */
    public String engine() {
        return platform.replaceFirst("_.*", "");
    }
}
