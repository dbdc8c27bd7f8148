package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
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
        Object elements = tensor.elements();
        if (elements instanceof float[] values) {
            bytes.asFloatBuffer().put(values);
        } else if (elements instanceof double[] values) {
            bytes.asDoubleBuffer().put(values);
        } else if (elements instanceof long[] values) {
            bytes.asLongBuffer().put(values);
        } else if (elements instanceof int[] values) {
            bytes.asIntBuffer().put(values);
        } else if (elements instanceof short[] values) {
            bytes.asShortBuffer().put(values);
        } else if (elements instanceof byte[] values) {
            bytes.put(values);
        } else {
            for (boolean value : (boolean[]) elements) {
                bytes.put((byte) (value ? 1 : 0));
            }
        }
        return bytes.array();
    }

    /** @param bytes as many as the shape needs */
    static Tensor tensor(TensorSpec spec, long[] shape, byte[] bytes) {
        int count = bytes.length / width(spec.type());
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        Object elements =
                java.lang.reflect.Array.newInstance(spec.type().array().getComponentType(), count);
        if (elements instanceof float[] values) {
            buffer.asFloatBuffer().get(values);
        } else if (elements instanceof double[] values) {
            buffer.asDoubleBuffer().get(values);
        } else if (elements instanceof long[] values) {
            buffer.asLongBuffer().get(values);
        } else if (elements instanceof int[] values) {
            buffer.asIntBuffer().get(values);
        } else if (elements instanceof short[] values) {
            buffer.asShortBuffer().get(values);
        } else if (elements instanceof byte[] values) {
            buffer.get(values);
        } else {
            for (int i = 0; i < count; i++) {
                ((boolean[]) elements)[i] = buffer.get() != 0;
            }
        }
        return new Tensor(spec.name(), spec.type(), shape, elements);
    }
}
