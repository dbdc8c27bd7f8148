package dev.holdfast.host.runtime;

import java.util.List;

/**
 * What a model wants or gives under one name.
 *
 * @param shape the sizes of the dimensions; -1 where any size will do
 */
public record TensorSpec(String name, TensorType type, List<Long> shape) {

    public TensorSpec {
        shape = List.copyOf(shape);
    }
}
