package dev.holdfast.host.runtime.process;

import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.Header;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.GatheringByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Messages from the host to a worker, and from a worker in Java to its host. All integers are signed, 32 bits, big-endian; a field is its length and its bytes; the
 * length -1 ends a list. Large values are not copied.
 */
final class WireWriter {

    /** What is longer goes out as it is, without a copy. */
    private static final int COPIED = 4096;

    /** As many buffers as one call of the operating system takes. */
    private static final int MOST_BUFFERS = 512;

    private static final int NO_GPU = -1;

    private final List<ByteBuffer> buffers = new ArrayList<>();
    private final Pending pending = new Pending();

    private static final class Pending extends ByteArrayOutputStream {

        void putInt(int value) {
            write(value >>> 24);
            write(value >>> 16);
            write(value >>> 8);
            write(value);
        }
    }

    /** The order to load a model, on no GPU. */
    static WireWriter load(String model, int batchSize, WorkerLaunch.LoadOrder order) {
        WireWriter writer = new WireWriter();
        writer.pending.write('L');
        writer.text(model);
        writer.text(order.directory());
        writer.pending.putInt(batchSize);
        writer.text(order.handler());
        writer.pending.putInt(NO_GPU);
        writer.text(order.envelope());
        writer.pending.write(order.limitPixels() ? 1 : 0);
        return writer;
    }

    /** A batch. */
    static WireWriter predict(List<HandlerRequest> requests) {
        WireWriter writer = new WireWriter();
        writer.pending.write('I');
        for (HandlerRequest request : requests) {
            writer.text(request.id());
            for (Header header : request.headers()) {
                writer.text(header.name());
                writer.text(header.value());
            }
            writer.end();
            for (HandlerRequest.Parameter parameter : request.parameters()) {
                writer.text(parameter.name());
                writer.text(parameter.contentType());
                writer.field(parameter.bytes());
            }
            writer.end();
        }
        writer.end();
        return writer;
    }

    /**
     * What a worker says to an order.
     *
     * @param answers by the ids of the requests
     */
    static WireWriter reply(int code, String message, Map<String, HandlerAnswer> answers) {
        WireWriter writer = new WireWriter();
        writer.pending.putInt(code);
        writer.text(message);
        answers.forEach((id, answer) -> {
            writer.text(id);
            writer.text(answer.contentType());
            writer.pending.putInt(answer.status());
            writer.text("");
            writer.pending.putInt(answer.headers().size());
            for (Header header : answer.headers()) {
                writer.text(header.name());
                writer.text(header.value());
            }
            writer.field(answer.bytes());
        });
        writer.end();
        return writer;
    }

    private void end() {
        pending.putInt(-1);
    }

    private void text(String value) {
        field(value.getBytes(StandardCharsets.UTF_8));
    }

    private void field(byte[] value) {
        pending.putInt(value.length);
        if (value.length <= COPIED) {
            pending.writeBytes(value);
        } else {
            flush();
            buffers.add(ByteBuffer.wrap(value));
        }
    }

    private void flush() {
        if (pending.size() > 0) {
            buffers.add(ByteBuffer.wrap(pending.toByteArray()));
            pending.reset();
        }
    }

    /** Sends it, all of it; once. */
    void to(GatheringByteChannel channel) throws IOException {
        flush();
        ByteBuffer[] all = buffers.toArray(ByteBuffer[]::new);
        for (int first = 0; first < all.length; ) {
            if (all[first].hasRemaining()) {
                channel.write(all, first, Math.min(MOST_BUFFERS, all.length - first));
            } else {
                first++;
            }
        }
    }
}
