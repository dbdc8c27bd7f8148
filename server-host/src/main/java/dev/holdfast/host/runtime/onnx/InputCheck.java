package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.text.OneLine;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The comparison of a request's tensors with what a model wants. */
record InputCheck(String model, List<TensorSpec> specs) {

    /** @throws InvalidInputException saying what differs, and what the model wants */
    void check(List<Tensor> inputs) {
        Set<String> seen = new HashSet<>();
        for (Tensor input : inputs) {
            TensorSpec spec = spec(input);
            if (!seen.add(input.name())) {
                throw refused("got the input " + named(input) + " twice");
            }
            if (input.type() != spec.type()) {
                throw refused("got the input " + named(input) + " as " + input.type());
            }
            if (!fits(input.shape(), spec.shape())) {
                throw refused("got the input " + named(input) + " with the shape " + Arrays.toString(input.shape()));
            }
            OnnxTensors.checkElements(input);
        }
        for (TensorSpec spec : specs) {
            if (!seen.contains(spec.name())) {
                throw refused("got no input '" + OneLine.name(spec.name()) + "'");
            }
        }
    }

    private TensorSpec spec(Tensor input) {
        for (TensorSpec spec : specs) {
            if (spec.name().equals(input.name())) {
                return spec;
            }
        }
        throw refused("knows no input " + named(input));
    }

    private static String named(Tensor input) {
        return "'" + OneLine.name(input.name()) + "'";
    }

    static boolean fits(long[] shape, List<Long> wanted) {
        // ONNX Runtime shows an input of any rank like a scalar; which of them it is, only a run tells.
        if (wanted.isEmpty()) {
            return true;
        }
        if (shape.length != wanted.size()) {
            return false;
        }
        for (int i = 0; i < shape.length; i++) {
            if (wanted.get(i) != -1 && wanted.get(i) != shape[i]) {
                return false;
            }
        }
        return true;
    }

    private InvalidInputException refused(String how) {
        return new InvalidInputException("Model " + model + " " + how + "; it wants " + wanted());
    }

    private String wanted() {
        return specs.stream()
                .map(spec -> OneLine.name(spec.name()) + " " + spec.type()
                        + spec.shape().stream().map(String::valueOf).collect(Collectors.joining(",", "[", "]")))
                .collect(Collectors.joining(", "));
    }
}
