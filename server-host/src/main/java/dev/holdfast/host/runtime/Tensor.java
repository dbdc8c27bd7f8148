package dev.holdfast.host.runtime;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Optional;

/**
 * A named array of numbers or byte strings with a shape; elements lie in row-major order.
 *
 * <p>The elements are handed over, not copied: whoever makes a tensor lets go of the array, and nobody writes to it
 * afterwards.
 */
public final class Tensor {

    private final String name;
    private final TensorType type;
    private final long[] shape;
    private final Object elements;
    private final Optional<Tensor> labels;

    /**
     * @param shape the sizes of the dimensions, each 0 or more; empty for a scalar
     * @param elements an array of {@link TensorType#array()} with as many elements as the shape has
     * @throws InvalidInputException if the number of elements is not the product of the shape
     */
    public Tensor(String name, TensorType type, long[] shape, Object elements) {
        this(name, type, shape, elements, Optional.empty());
    }

    private Tensor(String name, TensorType type, long[] shape, Object elements, Optional<Tensor> labels) {
        this.name = name;
        this.type = type;
        this.shape = shape.clone();
        this.elements = type.array().cast(elements);
        this.labels = labels;
        if (Array.getLength(elements) != count(name, shape)) {
            throw new InvalidInputException("Tensor '" + name + "' has " + Array.getLength(elements)
                    + " elements where its shape " + Arrays.toString(shape) + " needs " + count(name, shape));
        }
    }

    private static long count(String name, long[] shape) {
        long count = 1;
        for (long size : shape) {
            if (size < 0) {
                throw new InvalidInputException(
                        "Tensor '" + name + "' has a dimension of " + size + "; sizes must be 0 or more");
            }
            try {
                count = Math.multiplyExact(count, size);
            } catch (ArithmeticException e) {
                throw new InvalidInputException("Tensor '" + name + "' has a shape of more than 2^63 elements");
            }
        }
        return count;
    }

    public String name() {
        return name;
    }

    public TensorType type() {
        return type;
    }

    public long[] shape() {
        return shape.clone();
    }

    /** The array of {@link TensorType#array()} itself; not to be written to. */
    public Object elements() {
        return elements;
    }

    /**
     * This tensor with names for the places of its last dimension.
     *
     * @param names BYTES, in UTF-8, or INT64; as many as the last dimension is long
     */
    public Tensor labelled(Tensor names) {
        return new Tensor(name, type, shape, elements, Optional.of(names));
    }

    /** Other rows of the same kind, with the same labels. */
    public Tensor withRows(long[] otherShape, Object otherElements) {
        return new Tensor(name, type, otherShape, otherElements, labels);
    }

    /**
     * The names of the places of the last dimension, such as the classes of the probabilities in it: a tensor of one
     * dimension, BYTES in UTF-8 or INT64. Most tensors have none.
     */
    public Optional<Tensor> labels() {
        return labels;
    }

    /** How many elements there are. */
    public int count() {
        return Array.getLength(elements);
    }

    @Override
    public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
