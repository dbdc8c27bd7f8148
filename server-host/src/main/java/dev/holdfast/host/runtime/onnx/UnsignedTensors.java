package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.TensorType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/**
 * Makes tensors of the unsigned types that ONNX Runtime's Java interface has no way to make: for each a session of one Cast
 * node, which turns signed numbers into unsigned ones of the same bits.
 *
 * <p>Safe for use by several threads, but for {@link #close}, after which there is none to be made.
 */
final class UnsignedTensors implements AutoCloseable {

    /** A type that has no unsigned tensors in Java: the numbers of both in {@code TensorProto.DataType} of onnx.proto. */
    private record Cast(int signed, int unsigned) {}

    private static final Map<TensorType, Cast> CASTS = Map.of(
            TensorType.UINT16, new Cast(5, 4),
            TensorType.UINT32, new Cast(6, 12),
            TensorType.UINT64, new Cast(7, 13));

    private final Map<TensorType, OrtSession> sessions = new EnumMap<>(TensorType.class);

    /** @param types of the inputs of a model; those that need no cast are passed over */
    UnsignedTensors(OrtEnvironment environment, Collection<TensorType> types) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            options.setInterOpNumThreads(1);
            for (TensorType type : types) {
                Cast cast = CASTS.get(type);
                if (cast != null && !sessions.containsKey(type)) {
                    sessions.put(type, environment.createSession(model(cast), options));
                }
            }
        } catch (OrtException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /**
     * A tensor of the wanted type, from the one that {@link OnnxTensors#join} made for it.
     *
     * @param tensor handed over: it is given back as it is, or closed
     */
    OnnxTensor of(TensorType type, OnnxTensor tensor) throws OrtException {
        OrtSession session = sessions.get(type);
        if (session == null) {
            return tensor;
        }
        try (tensor) {
            // Not closed: that would close the tensor, which is all that it holds.
            return (OnnxTensor) session.run(Map.of("x", tensor)).get(0);
        }
    }

    @Override
    public void close() {
        for (OrtSession session : sessions.values()) {
            try {
                session.close();
            } catch (OrtException e) {
                throw new InferenceException("A session that casts cannot be closed: " + e.getMessage(), e);
            }
        }
        sessions.clear();
    }

    /** The bytes of {@code y = Cast(x)} as onnx.proto has them: a ModelProto of version 8, with the operators of version 13. */
    private static byte[] model(Cast cast) {
        byte[] to = join(text(1, "to"), number(3, cast.unsigned()), number(20, 2));
        byte[] node = join(text(1, "x"), text(2, "y"), text(4, "Cast"), message(5, to));
        byte[] graph = join(
                message(1, node),
                text(2, "cast"),
                message(11, value("x", cast.signed())),
                message(12, value("y", cast.unsigned())));
        return join(number(1, 8), message(7, graph), message(8, join(text(1, ""), number(2, 13))));
    }

    /** A ValueInfoProto without a shape: any will do. */
    private static byte[] value(String name, int type) {
        return join(text(1, name), message(2, message(1, number(1, type))));
    }

    private static byte[] text(int field, String text) {
        return message(field, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] message(int field, byte[] content) {
        return join(varint(field << 3 | 2), varint(content.length), content);
    }

    private static byte[] number(int field, int value) {
        return join(varint(field << 3), varint(value));
    }

    private static byte[] varint(int value) {
        return value < 0x80
                ? new byte[] {(byte) value}
                : new byte[] {(byte) ((value & 0x7f) | 0x80), (byte) (value >>> 7)};
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}
