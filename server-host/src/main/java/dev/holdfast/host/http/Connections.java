package dev.holdfast.host.http;

import dev.holdfast.host.wire.Json;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits the connections of a listener, in all and per address, the time that the head of a request may take, and the time
 * that a caller may take over an answer. A connection too many gets 503, a head that takes too long 408; both are closed. A
 * caller who takes an answer too slowly is cut off.
 */
final class Connections extends Handler.Wrapper implements Connection.Listener {

    private static final Logger log = LoggerFactory.getLogger(Connections.class);
    private static final long LOOK_MILLIS = 500;
    private static final long LOG_NANOS = Duration.ofMinutes(1).toNanos();

    /** What a session has until TLS is agreed on, by {@link javax.net.ssl.SSLEngine#getSession}. */
    private static final String NO_CIPHER = "SSL_NULL_WITH_NULL_NULL";

    private final String listener;
    private final CallerLimits limits;
    private final Map<Connection, Client> open = new ConcurrentHashMap<>();
    private final Map<InetAddress, Integer> perAddress = new ConcurrentHashMap<>();
    private final AtomicInteger turnedAway = new AtomicInteger();
    private long lastLogged = System.nanoTime() - LOG_NANOS;

    /**
     * @param listener its name in the log
     */
    Connections(String listener, CallerLimits limits) {
        this.listener = listener;
        this.limits = limits;
    }

    @Override
    public void onOpened(Connection connection) {
        if (connection instanceof SslConnection) {
            // The one that it carries is opened too.
            return;
        }
        Optional<InetAddress> address = address(connection.getEndPoint());
        open.put(connection, new Client(connection, address));
        int ofAddress =
                address.map(from -> perAddress.merge(from, 1, Integer::sum)).orElse(0);
        if (limits.connections() > 0 && open.size() > limits.connections()) {
            turnAway(
                    connection,
                    503,
                    "There are more connections than max_connections, " + limits.connections() + "; try again.");
        } else if (limits.perAddress() > 0 && ofAddress > limits.perAddress()) {
            turnAway(
                    connection,
                    503,
                    "There are more connections from this address than max_connections_per_address, "
                            + limits.perAddress() + "; try again.");
        }
    }

    @Override
    public void onClosed(Connection connection) {
        Client client = open.remove(connection);
        if (client != null) {
            // A closed end point no longer knows its address.
            client.address.ifPresent(
                    from -> perAddress.computeIfPresent(from, (any, count) -> count == 1 ? null : count - 1));
        }
    }

    private static Optional<InetAddress> address(EndPoint endPoint) {
        SocketAddress remote = endPoint.getRemoteSocketAddress();
        return remote instanceof InetSocketAddress internet
                ? Optional.ofNullable(internet.getAddress())
                : Optional.empty();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Client client = open.get(request.getConnectionMetaData().getConnection());
        if (client != null) {
            client.asks();
            Request.addCompletionListener(request, failure -> client.isAnswered());
        }
        return super.handle(request, response, callback);
    }

    /** Looks at all connections from now on, as long as the scheduler runs. */
    void watch(Scheduler scheduler) {
        scheduler.schedule(
                () -> {
                    long now = System.nanoTime();
                    open.values().forEach(client -> client.look(now));
                    logTurnedAway(now);
                    watch(scheduler);
                },
                LOOK_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /**
     * Cuts off the caller that has been slow to take its answer for longest.
     *
     * @return false if none has been for long
     */
    boolean cutOffSlowest() {
        long now = System.nanoTime();
        Optional<CallerEndPoint> slowest = open.keySet().stream()
                .map(connection -> CallerEndPoint.of(connection.getEndPoint()))
                .filter(caller -> caller.blockedFor(now) > CallerLimits.GRACE.toNanos())
                .max(Comparator.comparingLong(caller -> caller.blockedFor(now)));
        slowest.ifPresent(
                caller -> cutOff(caller, "It takes its answer more slowly than the memory for answers allows"));
        return slowest.isPresent();
    }

    private void cutOff(CallerEndPoint caller, String why) {
        turnedAway.incrementAndGet();
        caller.cutOff(why);
    }

    private void logTurnedAway(long now) {
        if (turnedAway.get() > 0 && now - lastLogged >= LOG_NANOS) {
            lastLogged = now;
            log.warn(
                    "{} turned away {} connections: too many at once, or too slow with the head of a request or in taking an"
                            + " answer; see max_connections, max_connections_per_address, request_head_timeout and"
                            + " response_body_timeout",
                    listener,
                    turnedAway.getAndSet(0));
        }
    }

    /** Whether TLS is still being agreed on, so that nothing can be said yet. */
    private static boolean shakesHands(Connection connection) {
        return connection.getEndPoint() instanceof SslConnection.SslEndPoint tls
                && NO_CIPHER.equals(
                        tls.getSslConnection().getSSLEngine().getSession().getCipherSuite());
    }

    /** Only one that has a request at a time is what requests know of their connection, too. */
    private static boolean isHttp1(Connection connection) {
        return connection instanceof ConnectionMetaData;
    }

    private void turnAway(Connection connection, int status, String message) {
        if (shakesHands(connection) || !isHttp1(connection)) {
            cutOff(CallerEndPoint.of(connection.getEndPoint()), message);
            return;
        }
        turnedAway.incrementAndGet();
        ErrorAnswer error = new ErrorAnswer(
                status, status == 408 ? "RequestTimeoutException" : "ServiceUnavailableException", message, true);
        byte[] body = Json.pretty(error.toMap());
        String head = "HTTP/1.1 " + status + (status == 408 ? " Request Timeout" : " Service Unavailable") + "\r\n"
                + "Content-Type: " + Answers.JSON + "\r\nContent-Length: " + body.length + "\r\n"
                + Answers.retryAfter(status).map(field -> field + "\r\n").orElse("") + "Connection: close\r\n\r\n";
        EndPoint endPoint = connection.getEndPoint();
        try {
            endPoint.write(
                    Callback.from(endPoint::close, failure -> endPoint.close()),
                    ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)),
                    ByteBuffer.wrap(body));
        } catch (RuntimeException e) {
            log.debug("A connection of {} could not be told why it is closed", listener, e);
            endPoint.close();
        }
    }

    /** One connection, and whether it is in the middle of a head. */
    private final class Client {

        private final Connection connection;
        private final Optional<InetAddress> address;
        private boolean asking;
        private boolean gone;
        private long bytesBefore;
        private long headSince;
        private final long openedAt = System.nanoTime();

        Client(Connection connection, Optional<InetAddress> address) {
            this.connection = connection;
            this.address = address;
        }

        synchronized void asks() {
            asking = true;
            headSince = 0;
        }

        synchronized void isAnswered() {
            asking = false;
            bytesBefore = connection.getBytesIn();
        }

        synchronized void look(long now) {
            CallerEndPoint caller = CallerEndPoint.of(connection.getEndPoint());
            if (caller.blockedFor(now) > limits.answer().toNanos()) {
                cutOff(
                        caller,
                        "The answer was not taken whole within response_body_timeout, "
                                + limits.answer().toSeconds() + " s.");
            }
            if (shakesHands(connection)) {
                if (now - openedAt > limits.head().toNanos()) {
                    cutOff(caller, "TLS was not agreed on within request_head_timeout");
                }
                return;
            }
            if (!isHttp1(connection)) {
                // Of HTTP/2, whose frames come also between requests; the library bounds them.
                return;
            }
            if (asking || gone || connection.getBytesIn() <= bytesBefore) {
                return;
            }
            if (headSince == 0) {
                headSince = now;
            } else if (now - headSince > limits.head().toNanos()) {
                gone = true;
                turnAway(
                        connection,
                        408,
                        "The request's head did not arrive whole within request_head_timeout, "
                                + limits.head().toSeconds() + " s.");
            }
        }
    }
}
