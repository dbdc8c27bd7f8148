package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;

/** Elements of tensors as bytes, big-endian, bit by bit what they were; all types but byte strings. */
final class TensorBytes {

    private TensorBytes() {}

    /** How many bytes an element takes. */
    static int width(TensorType type) {
        return switch (type) {
            case BOOL, INT8 -> 1;
            case INT16, UINT8 -> 2;
            case INT32, UINT16, FP16, BF16, FP32 -> 4;
            case INT64, UINT32, UINT64, FP64 -> 8;
            case BYTES -> throw new IllegalArgumentException("Byte strings have no one width");
        };
    }

    static byte[] of(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocate(tensor.count() * width(tensor.type()));
        put(tensor.elements(), bytes);
        return bytes.array();
    }

    /** Puts elements at the buffer's position, in its order, each as wide as it is in Java. */
    static void put(Object elements, ByteBuffer bytes) {
        int end = bytes.position();
        if (elements instanceof float[] values) {
            bytes.asFloatBuffer().put(values);
            end += Float.BYTES * values.length;
        } else if (elements instanceof double[] values) {
            bytes.asDoubleBuffer().put(values);
            end += Double.BYTES * values.length;
        } else if (elements instanceof long[] values) {
            bytes.asLongBuffer().put(values);
            end += Long.BYTES * values.length;
        } else if (elements instanceof int[] values) {
            bytes.asIntBuffer().put(values);
            end += Integer.BYTES * values.length;
        } else if (elements instanceof short[] values) {
            bytes.asShortBuffer().put(values);
            end += Short.BYTES * values.length;
        } else if (elements instanceof byte[] values) {
            bytes.put(values);
            return;
        } else {
            for (boolean value : (boolean[]) elements) {
                bytes.put((byte) (value ? 1 : 0));
            }
            return;
        }
        bytes.position(end);
    }

    /** @param bytes as many as the shape needs */
    static Tensor tensor(TensorSpec spec, long[] shape, byte[] bytes) {
        int count = bytes.length / width(spec.type());
        return new Tensor(spec.name(), spec.type(), shape, get(spec.type(), count, ByteBuffer.wrap(bytes)));
    }

    /** Gets an array of {@link TensorType#array()} from a buffer in which each element is as wide as it is in Java. */
    static Object get(TensorType type, int count, ByteBuffer bytes) {
        Object elements = Array.newInstance(type.array().getComponentType(), count);
        if (elements instanceof float[] values) {
            bytes.asFloatBuffer().get(values);
        } else if (elements instanceof double[] values) {
            bytes.asDoubleBuffer().get(values);
        } else if (elements instanceof long[] values) {
            bytes.asLongBuffer().get(values);
        } else if (elements instanceof int[] values) {
            bytes.asIntBuffer().get(values);
        } else if (elements instanceof short[] values) {
            bytes.asShortBuffer().get(values);
        } else if (elements instanceof byte[] values) {
            bytes.get(values);
        } else {
            for (int i = 0; i < count; i++) {
                ((boolean[]) elements)[i] = bytes.get() != 0;
            }
        }
        return elements;
    }
}
