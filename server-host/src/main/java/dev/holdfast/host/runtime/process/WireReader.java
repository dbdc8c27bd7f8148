package dev.holdfast.host.runtime.process;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.Header;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Messages from a worker to the host, and from a host to a worker in Java. What a handler does to its process can put anything on the wire, so nothing is taken
 * on its word: no length takes memory before it is compared with a limit.
 */
final class WireReader {

    /** A message, a content type, a header: for people and programs to read, not to carry data. */
    private static final int LONGEST_TEXT = 1 << 20;

    private static final int MOST_HEADERS = 1000;
    private static final int END = -1;

    private final ReadableByteChannel channel;
    private final int longestBody;
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).limit(0);

    /** @param longestBody of one answer, in bytes; one that is longer is passed over, and answered by a failure */
    WireReader(ReadableByteChannel channel, int longestBody) {
        this.channel = channel;
        this.longestBody = longestBody;
    }

    /** What a worker says to an order. */
    record Reply(int code, String message, Map<String, HandlerAnswer> answers) {}

    /** What is no message of a worker; whatever follows it on the wire means nothing. */
    static final class MalformedException extends IOException {

        private static final long serialVersionUID = 1;

        MalformedException(String message) {
            super(message);
        }
    }

    /**
     * The next message.
     *
     * @param most how many answers it may hold
     * @throws EOFException if the worker has closed the connection
     * @throws MalformedException if it is none
     */
    Reply read(int most) throws IOException {
        int code = integer();
        String message = text("message", integer());
        Map<String, HandlerAnswer> answers = new LinkedHashMap<>();
        for (int length = integer(); length != END; length = integer()) {
            String id = text("request id", length);
            if (answers.size() == most) {
                throw new MalformedException("more than " + most + " answers");
            }
            if (answers.put(id, answer()) != null) {
                throw new MalformedException("two answers to one request");
            }
        }
        return new Reply(code, message, answers);
    }

    /** The order of a host that comes next; a batch is a list of requests, an order to load has none. */
    record Order(Optional<WorkerLaunch.LoadOrder> load, List<HandlerRequest> requests) {}

    /**
     * As a worker reads it.
     *
     * @throws EOFException if the host has closed the connection
     */
    Order order() throws IOException {
        byte command = bytes("command", 1, 1)[0];
        if (command == 'L') {
            text("model", integer());
            String directory = text("directory", integer());
            integer();
            String handler = text("handler", integer());
            integer();
            String envelope = text("envelope", integer());
            boolean limitPixels = bytes("flag", 1, 1)[0] != 0;
            return new Order(
                    Optional.of(new WorkerLaunch.LoadOrder(directory, handler, envelope, limitPixels)), List.of());
        }
        if (command != 'I') {
            throw new MalformedException("the command " + command);
        }
        List<HandlerRequest> requests = new ArrayList<>();
        for (int length = integer(); length != END; length = integer()) {
            requests.add(request(text("request id", length)));
        }
        return new Order(Optional.empty(), requests);
    }

    private HandlerRequest request(String id) throws IOException {
        List<Header> headers = new ArrayList<>();
        for (int length = integer(); length != END; length = integer()) {
            String name = text("header", length);
            headers.add(new Header(name, text("header", integer())));
        }
        List<HandlerRequest.Parameter> parameters = new ArrayList<>();
        for (int length = integer(); length != END; length = integer()) {
            String name = text("parameter", length);
            String type = text("content type", integer());
            parameters.add(HandlerRequest.Parameter.of(name, type, bytes("value", integer(), longestBody)));
        }
        return new HandlerRequest(id, headers, parameters);
    }

    private HandlerAnswer answer() throws IOException {
        String contentType = text("content type", integer());
        int status = integer();
        // HTTP/1.1 asks nobody to read it, and the host's own library has no place for it.
        text("reason phrase", integer());
        int count = integer();
        if (count < 0 || count > MOST_HEADERS) {
            throw new MalformedException(count + " headers");
        }
        List<Header> headers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String name = text("header", integer());
            headers.add(new Header(name, text("header", integer())));
        }
        int length = integer();
        if (length > longestBody) {
            skip(length);
            HandlerAnswer failure = HandlerAnswer.failure(
                    500,
                    "The handler's answer of " + length + " bytes is larger than max_response_size, " + longestBody
                            + " bytes.");
            // The headers say whether a further piece follows.
            return new HandlerAnswer(failure.status(), "", headers, failure.body(), true);
        }
        return HandlerAnswer.of(status, contentType, headers, bytes("body", length, longestBody));
    }

    private String text(String what, int length) throws IOException {
        return new String(bytes(what, length, LONGEST_TEXT), StandardCharsets.UTF_8);
    }

    private int integer() throws IOException {
        while (buffer.remaining() < Integer.BYTES) {
            fill();
        }
        return buffer.getInt();
    }

    private byte[] bytes(String what, int length, int longest) throws IOException {
        if (length < 0 || length > longest) {
            throw new MalformedException("a " + what + " of " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        int taken = Math.min(length, buffer.remaining());
        buffer.get(bytes, 0, taken);
        ByteBuffer rest = ByteBuffer.wrap(bytes, taken, length - taken);
        while (rest.hasRemaining()) {
            if (channel.read(rest) < 0) {
                throw new EOFException();
            }
        }
        return bytes;
    }

    private void skip(int length) throws IOException {
        long left = length;
        while (left > 0) {
            if (!buffer.hasRemaining()) {
                fill();
            }
            int some = (int) Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + some);
            left -= some;
        }
    }

    private void fill() throws IOException {
        buffer.compact();
        int count = channel.read(buffer);
        buffer.flip();
        if (count < 0) {
            throw new EOFException();
        }
    }
}
