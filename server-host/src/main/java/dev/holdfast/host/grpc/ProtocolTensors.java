package dev.holdfast.host.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.RawTensors;
import dev.holdfast.protocol.openinference.InferTensorContents;
import dev.holdfast.protocol.openinference.ModelInferRequest;
import dev.holdfast.protocol.openinference.ModelInferRequest.InferInputTensor;
import dev.holdfast.protocol.openinference.ModelInferResponse;
import dev.holdfast.protocol.openinference.ModelInferResponse.InferOutputTensor;
import java.util.ArrayList;
import java.util.List;

/** Tensors as the messages of the Open Inference Protocol have them: typed, or raw for all of a message. */
final class ProtocolTensors {

    /** Tensors of more dimensions than this are no tensors. */
    private static final int MOST_DIMENSIONS = 16;

    private ProtocolTensors() {}

    /**
     * The inputs of a request.
     *
     * @throws InvalidInputException if they are not what their datatypes and shapes say
     */
    static List<Tensor> inputs(ModelInferRequest request) {
        boolean raw = request.getRawInputContentsCount() > 0;
        if (raw && request.getRawInputContentsCount() != request.getInputsCount()) {
            throw new InvalidInputException("There are " + request.getInputsCount() + " inputs and "
                    + request.getRawInputContentsCount() + " raw_input_contents; each input needs one");
        }
        List<Tensor> tensors = new ArrayList<>();
        for (int i = 0; i < request.getInputsCount(); i++) {
            InferInputTensor input = request.getInputs(i);
            if (input.getShapeCount() > MOST_DIMENSIONS) {
                throw bad(input, "has more than " + MOST_DIMENSIONS + " dimensions");
            }
            TensorType type = TensorType.of(input.getDatatype());
            long[] shape =
                    input.getShapeList().stream().mapToLong(Long::longValue).toArray();
            if (raw) {
                if (input.hasContents()) {
                    throw bad(input, "has contents beside raw_input_contents; send one of the two");
                }
                tensors.add(RawTensors.read(
                        input.getName(),
                        type,
                        shape,
                        request.getRawInputContents(i).asReadOnlyByteBuffer()));
            } else {
                tensors.add(new Tensor(input.getName(), type, shape, elements(input, type)));
            }
        }
        return tensors;
    }

    private static InvalidInputException bad(InferInputTensor input, String what) {
        return new InvalidInputException("Tensor '" + OneLine.name(input.getName()) + "' " + what);
    }

    private static Object elements(InferInputTensor input, TensorType type) {
        InferTensorContents contents = input.getContents();
        int others = contents.getBoolContentsCount()
                + contents.getIntContentsCount()
                + contents.getInt64ContentsCount()
                + contents.getUintContentsCount()
                + contents.getUint64ContentsCount()
                + contents.getFp32ContentsCount()
                + contents.getFp64ContentsCount()
                + contents.getBytesContentsCount();
        Object elements = switch (type) {
            case BOOL -> booleans(contents);
            case INT8 -> bytes(input, contents, type);
            case INT16 -> shorts(input, contents.getIntContentsList(), type);
            case INT32 ->
                contents.getIntContentsList().stream()
                        .mapToInt(Integer::intValue)
                        .toArray();
            case INT64 ->
                contents.getInt64ContentsList().stream()
                        .mapToLong(Long::longValue)
                        .toArray();
            case UINT8 -> shorts(input, contents.getUintContentsList(), type);
            case UINT16 -> uint16(input, contents, type);
            case UINT32 ->
                contents.getUintContentsList().stream()
                        .mapToLong(Integer::toUnsignedLong)
                        .toArray();
            case UINT64 ->
                contents.getUint64ContentsList().stream()
                        .mapToLong(Long::longValue)
                        .toArray();
            case FP32 -> floats(contents);
            case FP64 ->
                contents.getFp64ContentsList().stream()
                        .mapToDouble(Double::doubleValue)
                        .toArray();
            case BYTES ->
                contents.getBytesContentsList().stream()
                        .map(ByteString::toByteArray)
                        .toArray(byte[][]::new);
            case FP16, BF16 -> {
                if (others > 0 || !isEmpty(input)) {
                    throw bad(input, "is " + type + ", which has no typed contents; send raw_input_contents");
                }
                yield new float[0];
            }
        };
        if (others != java.lang.reflect.Array.getLength(elements)) {
            throw bad(
                    input,
                    "has contents of another datatype than its own, " + type + ", whose field is " + field(type));
        }
        return elements;
    }

    private static boolean isEmpty(InferInputTensor input) {
        return input.getShapeList().contains(0L);
    }

    private static String field(TensorType type) {
        return switch (type) {
            case BOOL -> "bool_contents";
            case INT8, INT16, INT32 -> "int_contents";
            case INT64 -> "int64_contents";
            case UINT8, UINT16, UINT32 -> "uint_contents";
            case UINT64 -> "uint64_contents";
            case FP32 -> "fp32_contents";
            case FP64 -> "fp64_contents";
            case BYTES -> "bytes_contents";
            case FP16, BF16 -> "raw_input_contents";
        };
    }

    private static boolean[] booleans(InferTensorContents contents) {
        boolean[] truths = new boolean[contents.getBoolContentsCount()];
        for (int i = 0; i < truths.length; i++) {
            truths[i] = contents.getBoolContents(i);
        }
        return truths;
    }

    private static float[] floats(InferTensorContents contents) {
        float[] floats = new float[contents.getFp32ContentsCount()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = contents.getFp32Contents(i);
        }
        return floats;
    }

    private static byte[] bytes(InferInputTensor input, InferTensorContents contents, TensorType type) {
        byte[] bytes = new byte[contents.getIntContentsCount()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ranged(input, contents.getIntContents(i), type, i);
        }
        return bytes;
    }

    private static short[] shorts(InferInputTensor input, List<Integer> contents, TensorType type) {
        short[] shorts = new short[contents.size()];
        for (int i = 0; i < shorts.length; i++) {
            shorts[i] = (short) ranged(input, contents.get(i), type, i);
        }
        return shorts;
    }

    private static int[] uint16(InferInputTensor input, InferTensorContents contents, TensorType type) {
        int[] ints = new int[contents.getUintContentsCount()];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = ranged(input, contents.getUintContents(i), type, i);
        }
        return ints;
    }

    private static int ranged(InferInputTensor input, int value, TensorType type, int index) {
        if (value < type.least() || value > type.most()) {
            throw bad(
                    input,
                    "has " + value + " as element " + index + ", outside of " + type + " (" + type.range() + ")");
        }
        return value;
    }

    /**
     * Adds the outputs of an answer.
     *
     * @param raw whether all are sent raw; they are where one has no typed contents
     * @throws dev.holdfast.host.api.ApiFailure if they are larger than an answer may be
     */
    static void put(ModelInferResponse.Builder response, List<Tensor> outputs, boolean raw) {
        boolean allRaw = raw
                || outputs.stream()
                        .anyMatch(output -> output.type() == TensorType.FP16 || output.type() == TensorType.BF16);
        for (Tensor output : outputs) {
            InferOutputTensor.Builder tensor = InferOutputTensor.newBuilder()
                    .setName(output.name())
                    .setDatatype(output.type().name());
            for (long size : output.shape()) {
                tensor.addShape(size);
            }
            if (allRaw) {
                response.addRawOutputContents(UnsafeByteOperations.unsafeWrap(RawTensors.of(output)));
            } else {
                tensor.setContents(contents(output));
            }
            response.addOutputs(tensor);
        }
    }

    private static InferTensorContents contents(Tensor output) {
        InferTensorContents.Builder contents = InferTensorContents.newBuilder();
        Object elements = output.elements();
        boolean unsigned = output.type().name().startsWith("U");
        if (elements instanceof float[] floats) {
            for (float value : floats) {
                contents.addFp32Contents(value);
            }
        } else if (elements instanceof double[] doubles) {
            for (double value : doubles) {
                contents.addFp64Contents(value);
            }
        } else if (elements instanceof long[] longs) {
            for (long value : longs) {
                switch (output.type()) {
                    case UINT32 -> contents.addUintContents((int) value);
                    case UINT64 -> contents.addUint64Contents(value);
                    default -> contents.addInt64Contents(value);
                }
            }
        } else if (elements instanceof boolean[] truths) {
            for (boolean value : truths) {
                contents.addBoolContents(value);
            }
        } else if (elements instanceof byte[][] texts) {
            for (byte[] value : texts) {
                contents.addBytesContents(UnsafeByteOperations.unsafeWrap(value));
            }
        } else {
            for (int i = 0; i < output.count(); i++) {
                int value = java.lang.reflect.Array.getInt(elements, i);
                if (unsigned) {
                    contents.addUintContents(value);
                } else {
                    contents.addIntContents(value);
                }
            }
        }
        return contents.build();
    }
}
