package dev.holdfast.sdk;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/**
 * A way to make bytes fewer. The host owns the codecs, so that native libraries load once and every store speaks the same
 * ones; a serializer asks {@link SerializerConfig#codec} for one, and records its name with what it stores.
 *
 * <p>Safe for use by several threads; the streams are not.
 */
public interface Codec {

    /** The name to record, such as {@code gz}: 1 to 10 characters. It says how to read, so it holds no level. */
    String name();

    /** Compresses what is written to it; closing it writes the end and closes {@code sink}. */
    OutputStream compress(OutputStream sink) throws IOException;

    /** What was compressed. Damaged input is an {@link IOException}; a reader bounds how much it takes. */
    InputStream decompress(InputStream source) throws IOException;

    /**
     * This codec at another level: the higher, the fewer bytes and the more time. Reading is the same at every level.
     *
     * @throws IllegalArgumentException if the codec has no levels, as is the default, or not this one
     */
    default Codec atLevel(int level) {
        throw new IllegalArgumentException("Codec " + name() + " has no levels, so not " + level + " either");
    }

    /** All of {@code bytes}, compressed. */
    default byte[] compress(byte[] bytes) {
        ByteArrayOutputStream sink = new ByteArrayOutputStream(Math.max(64, bytes.length / 2));
        try (OutputStream stream = compress(sink)) {
            stream.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("Codec " + name() + " cannot compress: " + e.getMessage(), e);
        }
        return sink.toByteArray();
    }

    /**
     * What was compressed, of which the size is known. Takes no more memory than that, however much the input promises.
     *
     * @param size the number of bytes before compression
     * @throws IOException with a message, if the input is damaged, or holds fewer or more than {@code size} bytes
     */
    default byte[] decompress(byte[] bytes, int size) throws IOException {
        try (InputStream stream = decompress(new ByteArrayInputStream(bytes))) {
            byte[] all = stream.readNBytes(size);
            if (all.length < size || stream.read() >= 0) {
                throw new IOException("Codec " + name() + " gave " + (all.length < size ? all.length : "more")
                        + " bytes where " + size + " were expected");
            }
            return all;
        } catch (EOFException e) {
            throw new IOException("Codec " + name() + " found the end of its input before it was expected", e);
        }
    }

    /** The bytes as they are, under the name {@code none}. */
    static Codec none() {
        return new NoCodec();
    }

    /** The gzip format of RFC 1952, under the name {@code gz}, with the levels 1 to 9. */
    static Codec gz() {
        return new GzCodec(GzCodec.DEFAULT_LEVEL);
    }
}
