package dev.holdfast.host.runtime;

import java.util.List;
import java.util.Optional;

/**
 * What a model wants or gives under one name.
 *
 * @param shape the sizes of the dimensions; -1 where any size will do
 * @param labels the type of the names that {@link Tensor#labels the tensor} gives the places of its last dimension, BYTES or
 *     INT64; empty where it gives none
 */
public record TensorSpec(String name, TensorType type, List<Long> shape, Optional<TensorType> labels) {

    public TensorSpec {
        shape = List.copyOf(shape);
    }

    /** A tensor without labels. */
    public TensorSpec(String name, TensorType type, List<Long> shape) {
        this(name, type, shape, Optional.empty());
    }
}
