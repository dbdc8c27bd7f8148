package dev.holdfast.sdk;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** The gzip format of RFC 1952, by the JDK. */
record GzCodec(int level) implements Codec {

    static final int DEFAULT_LEVEL = Deflater.DEFAULT_COMPRESSION;

    private static final int BUFFER = 8192;

    @Override
    public String name() {
        return "gz";
    }

    @Override
    public Codec atLevel(int other) {
        if (other < Deflater.BEST_SPEED || other > Deflater.BEST_COMPRESSION) {
            throw new IllegalArgumentException("Codec gz has the levels 1 to 9, not " + other);
        }
        return new GzCodec(other);
    }

    @Override
    public OutputStream compress(OutputStream sink) throws IOException {
        return new LevelledStream(sink, level);
    }

    @Override
    public InputStream decompress(InputStream source) throws IOException {
        return new GZIPInputStream(source, BUFFER);
    }

    /** The JDK's stream, whose level no constructor sets. */
    private static final class LevelledStream extends GZIPOutputStream {

        LevelledStream(OutputStream sink, int level) throws IOException {
            super(sink, BUFFER);
            def.setLevel(level);
        }
    }
}
