package dev.holdfast.host.http;

import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Reserves some of a listener's threads for health probes, so that they are answered while long calls, such as registrations
 * of large models, hold all others. Further calls wait for their turn without a thread.
 */
final class KeptThreads extends LaterHandler {

    private static final Set<String> KEPT_FOR = Set.of("/ping", "/v2/health/live", "/v2/health/ready", "/metrics");

    private final Semaphore others;
    private final Executor threads;
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

    /**
     * @param others how many threads of {@code threads} other calls may hold at once
     */
    KeptThreads(int others, Executor threads) {
        this.others = new Semaphore(others);
        this.threads = threads;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (isKeptFor(request)) {
            return super.handle(request, response, callback);
        }
        if (others.tryAcquire()) {
            try {
                return super.handle(request, response, callback);
            } finally {
                others.release();
                next();
            }
        }
        waiting.add(() -> onItsTurn(request, response, callback));
        // A call may have ended before this one was in the queue.
        next();
        return true;
    }

    private static boolean isKeptFor(Request request) {
        String path = request.getHttpURI().getPath();
        return KEPT_FOR.contains(path.endsWith("/") ? path.substring(0, path.length() - 1) : path);
    }

    private void next() {
        while (!waiting.isEmpty() && others.tryAcquire()) {
            Runnable call = waiting.poll();
            if (call == null) {
                others.release();
            } else {
                threads.execute(call);
            }
        }
    }

    private void onItsTurn(Request request, Response response, Callback callback) {
        try {
            goOn(request, response, callback);
        } finally {
            others.release();
            next();
        }
    }
}
