package dev.holdfast.host;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** Small ONNX models as bytes, in the words of onnx.proto. */
public final class OnnxFiles {

    private static final int INT64 = 7;
    private static final int FLOAT = 1;

    private OnnxFiles() {}

    /** {@code z = x / y} of whole numbers: ends the process with SIGFPE for the least of them and -1, and answers else. */
    public static byte[] divider() {
        return model(message(
                field(1, message(field(1, "x"), field(1, "y"), field(2, "z"), field(4, "Div"))),
                field(2, "g"),
                field(11, value("x", INT64)),
                field(11, value("y", INT64)),
                field(12, value("z", INT64))));
    }

    /** A model that ends the process with SIGFPE while it is loaded: a block size of 16 for rows that have none. */
    public static byte[] crashAtLoad() {
        return HexFormat.of()
                .parseHex("0808120268343a93020a7b0a01640a01690a0173120179221447617468657242"
                        + "6c6f636b5175616e74697a65642a120a0b6761746865725f617869731800a001"
                        + "022a140a0d7175616e74697a655f617869731801a001022a110a0a626c6f636b"
                        + "5f73697a651810a001022a0b0a04626974731800a001023a0d636f6d2e6d6963"
                        + "726f736f66741201672a4b0804081010024201644a4001010101010101010101"
                        + "0101010101010101010101010101010101010101010101010101010101010101"
                        + "010101010101010101010101010101010101010101012a1b0804080110014201"
                        + "734a10000000000000803f00000040000040405a100a0169120b0a0908071205"
                        + "0a0312016162150a017912100a0e0801120a0a031201700a0312017142040a00"
                        + "101142110a0d636f6d2e4d6963726f736f66741001");
    }

    /** {@code z = x + w}, whose weights are in a file beside the model: 8 bytes, two numbers. */
    public static byte[] adderWithWeightsIn(String location) {
        byte[] weights = message(
                number(1, 2),
                number(2, FLOAT),
                field(8, "w"),
                field(13, message(field(1, "location"), field(2, location))),
                number(14, 1));
        return model(message(
                field(1, message(field(1, "x"), field(1, "w"), field(2, "z"), field(4, "Add"))),
                field(2, "g"),
                field(5, weights),
                field(11, value("x", FLOAT)),
                field(12, value("z", FLOAT))));
    }

    public static Path write(Path directory, String name, byte[] bytes) throws IOException {
        Files.createDirectories(directory);
        return Files.write(directory.resolve(name), bytes);
    }

    private static byte[] model(byte[] graph) {
        return message(number(1, 8), field(7, graph), field(8, message(number(2, 17))));
    }

    /** A tensor of two elements. */
    private static byte[] value(String name, int type) {
        byte[] shape = message(field(1, message(number(1, 2))));
        return message(field(1, name), field(2, message(field(1, message(number(1, type), field(2, shape))))));
    }

    public static byte[] message(byte[]... fields) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] field : fields) {
            out.writeBytes(field);
        }
        return out.toByteArray();
    }

    public static byte[] field(int number, String text) {
        return field(number, text.getBytes(StandardCharsets.UTF_8));
    }

    public static byte[] field(int number, byte[] bytes) {
        return message(varint((long) number << 3 | 2), varint(bytes.length), bytes);
    }

    public static byte[] number(int number, long value) {
        return message(varint((long) number << 3), varint(value));
    }

    private static byte[] varint(long value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
        return out.toByteArray();
    }
}
