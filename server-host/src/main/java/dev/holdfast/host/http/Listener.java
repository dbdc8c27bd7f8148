package dev.holdfast.host.http;

import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.tls.LiveKeys;
import dev.holdfast.host.wire.BoundSocket;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.router.Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HostHeaderCustomizer;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An HTTP server on one port. Closing it lets running requests end, for a time, and takes no new ones. */
record Listener(Javalin server, ListenAddress address, Lingering lingering) implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Listener.class);
    private static final int FEWEST_THREADS = 4;

    /** For the library itself and for health probes. */
    private static final int KEPT_THREADS = 16;

    private static final long IDLE_MILLIS = 60_000;

    /** How long a connection without a request is kept while stopping. */
    private static final long STOP_IDLE_MILLIS = 100;

    /**
     * Answers on a bound socket from now on; closing the listener closes the socket.
     *
     * @param threads how many requests it works on at once
     * @param limits what its connections may take of it
     * @param keys of a socket with TLS; empty for others
     * @param ownPages what keeps pages from elsewhere away; empty where callers show tokens
     * @param stopLimit how long running requests may take to end when it is closed
     */
    static Listener start(
            String name,
            BoundSocket socket,
            int threads,
            Duration stopLimit,
            CallerLimits limits,
            List<Route> routes,
            Pipeline pipeline,
            Optional<LiveKeys> keys,
            Optional<OwnPages> ownPages) {
        Connections connections = new Connections(name, limits);
        Lingering lingering = new Lingering();
        Javalin server = Javalin.create(config -> {
            quiet(config);
            QueuedThreadPool pool = new QueuedThreadPool(threads, FEWEST_THREADS);
            pool.setName(name);
            config.jetty.threadPool = pool;
            config.jetty.modifyServer(jetty -> {
                jetty.setStopTimeout(stopLimit.toMillis());
                jetty.setErrorHandler(new MalformedRequests());
                jetty.setHandler(around(connections, limits, pipeline, ownPages, pool));
            });
            config.jetty.modifyServletContextHandler(context -> context.setSessionHandler(new NoSessions()));
            config.jetty.addConnector((jetty, http) -> connector(jetty, http, socket, keys, connections, lingering));
            for (Route route : routes) {
                config.routes.addEndpoint(
                        Endpoint.create(route.method(), route.path()).handler(pipeline.guarded(route)));
            }
            pipeline.install(config, new AllowedMethods(routes, config.router));
        });
        server.start();
        connections.watch(server.jettyServer().server().getScheduler());
        return new Listener(server, socket.address(), lingering);
    }

    /** No caller has a session; to look for one costs each request a little, and the library asks for a handler. */
    private static final class NoSessions extends SessionHandler {

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            return getHandler().handle(request, response, callback);
        }
    }

    /** What a request goes through before its route. */
    private static Handler around(
            Connections connections,
            CallerLimits limits,
            Pipeline pipeline,
            Optional<OwnPages> ownPages,
            QueuedThreadPool threads) {
        ProperRequests proper = new ProperRequests();
        WholeBodies bodies = new WholeBodies(limits, pipeline::mayCall);
        WholeAnswers answers = new WholeAnswers(Runtime.getRuntime().maxMemory() / 4, connections::cutOffSlowest);
        connections.setHandler(answers);
        answers.setHandler(proper);
        proper.setHandler(bodies);
        ownPages.ifPresent(pages -> {
            pages.setHandler(bodies);
            proper.setHandler(pages);
        });
        KeptThreads kept = new KeptThreads(threads.getMaxThreads() - KEPT_THREADS, threads);
        bodies.setHandler(kept);
        kept.setHandler(new PackedBodies(limits.largestBody()));
        return connections;
    }

    /** Starts and stops a server without a socket, so that the classes of the real ones are there when they are needed. */
    static void warmUp() {
        Javalin server = Javalin.create(config -> {
            quiet(config);
            config.jetty.threadPool = new QueuedThreadPool(FEWEST_THREADS, 1);
            config.jetty.addConnector((jetty, http) -> new LocalConnector(jetty, new HttpConnectionFactory(http)));
        });
        server.start();
        server.stop();
    }

    private static void quiet(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.startup.startupWatcherEnabled = false;
        config.http.prefer405over404 = true;
        config.http.generateEtags = false;
        config.http.compressionStrategy = CompressionStrategy.NONE;
        config.router.ignoreTrailingSlashes = true;
    }

    private static Connector connector(
            Server jetty,
            HttpConfiguration http,
            BoundSocket socket,
            Optional<LiveKeys> keys,
            Connections connections,
            Lingering lingering) {
        http.setSendServerVersion(false);
        http.setSendXPoweredBy(false);
        if (socket.address().unix().isPresent()) {
            UnixConnector connector =
                    new UnixConnector(jetty, socket.channel(), lingering, new HttpConnectionFactory(http));
            connector.setIdleTimeout(IDLE_MILLIS);
            connector.setShutdownIdleTimeout(STOP_IDLE_MILLIS);
            connector.addBean(connections, false);
            return connector;
        }
        ServerConnector connector = new ServerConnector(jetty, 1, 1, protocols(http, keys)) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel channel, ManagedSelector selector, SelectionKey key) {
                CallerEndPoint caller = new CallerEndPoint(channel, selector, key, getScheduler(), lingering);
                caller.setIdleTimeout(getIdleTimeout());
                return caller;
            }
        };
        connector.setHost(socket.address().host());
        connector.setPort(socket.address().port());
        connector.setIdleTimeout(IDLE_MILLIS);
        connector.addBean(connections, false);
        connector.setShutdownIdleTimeout(STOP_IDLE_MILLIS);
        try {
            connector.open(socket.channel());
        } catch (IOException e) {
            throw new UncheckedIOException("The socket of " + socket.address() + " cannot be opened", e);
        }
        return connector;
    }

    private static ConnectionFactory[] protocols(HttpConfiguration http, Optional<LiveKeys> keys) {
        HttpConnectionFactory plain = new HttpConnectionFactory(http);
        if (keys.isEmpty()) {
            return new ConnectionFactory[] {plain};
        }
        // Callers may call by an address, which no certificate needs to have; whether it has is theirs to check.
        http.addCustomizer(new SecureRequestCustomizer(false));
        // HTTP/2 has no Host, but what says the same.
        http.addCustomizer(new HostHeaderCustomizer());
        return SecureProtocols.of(keys.get(), http, plain);
    }

    /** Not by Javalin, whose own stop fails where a request outlasts the time. */
    @Override
    public void close() {
        lingering.close();
        try {
            server.jettyServer().server().stop();
        } catch (TimeoutException e) {
            log.warn("Requests on {} that did not end in time were cut off by the stop", address);
        } catch (Exception e) {
            throw new IllegalStateException("The server on " + address + " could not be stopped: " + e, e);
        }
    }
}
