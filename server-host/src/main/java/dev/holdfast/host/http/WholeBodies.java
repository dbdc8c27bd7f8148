package dev.holdfast.host.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Receives the whole body of a request before a route sees it, without holding a thread. Callers that are slower than the
 * {@link CallerLimits} get 408. A body that is too large, broken or cut off is passed on to the route, which answers.
 */
final class WholeBodies extends LaterHandler {

    private static final long LOOK_MILLIS = 500;

    private final CallerLimits limits;
    private final Predicate<@Nullable String> mayCall;
    private final long mostHeld;
    private final AtomicLong held = new AtomicLong();

    /**
     * @param mayCall whether somebody with this header {@code Authorization} may call anything; a stranger's body is not
     *     waited for
     */
    WholeBodies(CallerLimits limits, Predicate<@Nullable String> mayCall) {
        this.limits = limits;
        this.mayCall = mayCall;
        mostHeld = Math.max(Runtime.getRuntime().maxMemory() / 4, 2L * limits.largestBody());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        HttpFields headers = request.getHeaders();
        long announced = headers.getLongField(HttpHeader.CONTENT_LENGTH);
        boolean none = announced <= 0 && !headers.contains(HttpHeader.TRANSFER_ENCODING);
        if (none || announced > limits.largestBody() || !mayCall.test(headers.get(HttpHeader.AUTHORIZATION))) {
            return super.handle(request, response, callback);
        }
        Body body = new Body(request, response, callback);
        return body.receive() ? super.handle(body.whole(), response, callback) : true;
    }

    /** A body that is arriving. */
    private final class Body implements Runnable {

        private final Request request;
        private final Response response;
        private final Callback callback;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream(1024);
        private long began;
        private boolean watched;
        private boolean settled;
        private Content.@Nullable Chunk failure;

        Body(Request request, Response response, Callback callback) {
            this.request = request;
            this.response = response;
            this.callback = callback;
        }

        /** Takes what is there; true when that is all, false when it will go on by itself. */
        boolean receive() {
            String refusal = "";
            synchronized (this) {
                while (!settled) {
                    Content.Chunk chunk = request.read();
                    if (chunk == null) {
                        watch();
                        request.demand(this);
                        return false;
                    } else if (Content.Chunk.isFailure(chunk)) {
                        failure = chunk;
                        return settle();
                    }
                    if (held.addAndGet(chunk.remaining()) > mostHeld) {
                        held.addAndGet(-chunk.remaining());
                        refusal = "The bodies of all requests together are larger than this host's memory has room for;"
                                + " try again.";
                        chunk.release();
                        settle();
                        break;
                    }
                    append(chunk);
                    if (chunk.isLast() || received.size() > limits.largestBody()) {
                        return settle();
                    }
                }
            }
            if (!refusal.isEmpty()) {
                refuse(503, "ServiceUnavailableException", refusal);
            }
            return false;
        }

        private void append(Content.Chunk chunk) {
            byte[] bytes = new byte[chunk.remaining()];
            chunk.getByteBuffer().get(bytes);
            received.writeBytes(bytes);
            chunk.release();
        }

        private boolean settle() {
            settled = true;
            held.addAndGet(-received.size());
            return true;
        }

        /** Begins when something has to be waited for first; most bodies come with their heads. */
        private void watch() {
            if (!watched) {
                watched = true;
                began = System.nanoTime();
                lookLater();
            }
        }

        private void lookLater() {
            request.getComponents().getScheduler().schedule(this::look, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }

        private void look() {
            String slow;
            synchronized (this) {
                if (settled) {
                    return;
                }
                slow = limits.slow(received.size(), Duration.ofNanos(System.nanoTime() - began));
                if (slow.isEmpty()) {
                    lookLater();
                    return;
                }
                settle();
            }
            refuse(408, "RequestTimeoutException", slow);
        }

        private void refuse(int status, String type, String message) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
            MalformedRequests.answer(request, response, callback, new ErrorAnswer(status, type, message, true));
        }

        /** More has come, or never will. */
        @Override
        public void run() {
            if (receive()) {
                goOn(whole(), response, callback);
            }
        }

        Request whole() {
            return failure == null
                    ? new Received(request, request.getHeaders(), received.toByteArray())
                    : new Received(request, failure);
        }
    }

    /** A request whose body is there. */
    static final class Received extends Request.Wrapper {

        private final HttpFields headers;
        private final byte @Nullable [] bytes;
        private Content.@Nullable Chunk next;

        /** Broken, or cut off. */
        private Received(Request request, Content.Chunk failure) {
            super(request);
            headers = request.getHeaders();
            bytes = null;
            next = failure;
        }

        private Received(Request request, HttpFields headers, byte[] bytes) {
            super(request);
            this.headers = headers;
            this.bytes = bytes;
            next = Content.Chunk.from(ByteBuffer.wrap(bytes), true);
        }

        /** The same request as if its body had come as these bytes. */
        Received(Received packed, byte[] unpacked) {
            this(
                    packed.getWrapped(),
                    HttpFields.build(packed.headers)
                            .remove(HttpHeader.CONTENT_ENCODING)
                            .remove(HttpHeader.TRANSFER_ENCODING)
                            .put(HttpHeader.CONTENT_LENGTH, unpacked.length)
                            .asImmutable(),
                    unpacked);
        }

        /** The body as it came; empty if it did not come whole. */
        Optional<byte[]> bytes() {
            return Optional.ofNullable(bytes);
        }

        @Override
        public HttpFields getHeaders() {
            return headers;
        }

        @Override
        public Content.Chunk read() {
            Content.Chunk chunk = next == null ? Content.Chunk.EOF : next;
            next = Content.Chunk.next(chunk);
            return chunk;
        }

        @Override
        public void demand(Runnable whenThere) {
            getContext().execute(whenThere);
        }
    }
}
