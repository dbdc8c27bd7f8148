package dev.holdfast.host.archive;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The answer to one HTTP/1.1 request on a connection that is closed after it (RFC 9112): its status and its body.
 *
 * @param length of the body; empty if it ends with the connection
 * @param body not bounded, as the head is: its reader counts
 */
record HttpAnswer(int status, OptionalLong length, InputStream body) {

    private static final int LONGEST_HEAD = 32 << 10;

    /** Reads the head of an answer; the body is read as it is asked for. */
    static HttpAnswer read(InputStream in) throws IOException {
        HeadReader head = new HeadReader(in, LONGEST_HEAD);
        int status = status(head.line());
        Map<String, String> fields = new HashMap<>();
        for (String line = head.line(); !line.isEmpty(); line = head.line()) {
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new IOException("the server's answer holds a header without a name");
            }
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            String value = line.substring(colon + 1).strip();
            String earlier = fields.put(name, value);
            if (name.equals("content-length") && earlier != null && !earlier.equals(value)) {
                throw new IOException("the server's answer has two lengths");
            }
        }
        if (!fields.getOrDefault("content-encoding", "identity").equalsIgnoreCase("identity")) {
            throw new IOException("the server's answer is compressed, which was not asked for");
        }
        String transfer = fields.get("transfer-encoding");
        if (transfer != null) {
            if (!transfer.equalsIgnoreCase("chunked")) {
                throw new IOException("the server's answer has a transfer encoding other than chunked");
            }
            return new HttpAnswer(status, OptionalLong.empty(), new ChunkedBody(in));
        }
        String length = fields.get("content-length");
        return length == null
                ? new HttpAnswer(status, OptionalLong.empty(), in)
                : new HttpAnswer(status, OptionalLong.of(number(length, 10)), in);
    }

    private static int status(String line) throws IOException {
        if (!line.matches("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) {
            throw new IOException("the server does not speak HTTP/1.1");
        }
        return Integer.parseInt(line.substring(9, 12));
    }

    private static long number(String text, int radix) throws IOException {
        if (!text.matches(radix == 10 ? "[0-9]{1,18}" : "[0-9a-fA-F]{1,15}")) {
            throw new IOException("the server's answer has a length that is not a number");
        }
        return Long.parseLong(text, radix);
    }

    /** Reads lines, byte by byte from a buffered stream, and never more than it may. */
    private static final class HeadReader {

        private final InputStream in;
        private int left;

        HeadReader(InputStream in, int longest) {
            this.in = in;
            this.left = longest;
        }

        String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) {
                    throw new EOFException("the server's answer ended early");
                }
                if (--left < 0) {
                    throw new IOException("the head of the server's answer is too long");
                }
                line.write(c);
            }
            String text = line.toString(StandardCharsets.ISO_8859_1);
            return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        }
    }

    /** A body in chunks, each after a line with its length; the one of length 0 ends it. */
    private static final class ChunkedBody extends InputStream {

        private static final int LONGEST_LINE = 1024;

        private final InputStream in;
        private long left;
        private boolean first = true;
        private boolean ended;

        ChunkedBody(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (left == 0 && !ended) {
                nextChunk();
            }
            if (ended) {
                return -1;
            }
            int count = in.read(bytes, offset, (int) Math.min(length, left));
            if (count < 0) {
                throw new EOFException("the server's answer ended early");
            }
            left -= count;
            return count;
        }

        private void nextChunk() throws IOException {
            if (!first && !new HeadReader(in, LONGEST_LINE).line().isEmpty()) {
                throw new IOException("a chunk of the server's answer is longer than it says");
            }
            first = false;
            String line = new HeadReader(in, LONGEST_LINE).line();
            left = number(line.split(";", 2)[0].strip(), 16);
            ended = left == 0;
        }
    }
}
