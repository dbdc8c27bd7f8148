package dev.holdfast.host.state;

import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** The codecs that this host offers to serializers. */
public final class Codecs {

    private Codecs() {}

    /** All of them: {@code none} and {@code gz}. */
    public static List<Codec> all() {
        return List.of(new None(), new Gz());
    }

    /** The bytes as they are. */
    private static final class None implements Codec {

        @Override
        public String name() {
            return "none";
        }

        @Override
        public OutputStream compress(OutputStream sink) {
            return sink;
        }

        @Override
        public InputStream decompress(InputStream source) {
            return source;
        }
    }

    /** The gzip format of RFC 1952. */
    private static final class Gz implements Codec {

        private static final int BUFFER = 8192;

        @Override
        public String name() {
            return "gz";
        }

        @Override
        public OutputStream compress(OutputStream sink) throws IOException {
            return new GZIPOutputStream(sink, BUFFER);
        }

        @Override
        public InputStream decompress(InputStream source) throws IOException {
            return new GZIPInputStream(source, BUFFER);
        }
    }
}
