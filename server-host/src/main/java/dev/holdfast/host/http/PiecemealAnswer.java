package dev.holdfast.host.http;

import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that is sent in chunks, each when it comes, and no thread waits for the caller.
 *
 * <pre>
 *   begin ─▶ add ─▶ add … ─▶ end      every byte is sent, and the future of end is done
 *                      └───▶ breakOff the connection is closed without the last chunk, so that the caller sees it
 * </pre>
 *
 * <p>Pieces that a slow caller has not taken yet are held up to a limit; then it is cut off. Safe for several threads.
 */
final class PiecemealAnswer {

    private static final Logger log = LoggerFactory.getLogger(PiecemealAnswer.class);
    private static final String ATTRIBUTE = PiecemealAnswer.class.getName();

    private final Response response;
    private final CallerEndPoint caller;
    private final String id;
    private final int mostHeld;
    private final CompletableFuture<Void> sent = new CompletableFuture<>();
    private final Writing writing = new Writing();

    // Guarded by this.
    private final Deque<ByteBuffer> waiting = new ArrayDeque<>();
    private long held;
    private boolean ended;
    private boolean broken;

    private PiecemealAnswer(Context context, int mostHeld) {
        ServletContextRequest request = ServletContextRequest.getServletContextRequest(context.req());
        this.response = request.getServletContextResponse();
        this.caller = CallerEndPoint.of(
                request.getConnectionMetaData().getConnection().getEndPoint());
        this.id = context.res().getHeader(HeaderNames.REQUEST_ID);
        this.mostHeld = mostHeld;
    }

    /**
     * Begins one; the status and the headers of the response are those that are sent.
     *
     * @param mostHeld how many bytes may wait for the caller to take them
     */
    static PiecemealAnswer begin(Context context, int mostHeld) {
        PiecemealAnswer begun = new PiecemealAnswer(context, mostHeld);
        WholeAnswers.letThrough(begun.response);
        context.attribute(ATTRIBUTE, begun);
        return begun;
    }

    /** The one that was begun for a request. */
    static Optional<PiecemealAnswer> of(Context context) {
        return Optional.ofNullable(context.attribute(ATTRIBUTE));
    }

    /** Sends a piece, once those before it are sent. */
    void add(byte[] piece) {
        synchronized (this) {
            if (broken || ended) {
                return;
            }
            if (held > 0 && held + piece.length > mostHeld) {
                log.warn(
                        "The answer to request {} was broken off: its caller has not taken {} bytes of it, and more than"
                                + " max_response_size, {} bytes, are not held",
                        id,
                        held,
                        mostHeld);
                discard();
                // What is being written never ends otherwise; its failure completes the response.
                caller.cutOff("It does not take its answer");
                return;
            }
            held += piece.length;
            waiting.add(ByteBuffer.wrap(piece));
        }
        writing.iterate();
    }

    /**
     * Nothing comes any more.
     *
     * @return done when all is sent, or the caller has gone; the response may be completed then
     */
    CompletableFuture<Void> end(byte[] last) {
        if (last.length > 0) {
            add(last);
        }
        synchronized (this) {
            ended = true;
        }
        writing.iterate();
        return sent;
    }

    /** What follows cannot be sent: a caller must not take what it has for all. */
    void breakOff(String why) {
        synchronized (this) {
            if (!broken) {
                log.warn("The answer to request {} was broken off after a part of it was sent: {}", id, why);
                discard();
                sent.complete(null);
            }
        }
    }

    private void discard() {
        broken = true;
        waiting.clear();
        WholeAnswers.breakOff(response);
    }

    /** Writes one piece after the other; the library's loop, so that pieces which are taken at once do not pile up calls. */
    private final class Writing extends IteratingCallback {

        private int bytes;

        @Override
        protected Action process() {
            @Nullable ByteBuffer next;
            synchronized (PiecemealAnswer.this) {
                held -= bytes;
                bytes = 0;
                next = broken ? null : waiting.poll();
                if (next == null) {
                    return ended || broken ? Action.SUCCEEDED : Action.IDLE;
                }
                bytes = next.remaining();
            }
            response.write(false, next, this);
            return Action.SCHEDULED;
        }

        @Override
        protected void onCompleteSuccess() {
            sent.complete(null);
        }

        @Override
        protected void onCompleteFailure(Throwable failure) {
            log.debug("The caller of request {} has gone, or was cut off", id, failure);
            synchronized (PiecemealAnswer.this) {
                broken = true;
                waiting.clear();
            }
            sent.complete(null);
        }
    }
}
