package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.platform.Fp16Conversions;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Utf8;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Tensors on their way into ONNX Runtime's memory and out of it.
 *
 * <p>ONNX Runtime takes no UINT16, UINT32 and UINT64 from Java: they go in as signed numbers of the same bits, which {@link
 * UnsignedTensors} makes unsigned.
 */
final class OnnxTensors {

    private OnnxTensors() {}

    /**
     * Our name of one of ONNX Runtime's types; empty where Java has no way to hand such elements over. The library's own
     * Java types do not tell signed from unsigned.
     */
    static Optional<TensorType> type(TensorInfo.OnnxTensorType type) {
        return switch (type) {
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> Optional.of(TensorType.BOOL);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> Optional.of(TensorType.INT8);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> Optional.of(TensorType.INT16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> Optional.of(TensorType.INT32);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> Optional.of(TensorType.INT64);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> Optional.of(TensorType.UINT8);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> Optional.of(TensorType.UINT16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> Optional.of(TensorType.UINT32);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> Optional.of(TensorType.UINT64);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16 -> Optional.of(TensorType.BF16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> Optional.of(TensorType.FP16);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> Optional.of(TensorType.FP32);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> Optional.of(TensorType.FP64);
            case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING -> Optional.of(TensorType.BYTES);
            default -> Optional.empty();
        };
    }

    /**
     * Checks the elements that ONNX Runtime's types cannot hold though ours can.
     *
     * @throws InvalidInputException naming the first of them
     */
    static void checkElements(Tensor tensor) {
        if (tensor.bytes().isPresent()) {
            // They are of the type's own width already.
            return;
        }
        switch (tensor.type()) {
            case BYTES -> {
                for (byte[] element : (byte[][]) tensor.elements()) {
                    string(tensor.name(), element);
                }
            }
            case UINT8 -> {
                short[] values = (short[]) tensor.elements();
                for (int i = 0; i < values.length; i++) {
                    checkRange(tensor, i, values[i], 0xff);
                }
            }
            case UINT16 -> {
                int[] values = (int[]) tensor.elements();
                for (int i = 0; i < values.length; i++) {
                    checkRange(tensor, i, values[i], 0xffff);
                }
            }
            case UINT32 -> {
                long[] values = (long[]) tensor.elements();
                for (int i = 0; i < values.length; i++) {
                    checkRange(tensor, i, values[i], 0xffff_ffffL);
                }
            }
            case FP16, BF16 -> {
                float[] values = (float[]) tensor.elements();
                for (int i = 0; i < values.length; i++) {
                    if (Float.isFinite(values[i]) && !tensor.type().keepsFinite(values[i])) {
                        throw outOfRange(tensor, i, String.valueOf(values[i]));
                    }
                }
            }
            default -> {
                // All that Java's array can hold.
            }
        }
    }

    private static void checkRange(Tensor tensor, int index, long value, long most) {
        if (value < 0 || value > most) {
            throw outOfRange(tensor, index, String.valueOf(value));
        }
    }

    private static InvalidInputException outOfRange(Tensor tensor, int index, String value) {
        return new InvalidInputException("The input '" + OneLine.name(tensor.name()) + "' holds " + value
                + " as element " + index + "; the range of " + tensor.type() + " is "
                + tensor.type().range());
    }

    /**
     * The rows of tensors of one type, and of equal shapes but for the first dimension, as one in native memory; of UINT16,
     * UINT32 and UINT64 a signed one.
     */
    static OnnxTensor join(OrtEnvironment environment, List<Tensor> parts) throws OrtException {
        Tensor first = parts.get(0);
        long[] shape = first.shape();
        long count = first.count();
        for (Tensor part : parts.subList(1, parts.size())) {
            shape[0] += part.shape()[0];
            count += part.count();
        }
        if (first.type() == TensorType.BYTES) {
            return OnnxTensor.createTensor(environment, strings(parts, Math.toIntExact(count)), shape);
        }
        int size = width(first.type());
        if (count * size > Integer.MAX_VALUE) {
            throw new InvalidInputException("The input '" + OneLine.name(first.name()) + "' has " + count
                    + " elements, which is more than 2 GiB");
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect((int) count * size).order(ByteOrder.nativeOrder());
        for (Tensor part : parts) {
            write(part, bytes);
        }
        return OnnxTensor.createTensor(environment, bytes.flip(), shape, javaType(first.type()));
    }

    /** A copy of a tensor that ONNX Runtime made. */
    static Tensor read(String name, OnnxTensor tensor) throws OrtException {
        TensorInfo info = tensor.getInfo();
        TensorType type = type(info.onnxType)
                .orElseThrow(() -> new InferenceException("Output '" + name + "' has the type " + info.onnxType));
        long[] shape = info.getShape();
        int count = (int) Math.min(info.getNumElements(), Integer.MAX_VALUE);
        if (count == Integer.MAX_VALUE) {
            throw new InferenceException("Output '" + name + "' has " + info.getNumElements() + " elements, too many");
        }
        return new Tensor(name, type, shape, elements(type, tensor, count));
    }

    private static Object elements(TensorType type, OnnxTensor tensor, int count) throws OrtException {
        if (type == TensorType.BYTES) {
            byte[][] values = new byte[count][];
            fill(values, 0, count == 0 ? new Object[0] : tensor.getValue());
            return values;
        } else if (type == TensorType.FP16 || type == TensorType.BF16) {
            float[] values = new float[count];
            tensor.getFloatBuffer().get(values);
            return values;
        }
        ByteBuffer bytes = tensor.getByteBuffer().order(ByteOrder.nativeOrder());
        switch (type) {
            case UINT8 -> {
                short[] values = new short[count];
                for (int i = 0; i < count; i++) {
                    values[i] = (short) Byte.toUnsignedInt(bytes.get());
                }
                return values;
            }
            case UINT16 -> {
                int[] values = new int[count];
                for (int i = 0; i < count; i++) {
                    values[i] = Short.toUnsignedInt(bytes.getShort());
                }
                return values;
            }
            case UINT32 -> {
                long[] values = new long[count];
                for (int i = 0; i < count; i++) {
                    values[i] = Integer.toUnsignedLong(bytes.getInt());
                }
                return values;
            }
            default -> {
                return TensorBytes.get(type, count, bytes);
            }
        }
    }

    /** Copies strings out of nested arrays, row by row; the place after the last one is returned. */
    private static int fill(byte[][] values, int at, Object nested) {
        if (nested instanceof String text) {
            values[at] = text.getBytes(StandardCharsets.UTF_8);
            return at + 1;
        }
        int next = at;
        for (Object inner : (Object[]) nested) {
            next = fill(values, next, inner);
        }
        return next;
    }

    private static String[] strings(List<Tensor> parts, int count) {
        String[] strings = new String[count];
        int at = 0;
        for (Tensor part : parts) {
            for (byte[] element : (byte[][]) part.elements()) {
                strings[at++] = string(part.name(), element);
            }
        }
        return strings;
    }

    private static String string(String name, byte[] bytes) {
        try {
            return Utf8.decode(bytes);
        } catch (CharacterCodingException e) {
            throw new InvalidInputException(
                    "The input '" + OneLine.name(name) + "' holds bytes that are not UTF-8; ONNX knows texts only", e);
        }
    }

    private static int width(TensorType type) {
        return type == TensorType.BOOL ? 1 : type.bits() / Byte.SIZE;
    }

    private static void write(Tensor tensor, ByteBuffer bytes) {
        Optional<ByteBuffer> packed = tensor.bytes();
        if (packed.isPresent() && bytes.order() == ByteOrder.LITTLE_ENDIAN) {
            bytes.put(packed.get());
            return;
        }
        switch (tensor.type()) {
            case UINT8 -> {
                for (short value : (short[]) tensor.elements()) {
                    bytes.put((byte) value);
                }
            }
            case FP16 -> {
                for (float value : (float[]) tensor.elements()) {
                    bytes.putShort(Fp16Conversions.floatToFp16(value));
                }
            }
            case BF16 -> {
                for (float value : (float[]) tensor.elements()) {
                    bytes.putShort(Fp16Conversions.floatToBf16(value));
                }
            }
            case UINT16 -> {
                for (int value : (int[]) tensor.elements()) {
                    bytes.putShort((short) value);
                }
            }
            case UINT32 -> {
                for (long value : (long[]) tensor.elements()) {
                    bytes.putInt((int) value);
                }
            }
            default -> TensorBytes.put(tensor.elements(), bytes);
        }
    }

    private static OnnxJavaType javaType(TensorType type) {
        return switch (type) {
            case FP32 -> OnnxJavaType.FLOAT;
            case FP64 -> OnnxJavaType.DOUBLE;
            case INT64, UINT64 -> OnnxJavaType.INT64;
            case INT32, UINT32 -> OnnxJavaType.INT32;
            case INT16, UINT16 -> OnnxJavaType.INT16;
            case BF16 -> OnnxJavaType.BFLOAT16;
            case FP16 -> OnnxJavaType.FLOAT16;
            case INT8 -> OnnxJavaType.INT8;
            case UINT8 -> OnnxJavaType.UINT8;
            case BOOL -> OnnxJavaType.BOOL;
            case BYTES -> throw new IllegalArgumentException("Byte strings go in as texts");
        };
    }
}
