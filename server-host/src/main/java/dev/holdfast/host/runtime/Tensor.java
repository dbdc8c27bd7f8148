package dev.holdfast.host.runtime;

import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A named array of numbers or byte strings with a shape; elements lie in row-major order.
 *
 * <p>The elements are handed over, not copied: whoever makes a tensor lets go of the array, or the bytes, and nobody writes to
 * them afterwards.
 */
public final class Tensor {

    private final String name;
    private final TensorType type;
    private final long[] shape;
    private final int count;
    private final Optional<Tensor> labels;
    private final Optional<Packed> packed;

    /** Of a packed tensor null until somebody asks for them. */
    private volatile @Nullable Object elements;

    /** Elements as bytes, and what makes an array of them. */
    private record Packed(ByteBuffer bytes, Function<ByteBuffer, Object> unpacking) {}

    /**
     * @param shape the sizes of the dimensions, each 0 or more; empty for a scalar
     * @param elements an array of {@link TensorType#array()} with as many elements as the shape has
     * @throws InvalidInputException if the number of elements is not the product of the shape
     */
    public Tensor(String name, TensorType type, long[] shape, Object elements) {
        this(name, type, shape, elements, Optional.empty());
    }

    private Tensor(String name, TensorType type, long[] shape, Object elements, Optional<Tensor> labels) {
        this(name, type, shape, Array.getLength(type.array().cast(elements)), labels, Optional.empty());
        this.elements = elements;
    }

    private Tensor(
            String name, TensorType type, long[] shape, int count, Optional<Tensor> labels, Optional<Packed> packed) {
        this.name = name;
        this.type = type;
        this.shape = shape.clone();
        this.count = count;
        this.labels = labels;
        this.packed = packed;
        if (count != count(name, shape)) {
            throw new InvalidInputException("Tensor '" + name + "' has " + count + " elements where its shape "
                    + Arrays.toString(shape) + " needs " + count(name, shape));
        }
    }

    /**
     * A tensor whose elements came as bytes, which are made an array of only where somebody asks for it: what hands them to an
     * engine as they are needs none.
     *
     * @param bytes from the position to the limit the elements, little-endian, each with as many bits as {@link TensorType#bits}
     *     says; not of BYTES and BOOL, not of all of whose bytes a tensor can be made
     * @param count how many elements that are
     * @param unpacking makes an array of {@link TensorType#array()} of them; may be called by several threads
     * @throws InvalidInputException if the number of elements is not the product of the shape
     */
    public static Tensor packed(
            String name,
            TensorType type,
            long[] shape,
            ByteBuffer bytes,
            int count,
            Function<ByteBuffer, Object> unpacking) {
        return new Tensor(
                name, type, shape, count, Optional.empty(), Optional.of(new Packed(bytes.slice(), unpacking)));
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
        Object known = elements;
        if (known == null) {
            Packed bytes = packed.orElseThrow();
            known = type.array()
                    .cast(bytes.unpacking().apply(bytes.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN)));
            elements = known;
        }
        return known;
    }

    /** The elements of a {@linkplain #packed packed} tensor as its bytes; empty for others. */
    public Optional<ByteBuffer> bytes() {
        return packed.map(some -> some.bytes().duplicate().order(ByteOrder.LITTLE_ENDIAN));
    }

    /**
     * This tensor with names for the places of its last dimension.
     *
     * @param names BYTES, in UTF-8, or INT64; as many as the last dimension is long
     */
    public Tensor labelled(Tensor names) {
        return new Tensor(name, type, shape, elements(), Optional.of(names));
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
        return count;
    }

    @Override
    public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
