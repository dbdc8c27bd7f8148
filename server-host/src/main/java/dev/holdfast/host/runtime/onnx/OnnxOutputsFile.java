package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.text.Utf8;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads from an ONNX file which outputs its graph has: those messages of onnx.proto alone, for all else is skipped unread.
 * ONNX Runtime has loaded the file already, so that its form is right.
 */
final class OnnxOutputsFile {

    private static final int VARINT = 0;
    private static final int EIGHT_BYTES = 1;
    private static final int MESSAGE = 2;
    private static final int FOUR_BYTES = 5;

    private static final int LONGEST_OUTPUT = 1 << 20;
    private static final String[] KINDS = {
        "", "tensor", "", "", "sequence", "map", "", "opaque", "sparse tensor", "optional"
    };

    private final InputStream in;
    private long position;

    private OnnxOutputsFile(InputStream in) {
        this.in = in;
    }

    /**
     * One output.
     *
     * @param kind what it is, such as {@code tensor} or {@code optional}
     * @param elementType its number in {@code TensorProto.DataType}; 0 for what is no tensor
     * @param shape of a tensor; -1 where any size will do, empty where the file does not say
     */
    record Output(String name, String kind, int elementType, List<Long> shape) {}

    static List<Output> read(Path file) throws IOException {
        List<Output> outputs = new ArrayList<>();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            OnnxOutputsFile model = new OnnxOutputsFile(in);
            long size = Files.size(file);
            while (model.position < size) {
                long tag = model.varint();
                // ModelProto.graph
                if (tag == (7 << 3 | MESSAGE)) {
                    model.readGraph(model.varint(), outputs);
                } else {
                    model.skip(tag);
                }
            }
        }
        return outputs;
    }

    private void readGraph(long length, List<Output> outputs) throws IOException {
        long end = position + length;
        while (position < end) {
            long tag = varint();
            // GraphProto.output
            if (tag == (12 << 3 | MESSAGE)) {
                outputs.add(output(bytes()));
            } else {
                skip(tag);
            }
        }
    }

    /** A ValueInfoProto: its name, and its TypeProto. */
    private static Output output(byte[] message) throws IOException {
        String name = Utf8.decode(field(message, 1));
        byte[] type = field(message, 2);
        if (type.length == 0) {
            return new Output(name, "unknown", 0, List.of());
        }
        int kind = type[0] >> 3;
        if (kind != 1) {
            return new Output(name, kind < KINDS.length ? KINDS[kind] : "unknown", 0, List.of());
        }
        byte[] tensor = field(type, 1);
        return new Output(name, KINDS[1], (int) number(tensor, 1, 0), shape(field(tensor, 2)));
    }

    /** A TensorShapeProto. */
    private static List<Long> shape(byte[] message) throws IOException {
        List<Long> shape = new ArrayList<>();
        OnnxOutputsFile reader = new OnnxOutputsFile(new ByteArrayInputStream(message));
        while (reader.position < message.length) {
            long tag = reader.varint();
            if (tag == (1 << 3 | MESSAGE)) {
                shape.add(number(reader.bytes(), 1, -1));
            } else {
                reader.skip(tag);
            }
        }
        return shape;
    }

    /** The message or the text in a field; empty where it is not there. */
    private static byte[] field(byte[] message, int number) throws IOException {
        OnnxOutputsFile reader = new OnnxOutputsFile(new ByteArrayInputStream(message));
        while (reader.position < message.length) {
            long tag = reader.varint();
            if (tag == (number << 3 | MESSAGE)) {
                return reader.bytes();
            }
            reader.skip(tag);
        }
        return new byte[0];
    }

    private static long number(byte[] message, int number, long otherwise) throws IOException {
        OnnxOutputsFile reader = new OnnxOutputsFile(new ByteArrayInputStream(message));
        while (reader.position < message.length) {
            long tag = reader.varint();
            if (tag == (number << 3 | VARINT)) {
                return reader.varint();
            }
            reader.skip(tag);
        }
        return otherwise;
    }

    private byte[] bytes() throws IOException {
        long length = varint();
        if (length < 0 || length > LONGEST_OUTPUT) {
            throw new IOException("An output takes " + length + " bytes in the file");
        }
        position += length;
        byte[] bytes = in.readNBytes((int) length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }

    private void skip(long tag) throws IOException {
        int kind = (int) tag & 7;
        long length = switch (kind) {
            case VARINT -> 0;
            case EIGHT_BYTES -> 8;
            case FOUR_BYTES -> 4;
            case MESSAGE -> varint();
            default -> throw new IOException("A field of the file is of the unknown kind " + kind);
        };
        if (kind == VARINT) {
            varint();
        }
        in.skipNBytes(length);
        position += length;
    }

    private long varint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException();
            }
            position++;
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new IOException("A number of the file has no end");
    }
}
