package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.TensorSpec;
import java.util.List;

/**
 * An input or output with the names of its dimensions.
 *
 * @param dimensions for each dimension its name; empty where it has none
 */
record NamedSpec(TensorSpec spec, List<String> dimensions) {

    NamedSpec {
        dimensions = List.copyOf(dimensions);
    }

    String name() {
        return spec.name();
    }

    int rank() {
        return spec.shape().size();
    }

    boolean isFree(int dimension) {
        return spec.shape().get(dimension) == -1;
    }

    String dimension(int index) {
        return index < dimensions.size() ? dimensions.get(index) : "";
    }
}
