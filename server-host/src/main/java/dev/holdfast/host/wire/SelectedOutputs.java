package dev.holdfast.host.wire;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The outputs of a model that a request of the Open Inference Protocol asks for. */
public final class SelectedOutputs {

    private SelectedOutputs() {}

    /**
     * The outputs of these names; each tensor, and after it the one with its labels, for the protocol has no maps.
     *
     * @param names all if there are none
     * @param leftOut what answers never have, with the reason
     * @throws InvalidInputException if there is no such output
     */
    public static List<Tensor> of(List<Tensor> outputs, List<String> names, Map<String, String> leftOut) {
        return select(labelled(outputs), names, leftOut);
    }

    /** The same for what is said of tensors. */
    public static List<TensorSpec> withLabels(List<TensorSpec> specs) {
        return specs.stream()
                .flatMap(spec -> Stream.concat(
                        Stream.of(spec),
                        spec.labels().stream()
                                .map(type -> new TensorSpec(spec.name() + ".labels", type, List.of(-1L)))))
                .toList();
    }

    private static List<Tensor> labelled(List<Tensor> outputs) {
        List<Tensor> all = new ArrayList<>();
        for (Tensor output : outputs) {
            all.add(output);
            output.labels().ifPresent(all::add);
        }
        return all;
    }

    private static List<Tensor> select(List<Tensor> outputs, List<String> names, Map<String, String> leftOut) {
        if (names.isEmpty()) {
            return outputs;
        }
        List<Tensor> selected = new ArrayList<>();
        for (String name : names) {
            if (leftOut.containsKey(name)) {
                throw new InvalidInputException("The model's output '" + OneLine.name(name)
                        + "' is left out of its answers, for it is " + leftOut.get(name) + "; they have "
                        + outputs.stream().map(Tensor::name).toList() + ".");
            }
            Optional<Tensor> found = outputs.stream()
                    .filter(output -> output.name().equals(name))
                    .findFirst();
            selected.add(
                    found.orElseThrow(() -> new InvalidInputException("The model has no output '" + OneLine.name(name)
                            + "'; it has " + outputs.stream().map(Tensor::name).toList() + ".")));
        }
        return selected;
    }
}
