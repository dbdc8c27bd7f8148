package dev.holdfast.host.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Takes an answer whole from the thread that writes it, and sends it without a thread: callers that take a byte now and then
 * hold nothing but their connection and the answer, until {@link Connections} cuts them off.
 *
 * <p>Where such answers together are larger than their share of the memory, the caller that has been slow for longest is cut off
 * at once; where none is slow, a further answer goes out piece by piece, and its thread waits for the caller.
 *
 * <p>An answer that is not small is packed where its caller accepts that.
 *
 * <p>Answers that are {@linkplain #letThrough let through} are those of a {@link PiecemealAnswer}, whose pieces nobody is to wait for.
 */
final class WholeAnswers extends Handler.Wrapper {

    /** Below, the headers that packing needs cost more than it saves. */
    private static final int LEAST_PACKED = 1024;

    private final long mostHeld;
    private final BooleanSupplier makeRoom;
    private final AtomicLong held = new AtomicLong();

    /**
     * @param mostHeld how many bytes of answers, all together, are held at once
     * @param makeRoom cuts off a caller that takes its answer slowly; false if there is none
     */
    WholeAnswers(long mostHeld, BooleanSupplier makeRoom) {
        this.mostHeld = mostHeld;
        this.makeRoom = makeRoom;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        return super.handle(request, new Answer(request, response), callback);
    }

    /** From now on each piece of this answer is sent as it comes. */
    static void letThrough(Response response) {
        Answer answer = Response.as(response, Answer.class);
        if (answer != null) {
            answer.begun = true;
        }
    }

    /** Nothing more is sent of an answer that was let through: its connection is closed when the response is completed. */
    static void breakOff(Response response) {
        Answer answer = Response.as(response, Answer.class);
        if (answer != null) {
            answer.broken = true;
        }
    }

    /** One answer; used by one thread at a time. */
    private final class Answer extends Response.Wrapper {

        private final ByteArrayOutputStream pieces = new ByteArrayOutputStream(0);
        /** As many bytes as were ever held, until the answer is sent to the last byte, or will not be. */
        private long holds;

        private volatile boolean begun;
        private volatile boolean broken;

        Answer(Request request, Response response) {
            super(request, response);
        }

        @Override
        public void write(boolean last, @Nullable ByteBuffer piece, Callback callback) {
            if (!begun && !last && mayHold(BufferUtil.length(piece))) {
                pieces.writeBytes(BufferUtil.toArray(piece));
                BufferUtil.clear(piece);
                callback.succeeded();
                return;
            }
            boolean whole = !begun && last;
            begun = true;
            if (broken) {
                callback.failed(new EofException("The answer was broken off"));
                return;
            }
            if (whole && pieces.size() + BufferUtil.length(piece) >= LEAST_PACKED) {
                Optional<Coding> wanted = mayPack() ? Coding.wanted(getRequest().getHeaders()) : Optional.empty();
                if (wanted.isPresent()) {
                    pieces.writeBytes(BufferUtil.toArray(piece));
                    BufferUtil.clear(piece);
                    super.write(true, ByteBuffer.wrap(packed(wanted.get())), callback);
                    return;
                }
            }
            if (pieces.size() == 0) {
                super.write(last, piece, callback);
                return;
            }
            // Small beside the others: what a writer has gathered meanwhile, or nothing.
            pieces.writeBytes(BufferUtil.toArray(piece));
            BufferUtil.clear(piece);
            ByteBuffer all = ByteBuffer.wrap(pieces.toByteArray());
            pieces.reset();
            super.write(last, all, callback);
        }

        private boolean mayPack() {
            return !getHeaders().contains(HttpHeader.CONTENT_ENCODING);
        }

        private byte[] packed(Coding coding) {
            byte[] packed = coding.pack(pieces.toByteArray());
            pieces.reset();
            getHeaders().put(HttpHeader.CONTENT_ENCODING, coding.text());
            getHeaders().add(HttpHeader.VARY, HttpHeader.ACCEPT_ENCODING.asString());
            getHeaders().put(HttpHeader.CONTENT_LENGTH, packed.length);
            return packed;
        }

        private boolean mayHold(long more) {
            return hold(more) || (makeRoom.getAsBoolean() && hold(more));
        }

        private boolean hold(long more) {
            if (held.addAndGet(more) > mostHeld) {
                held.addAndGet(-more);
                return false;
            }
            if (holds == 0) {
                Request.addCompletionListener(getRequest(), failure -> held.addAndGet(-holds));
            }
            holds += more;
            return true;
        }

        @Override
        public void reset() {
            super.reset();
            pieces.reset();
        }
    }
}
