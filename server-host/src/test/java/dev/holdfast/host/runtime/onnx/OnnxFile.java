package dev.holdfast.host.runtime.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Writes small ONNX models: just as much of protobuf, and of onnx.proto, as the tests need. The first number of each call
 * of {@code field} is the field's number there.
 */
final class OnnxFile {

    static final int FLOAT = 1;
    static final int UINT8 = 2;
    static final int INT8 = 3;
    static final int UINT16 = 4;
    static final int INT16 = 5;
    static final int INT32 = 6;
    static final int INT64 = 7;
    static final int STRING = 8;
    static final int BOOL = 9;
    static final int FLOAT16 = 10;
    static final int DOUBLE = 11;
    static final int UINT32 = 12;
    static final int UINT64 = 13;
    static final int BFLOAT16 = 16;
    static final int FLOAT8 = 17;
    static final int INT4 = 22;

    private OnnxFile() {}

    /** A model of one node with the inputs {@code x} to its output {@code y}, all of one type. */
    static byte[] identity(int type, Object... shape) {
        return model(
                nodes(node("Identity", names("x"), names("y"))),
                values(value("x", type, shape)),
                values(value("y", type, shape)));
    }

    static byte[] model(byte[] nodes, byte[][] inputs, byte[][] outputs, byte[]... initializers) {
        byte[] graph = graph(nodes, inputs, outputs, initializers);
        return join(field(1, 10), field(7, graph), operators("", 21), operators("ai.onnx.ml", 3));
    }

    private static byte[] operators(String domain, int version) {
        return field(8, join(field(1, domain), field(2, version)));
    }

    /** A model's graph, or one that an operator runs. */
    static byte[] graph(byte[] nodes, byte[][] inputs, byte[][] outputs, byte[]... initializers) {
        return join(nodes, field(2, "g"), repeated(5, initializers), repeated(11, inputs), repeated(12, outputs));
    }

    static byte[] attribute(String name, byte[] graph) {
        return join(field(1, name), field(6, graph), field(20, 5));
    }

    static byte[] nodes(byte[]... nodes) {
        return repeated(1, nodes);
    }

    static byte[] node(String operator, String[] inputs, String[] outputs, byte[]... attributes) {
        byte[] in = join(Arrays.stream(inputs).map(name -> field(1, name)).toArray(byte[][]::new));
        byte[] out = join(Arrays.stream(outputs).map(name -> field(2, name)).toArray(byte[][]::new));
        return join(in, out, field(4, operator), repeated(5, attributes));
    }

    static byte[] attribute(String name, long number) {
        return join(field(1, name), field(3, number), field(20, 2));
    }

    static byte[] attribute(String name, float number) {
        byte[] bytes = ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(number)
                .array();
        return join(field(1, name), varint(2 << 3 | 5), bytes, field(20, 1));
    }

    /** One text, as an attribute. */
    static byte[] text(String name, String text) {
        return join(field(1, name), field(4, text), field(20, 3));
    }

    /** A list of texts, as an attribute. */
    static byte[] attribute(String name, String... texts) {
        byte[] all = join(Stream.of(texts).map(text -> field(9, text)).toArray(byte[][]::new));
        return join(field(1, name), all, field(20, 8));
    }

    /** A list of numbers, as an attribute. */
    static byte[] attribute(String name, long[] numbers) {
        byte[] all =
                join(Arrays.stream(numbers).mapToObj(number -> field(8, number)).toArray(byte[][]::new));
        return join(field(1, name), all, field(20, 7));
    }

    /** Weights of 32-bit floats. */
    static byte[] floats(String name, long[] shape, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return weights(name, FLOAT, shape, bytes.array());
    }

    /** Weights of 64-bit whole numbers; a scalar where the shape is empty. */
    static byte[] longs(String name, long[] shape, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            bytes.putLong(value);
        }
        return weights(name, INT64, shape, bytes.array());
    }

    private static byte[] weights(String name, int type, long[] shape, byte[] bytes) {
        byte[] dimensions =
                join(Arrays.stream(shape).mapToObj(size -> field(1, size)).toArray(byte[][]::new));
        return join(dimensions, field(2, type), field(8, name), field(9, bytes));
    }

    /** A model that gives probabilities of classes as maps, and the tensor {@code x} itself as {@code z}. */
    static byte[] zipMap(byte[] labels, int labelType, int classes) {
        byte[] map = field(5, join(field(1, labelType), field(2, field(1, field(1, FLOAT)))));
        return model(
                nodes(
                        join(node("ZipMap", names("x"), names("y"), labels), ofMachineLearning()),
                        node("Identity", names("x"), names("z"))),
                values(value("x", FLOAT, -1, classes)),
                values(join(field(1, "y"), field(2, field(4, field(1, map)))), value("z", FLOAT, -1, classes)));
    }

    /** Beside a node: its operator is one of those for machine learning. */
    static byte[] ofMachineLearning() {
        return field(7, "ai.onnx.ml");
    }

    static String[] names(String... names) {
        return names;
    }

    static byte[][] values(byte[]... values) {
        return values;
    }

    /** A tensor's name, type and shape; a dimension is a number, a name, or -1 for one that is free and has no name. */
    static byte[] value(String name, int type, Object... shape) {
        byte[] dimensions = join(Stream.of(shape)
                .map(size -> field(
                        1,
                        size instanceof String symbol
                                ? field(2, symbol)
                                : size.equals(-1) ? new byte[0] : field(1, ((Number) size).longValue())))
                .toArray(byte[][]::new));
        return join(field(1, name), field(2, field(1, join(field(1, type), field(2, dimensions)))));
    }

    /** An output that is a sequence of tensors. */
    static byte[] sequence(String name, int type) {
        return join(field(1, name), field(2, field(4, field(1, field(1, field(1, type))))));
    }

    /** A tensor that may be absent. */
    static byte[] optional(String name, int type, Object... shape) {
        byte[] tensor = value(name, type, shape);
        byte[] start = field(1, name);
        // A value is its name, and its type in the field 2, of fewer than 128 bytes.
        byte[] kind = Arrays.copyOfRange(tensor, start.length + 2, tensor.length);
        return join(start, field(2, field(9, field(1, kind))));
    }

    /** Weights that lie in another file. */
    static byte[] external(String name, int count, String location) {
        return join(
                field(1, count),
                field(2, FLOAT),
                field(8, name),
                field(13, join(field(1, "location"), field(2, location))),
                field(14, 1));
    }

    private static byte[] repeated(int number, byte[]... messages) {
        return join(
                Arrays.stream(messages).map(message -> field(number, message)).toArray(byte[][]::new));
    }

    private static byte[] field(int number, String text) {
        return field(number, text.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] field(int number, byte[] bytes) {
        return join(varint(number << 3 | 2), varint(bytes.length), bytes);
    }

    private static byte[] field(int number, long value) {
        return join(varint(number << 3), varint(value));
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long left = value;
        while ((left & ~0x7fL) != 0) {
            bytes.write((int) (left & 0x7f | 0x80));
            left >>>= 7;
        }
        bytes.write((int) left);
        return bytes.toByteArray();
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            bytes.writeBytes(part);
        }
        return bytes.toByteArray();
    }
}
