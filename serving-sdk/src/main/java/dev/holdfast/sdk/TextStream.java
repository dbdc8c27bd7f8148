package dev.holdfast.sdk;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Bytes that whoever reads them cannot change: the JDK's own hands its array to the stream that it is transferred to. */
final class TextStream extends ByteArrayInputStream {

    private static final int PIECE = 8192;

    TextStream(byte[] text) {
        super(text);
    }

    @Override
    public synchronized long transferTo(OutputStream out) throws IOException {
        long transferred = 0;
        while (pos < count) {
            int length = Math.min(PIECE, count - pos);
            out.write(Arrays.copyOfRange(buf, pos, pos + length));
            pos += length;
            transferred += length;
        }
        return transferred;
    }
}
