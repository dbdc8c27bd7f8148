package dev.holdfast.host.codec;

import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A library's decompressing stream that keeps the promise of the SDK: damaged input is an {@link IOException}.
 *
 * <p>On some damage the libraries throw what a bug would throw: an index that is out of bounds, an illegal state. At an
 * early end some throw an exception without a word.
 */
final class DecodingStream extends FilterInputStream {

    private final String codec;

    private DecodingStream(String codec, InputStream library) {
        super(library);
        this.codec = codec;
    }

    /** Makes a library's stream; some read the header already then. */
    @FunctionalInterface
    interface Opening {
        InputStream open() throws IOException;
    }

    static InputStream of(String codec, Opening opening) throws IOException {
        try {
            return new DecodingStream(codec, opening.open());
        } catch (EOFException | RuntimeException e) {
            throw damaged(codec, e);
        }
    }

    @Override
    public int read() throws IOException {
        try {
            return in.read();
        } catch (EOFException | RuntimeException e) {
            throw damaged(codec, e);
        }
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        try {
            return in.read(target, offset, length);
        } catch (EOFException | RuntimeException e) {
            throw damaged(codec, e);
        }
    }

    @Override
    public long skip(long count) throws IOException {
        try {
            return in.skip(count);
        } catch (EOFException | RuntimeException e) {
            throw damaged(codec, e);
        }
    }

    private static IOException damaged(String codec, Exception e) {
        return new IOException("The input of codec " + codec + " is damaged or ends too early: " + e, e);
    }
}
