package dev.holdfast.host.archive;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/** Writes {@code .tar.gz} files that no decent tool would write: any names, kinds, sizes and sums. */
final class Tars {

    private final ByteArrayOutputStream blocks = new ByteArrayOutputStream();

    static Tars noop() {
        return new Tars().add("noop/MAR-INF/MANIFEST.json", Zips.NOOP);
    }

    Tars add(String name, String content) {
        return add(name, '0', content, content.getBytes(StandardCharsets.UTF_8).length);
    }

    /** @param size what the header says */
    Tars add(String name, char type, String content, long size) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 124, String.format(Locale.ROOT, "%011o", size));
        header[156] = (byte) type;
        put(header, 257, "ustar\00000");
        put(header, 148, "        ");
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, String.format(Locale.ROOT, "%06o\0 ", sum));
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        blocks.writeBytes(header);
        blocks.writeBytes(bytes);
        blocks.writeBytes(new byte[(512 - bytes.length % 512) % 512]);
        return this;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    byte[] bytes() {
        return blocks.toByteArray();
    }

    Path write(Path file) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write(bytes());
            out.write(new byte[1024]);
        }
        return file;
    }
}
