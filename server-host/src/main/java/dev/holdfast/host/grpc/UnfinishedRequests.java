package dev.holdfast.host.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the memory of all requests that are on their way, or not answered yet, together: each may be as large as
 * {@code max_request_size}, and callers may begin thousands. The one with which they are too large is refused as its bytes come.
 */
final class UnfinishedRequests extends ServerStreamTracer.Factory {

    private static final Context.Key<Request> KEY = Context.key("holdfast.unfinished");

    private final long most;
    private final AtomicLong held = new AtomicLong();

    /** @param most bytes of all together */
    UnfinishedRequests(long most) {
        this.most = most;
    }

    /** A quarter of the memory, as for bodies over HTTP; never less than what two requests may take. */
    static UnfinishedRequests of(int maxRequestSize) {
        return new UnfinishedRequests(Math.max(Runtime.getRuntime().maxMemory() / 4, 2L * maxRequestSize));
    }

    /** Says what ends the call that this thread works on, should it be too much. */
    static void endBy(Consumer<Status> end) {
        Request request = KEY.get();
        if (request != null) {
            request.endBy(end);
        }
    }

    /** How many bytes are held now. */
    long held() {
        return held.get();
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
        return new Request();
    }

    /** One call. Its bytes come on the thread of its connection, and its end is known to others. */
    final class Request extends ServerStreamTracer {

        private long arrived;
        private long unpacked;
        private long counted;
        private boolean refused;
        private boolean closed;
        private @Nullable Consumer<Status> end;

        private void endBy(Consumer<Status> how) {
            boolean late;
            synchronized (this) {
                end = how;
                late = refused;
            }
            if (late) {
                how.accept(tooMuch());
            }
        }

        @Override
        public Context filterContext(Context context) {
            return context.withValue(KEY, this);
        }

        /** The one before it is answered: a call with many requests takes them one by one. */
        @Override
        public synchronized void inboundMessage(int number) {
            held.addAndGet(-counted);
            counted = 0;
            arrived = 0;
            unpacked = 0;
        }

        @Override
        public void inboundWireSize(long bytes) {
            count(bytes, 0);
        }

        @Override
        public void inboundUncompressedSize(long bytes) {
            count(0, bytes);
        }

        private void count(long moreArrived, long moreUnpacked) {
            Consumer<Status> ended = null;
            synchronized (this) {
                arrived += moreArrived;
                unpacked += moreUnpacked;
                long more = Math.max(arrived, unpacked) - counted;
                if (closed || more <= 0) {
                    return;
                }
                counted += more;
                if (held.addAndGet(more) > most && !refused) {
                    refused = true;
                    ended = end;
                }
            }
            if (ended != null) {
                ended.accept(tooMuch());
            }
        }

        @Override
        public synchronized void streamClosed(Status status) {
            if (!closed) {
                closed = true;
                held.addAndGet(-counted);
            }
        }
    }

    private static Status tooMuch() {
        return Status.RESOURCE_EXHAUSTED.withDescription(
                "The requests that are under way together are larger than this host's memory has room for; try again.");
    }
}
