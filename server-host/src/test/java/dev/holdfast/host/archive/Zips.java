package dev.holdfast.host.archive;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Writes zip files that no decent tool would write: any names, kinds, sizes and sums. */
final class Zips {

    static final String NOOP = "{\"model\":{\"modelName\":\"noop\",\"handler\":\"noop\",\"modelVersion\":\"1.11\"}}";

    private final List<Entry> entries = new ArrayList<>();

    private record Entry(byte[] name, byte[] content, int mode, int size, int sum) {}

    /** A zip that is a valid archive until more is added. */
    static Zips noop() {
        return new Zips().add("MAR-INF/MANIFEST.json", NOOP);
    }

    Zips add(String name, String content) {
        return add(name, content.getBytes(StandardCharsets.UTF_8), 0100644);
    }

    Zips add(String name, byte[] content, int mode) {
        CRC32 sum = new CRC32();
        sum.update(content);
        entries.add(
                new Entry(name.getBytes(StandardCharsets.UTF_8), content, mode, content.length, (int) sum.getValue()));
        return this;
    }

    Zips addLying(String name, String content, int size, int sumDifference) {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        entries.add(new Entry(
                name.getBytes(StandardCharsets.UTF_8), bytes, 0100644, size, (int) sum.getValue() + sumDifference));
        return this;
    }

    /** Writes the zip, with all entries stored; the end record may lie about their number. */
    Path write(Path file) throws IOException {
        return write(file, entries.size());
    }

    Path write(Path file, int count) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            List<byte[]> directory = new ArrayList<>();
            int offset = 0;
            for (Entry entry : entries) {
                ByteBuffer local = buffer(30)
                        .putInt(0x04034b50)
                        .putShort((short) 20)
                        .putShort((short) 0x800)
                        .putShort((short) 0)
                        .putInt(0);
                sizes(local, entry).putShort((short) entry.name().length).putShort((short) 0);
                out.write(local.array());
                out.write(entry.name());
                out.write(entry.content());
                ByteBuffer central = buffer(46 + entry.name().length)
                        .putInt(0x02014b50)
                        .putShort((short) 0x314)
                        .putShort((short) 20)
                        .putShort((short) 0x800)
                        .putShort((short) 0)
                        .putInt(0);
                sizes(central, entry)
                        .putShort((short) entry.name().length)
                        .putShort((short) 0)
                        .putShort((short) 0)
                        .putShort((short) 0)
                        .putShort((short) 0)
                        .putInt(entry.mode() << 16)
                        .putInt(offset)
                        .put(entry.name());
                directory.add(central.array());
                offset += 30 + entry.name().length + entry.content().length;
            }
            int size = 0;
            for (byte[] central : directory) {
                out.write(central);
                size += central.length;
            }
            out.write(buffer(22)
                    .putInt(0x06054b50)
                    .putInt(0)
                    .putShort((short) count)
                    .putShort((short) count)
                    .putInt(size)
                    .putInt(offset)
                    .putShort((short) 0)
                    .array());
        }
        return file;
    }

    private static ByteBuffer sizes(ByteBuffer buffer, Entry entry) {
        return buffer.putInt(entry.sum()).putInt(entry.content().length).putInt(entry.size());
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
