package dev.holdfast.host.http;

import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.wire.AuditLog;
import dev.holdfast.host.wire.BoundSocket;
import dev.holdfast.host.wire.OpenRequests;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Listeners with the routes of a test, without a host, tokens or limits of callers. */
final class BareListener {

    private BareListener() {}

    /**
     * Starts one on loopback, with 24 threads.
     *
     * @param grace for requests that run when it is closed
     * @param logs where calls that change something are written down
     */
    static Listener start(String name, Duration grace, Path logs, List<Route> routes) throws IOException {
        return Listener.start(
                name,
                BoundSocket.bind("management_address", new ListenAddress("127.0.0.1", 0)),
                24,
                grace,
                new CallerLimits(0, 0, Duration.ofSeconds(10), Duration.ofSeconds(10), 0, 1000, Duration.ofSeconds(10)),
                routes,
                new Pipeline(
                        Optional.empty(),
                        Map.of(),
                        new OpenRequests(),
                        status -> {},
                        context -> {},
                        caller -> {},
                        new Preconditions(() -> 0, revision -> {}),
                        new Audit(new AuditLog(logs), Clock.systemUTC())),
                Optional.empty(),
                Optional.empty());
    }
}
