package dev.holdfast.host.http;

import dev.holdfast.host.common.DaemonThreads;
import io.javalin.http.Context;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.Connection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The callers that wait for predictions. Who waits for long is checked regularly, so that nothing is computed for a caller
 * that has gone; for short waits that would cost more than it saves.
 */
final class Callers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Callers.class);
    private static final long LOOK_MILLIS = 200;

    private final Set<Caller> waiting = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService looks = DaemonThreads.singleScheduled("http-callers");

    Callers() {
        looks.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /**
     * Watches the caller of a request whose body was read.
     *
     * @param gone run, on a thread of this, if the caller goes before it is {@linkplain #answered answered}
     */
    Caller watch(Context context, Runnable gone) {
        Connection connection = ServletContextRequest.getServletContextRequest(context.req())
                .getConnectionMetaData()
                .getConnection();
        if (!(connection instanceof Connection.UpgradeTo http)) {
            throw new IllegalStateException("A connection of another kind than HTTP/1.1: " + connection);
        }
        Caller caller = new Caller(connection.getEndPoint(), http, gone);
        waiting.add(caller);
        return caller;
    }

    /** To be called before the first byte of the answer is sent. */
    void answered(Caller caller) {
        waiting.remove(caller);
        caller.isAnswered();
    }

    private void look() {
        for (Iterator<Caller> callers = waiting.iterator(); callers.hasNext(); ) {
            Caller caller = callers.next();
            try {
                if (caller.waitsForNanos() >= LOOK_MILLIS * 1_000_000 && !caller.look()) {
                    waiting.remove(caller);
                }
            } catch (RuntimeException | Error e) {
                // It would end the schedule.
                waiting.remove(caller);
                log.debug("A caller cannot be looked at", e);
            }
        }
    }

    @Override
    public void close() {
        looks.shutdownNow();
    }
}
