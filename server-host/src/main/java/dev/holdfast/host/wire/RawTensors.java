package dev.holdfast.host.wire;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The elements of tensors as the Open Inference Protocol sends them raw, over HTTP and gRPC: in row-major order, little-endian, a
 * truth value in a byte; of BYTES each element with its length in four bytes before it.
 */
public final class RawTensors {

    private RawTensors() {}

    /** How many bytes an element takes; -1 for BYTES, whose elements differ. */
    private static int width(TensorType type) {
        return switch (type) {
            case BOOL, INT8, UINT8 -> 1;
            case INT16, UINT16, FP16, BF16 -> 2;
            case INT32, UINT32, FP32 -> 4;
            case INT64, UINT64, FP64 -> 8;
            case BYTES -> -1;
        };
    }

    /**
     * Reads a tensor from the rest of a buffer.
     *
     * @throws InvalidInputException if the rest is not what the shape needs, to the byte
     */
    public static Tensor read(String name, TensorType type, long[] shape, ByteBuffer rest) {
        ByteBuffer bytes = rest.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (type == TensorType.BYTES) {
            byte[][] elements = texts(name, bytes);
            return new Tensor(name, type, shape, elements);
        }
        int width = width(type);
        if (bytes.remaining() % width != 0) {
            throw bad(
                    name,
                    "has " + bytes.remaining() + " bytes, which is no multiple of the " + width + " of an element of "
                            + type);
        }
        int count = bytes.remaining() / width;
        return type == TensorType.BOOL
                ? new Tensor(name, type, shape, elements(name, type, bytes, count))
                : Tensor.packed(name, type, shape, bytes, count, packed -> elements(name, type, packed, count));
    }

    private static Object elements(String name, TensorType type, ByteBuffer bytes, int count) {
        Object elements = Array.newInstance(type.array().getComponentType(), count);
        get(name, type, bytes, elements);
        return elements;
    }

    private static byte[][] texts(String name, ByteBuffer bytes) {
        List<byte[]> elements = new ArrayList<>();
        while (bytes.hasRemaining()) {
            if (bytes.remaining() < Integer.BYTES) {
                throw bad(name, "ends in the middle of the length of element " + elements.size());
            }
            int length = bytes.getInt();
            if (length < 0 || length > bytes.remaining()) {
                throw bad(
                        name,
                        "says that element " + elements.size() + " has " + Integer.toUnsignedString(length)
                                + " bytes, and has " + bytes.remaining() + " more");
            }
            byte[] element = new byte[length];
            bytes.get(element);
            elements.add(element);
        }
        return elements.toArray(byte[][]::new);
    }

    private static void get(String name, TensorType type, ByteBuffer bytes, Object elements) {
        if (elements instanceof float[] floats) {
            if (type == TensorType.FP32) {
                bytes.asFloatBuffer().get(floats);
                return;
            }
            for (int i = 0; i < floats.length; i++) {
                short half = bytes.getShort();
                floats[i] = type == TensorType.FP16 ? HalfFloats.ofFp16(half) : HalfFloats.ofBf16(half);
            }
        } else if (elements instanceof double[] doubles) {
            bytes.asDoubleBuffer().get(doubles);
        } else if (elements instanceof long[] longs) {
            if (type == TensorType.UINT32) {
                for (int i = 0; i < longs.length; i++) {
                    longs[i] = Integer.toUnsignedLong(bytes.getInt());
                }
            } else {
                bytes.asLongBuffer().get(longs);
            }
        } else if (elements instanceof int[] ints) {
            if (type == TensorType.UINT16) {
                for (int i = 0; i < ints.length; i++) {
                    ints[i] = Short.toUnsignedInt(bytes.getShort());
                }
            } else {
                bytes.asIntBuffer().get(ints);
            }
        } else if (elements instanceof short[] shorts) {
            if (type == TensorType.UINT8) {
                for (int i = 0; i < shorts.length; i++) {
                    shorts[i] = (short) Byte.toUnsignedInt(bytes.get());
                }
            } else {
                bytes.asShortBuffer().get(shorts);
            }
        } else if (elements instanceof byte[] own) {
            bytes.get(own);
        } else {
            boolean[] truths = (boolean[]) elements;
            for (int i = 0; i < truths.length; i++) {
                byte truth = bytes.get();
                if (truth != 0 && truth != 1) {
                    throw bad(name, "has " + truth + " as element " + i + ", where BOOL has 0 and 1");
                }
                truths[i] = truth == 1;
            }
        }
    }

    private static InvalidInputException bad(String name, String what) {
        return new InvalidInputException("Tensor '" + OneLine.name(name) + "' " + what);
    }

    /** How many bytes {@link #of} makes of a tensor. */
    public static long size(Tensor tensor) {
        if (tensor.elements() instanceof byte[][] texts) {
            return Arrays.stream(texts)
                    .mapToLong(text -> (long) Integer.BYTES + text.length)
                    .sum();
        }
        return (long) tensor.count() * width(tensor.type());
    }

    /** @throws ArithmeticException if it would be more than 2 GiB */
    public static byte[] of(Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size(tensor)));
        put(tensor, bytes);
        return bytes.array();
    }

    /** Puts the bytes at the position of a buffer, which has room for them. */
    static void put(Tensor tensor, ByteBuffer bytes) {
        int size = (int) size(tensor);
        put(
                tensor.type(),
                tensor.elements(),
                bytes.slice(bytes.position(), size).order(ByteOrder.LITTLE_ENDIAN));
        bytes.position(bytes.position() + size);
    }

    private static void put(TensorType type, Object elements, ByteBuffer bytes) {
        if (elements instanceof float[] floats) {
            if (type == TensorType.FP32) {
                bytes.asFloatBuffer().put(floats);
                return;
            }
            for (float value : floats) {
                bytes.putShort(type == TensorType.FP16 ? HalfFloats.toFp16(value) : HalfFloats.toBf16(value));
            }
        } else if (elements instanceof double[] doubles) {
            bytes.asDoubleBuffer().put(doubles);
        } else if (elements instanceof long[] longs) {
            if (type == TensorType.UINT32) {
                for (long value : longs) {
                    bytes.putInt((int) value);
                }
            } else {
                bytes.asLongBuffer().put(longs);
            }
        } else if (elements instanceof int[] ints) {
            if (type == TensorType.UINT16) {
                for (int value : ints) {
                    bytes.putShort((short) value);
                }
            } else {
                bytes.asIntBuffer().put(ints);
            }
        } else if (elements instanceof short[] shorts) {
            if (type == TensorType.UINT8) {
                for (short value : shorts) {
                    bytes.put((byte) value);
                }
            } else {
                bytes.asShortBuffer().put(shorts);
            }
        } else if (elements instanceof byte[] own) {
            bytes.put(own);
        } else if (elements instanceof boolean[] truths) {
            for (boolean value : truths) {
                bytes.put((byte) (value ? 1 : 0));
            }
        } else {
            for (byte[] text : (byte[][]) elements) {
                bytes.putInt(text.length).put(text);
            }
        }
    }
}
