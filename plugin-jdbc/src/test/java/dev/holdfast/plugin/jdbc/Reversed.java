package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** A codec that the plugin has never heard of: the bytes from last to first, and one more for each level. */
final class Reversed implements Codec {

    private final int level;

    Reversed() {
        this(0);
    }

    private Reversed(int level) {
        this.level = level;
    }

    @Override
    public String name() {
        return "reversed";
    }

    @Override
    public OutputStream compress(OutputStream sink) {
        return new ByteArrayOutputStream() {
            @Override
            public void close() throws IOException {
                sink.write(reverse(toByteArray()));
                sink.close();
            }
        };
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return new java.io.ByteArrayInputStream(reverse(source.readAllBytes()));
    }

    private static byte[] reverse(byte[] bytes) {
        byte[] reversed = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            reversed[i] = bytes[bytes.length - 1 - i];
        }
        return reversed;
    }

    @Override
    public Codec atLevel(int wanted) {
        return new Reversed(wanted);
    }

    @Override
    public String toString() {
        return "reversed at level " + level;
    }
}
