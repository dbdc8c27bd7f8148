package dev.holdfast.host.wire;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The session of a request of the Open Inference Protocol that names it in its parameters, where models with sessions have it
 * among their inputs: {@code session_id}, {@code session_start} and {@code session_end}, or Triton's {@code sequence_id},
 * {@code sequence_start} and {@code sequence_end}. A sequence that does not start goes on, as with Triton; its id 0 and the
 * empty one mean none.
 */
public final class SessionParameters {

    private static final String ID = "session_id";
    private static final String START = "session_start";
    private static final String END = "session_end";

    private SessionParameters() {}

    /** The inputs of a request, with its session; of a model without sessions, and where an input names one, as they are. */
    public static List<Tensor> inputs(TensorRequest request, ModelSignature signature) {
        return request.open()
                .map(open -> inputs(request.inputs(), open.parameters(), signature))
                .orElse(request.inputs());
    }

    /**
     * The same.
     *
     * @param parameters truth values, and others as text
     * @throws InvalidInputException if one that has to be a truth value is none, or a session is begun or ended that has no id
     */
    public static List<Tensor> inputs(List<Tensor> inputs, Map<String, ?> parameters, ModelSignature signature) {
        if (parameters.isEmpty()
                || signature.controls().stream()
                        .noneMatch(control -> control.name().equals(ID))
                || inputs.stream().anyMatch(input -> input.name().equals(ID))) {
            return inputs;
        }
        List<Tensor> all = new ArrayList<>(inputs);
        Optional<String> sequence = Optional.ofNullable(parameters.get("sequence_id"))
                .map(Object::toString)
                .filter(id -> !id.isEmpty() && !id.equals("0"));
        if (sequence.isPresent()) {
            all.add(id(sequence.get()));
            all.add(truth(START, truth(parameters, "sequence_start").orElse(false)));
            all.add(truth(END, truth(parameters, "sequence_end").orElse(false)));
            return all;
        }
        Optional.ofNullable(parameters.get(ID)).ifPresent(id -> all.add(id(id.toString())));
        truth(parameters, START).ifPresent(start -> all.add(truth(START, start)));
        truth(parameters, END).ifPresent(end -> all.add(truth(END, end)));
        return all;
    }

    private static Optional<Boolean> truth(Map<String, ?> parameters, String name) {
        Object value = parameters.get(name);
        if (value == null || value instanceof Boolean) {
            return Optional.ofNullable((Boolean) value);
        }
        throw new InvalidInputException("Parameter '" + name + "' must be true or false");
    }

    private static Tensor id(String id) {
        return new Tensor(ID, TensorType.BYTES, new long[] {1}, new byte[][] {id.getBytes(StandardCharsets.UTF_8)});
    }

    private static Tensor truth(String name, boolean value) {
        return new Tensor(name, TensorType.BOOL, new long[] {1}, new boolean[] {value});
    }
}
