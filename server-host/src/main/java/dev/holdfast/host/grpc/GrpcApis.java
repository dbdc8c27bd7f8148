package dev.holdfast.host.grpc;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.GrpcConfig;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.wire.BoundSocket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gRPC side of a host: inference and management, each on a port of its own.
 *
 * <pre>
 *   bind ─▶ the ports are taken ─▶ serve ─▶ one thread waits for callers ─▶ the first one ─▶ gRPC is loaded and answers
 * </pre>
 *
 * <p>What connects before that waits in the socket's backlog. So a host that nobody asks by gRPC loads none of its classes; nothing
 * in this class may name one.
 */
public final class GrpcApis implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(GrpcApis.class);

    private record Port(GrpcConfig config, BoundSocket socket) {}

    private final Map<GrpcApi, Port> ports;
    private final List<AutoCloseable> answering = new ArrayList<>();
    private Optional<FirstCallers> waiting = Optional.empty();
    private boolean closed;

    private GrpcApis(Map<GrpcApi, Port> ports) {
        this.ports = ports;
    }

    /**
     * Takes the ports. A default port that something else has is done without, and said.
     *
     * @throws ConfigException if a port that the operator chose cannot be had; none is kept then
     */
    public static GrpcApis bind(HostConfig config) {
        GrpcApis apis = new GrpcApis(new EnumMap<>(GrpcApi.class));
        try {
            apis.bind(GrpcApi.INFERENCE, config.listen().grpcInference());
            apis.bind(GrpcApi.MANAGEMENT, config.listen().grpcManagement());
            return apis;
        } catch (RuntimeException | Error e) {
            apis.close();
            throw e;
        }
    }

    private void bind(GrpcApi api, GrpcConfig wanted) {
        try {
            ports.put(
                    api, new Port(wanted, BoundSocket.bind(wanted.key(), wanted.address(), ListenAddress::authority)));
        } catch (ConfigException e) {
            if (wanted.portIsSet() || !isOfThisMachine(wanted.address())) {
                throw e;
            }
            log.warn(
                    "{} {} is in use, and {} over gRPC is not answered; set {} to a free port, or stop what uses this one",
                    wanted.key(),
                    wanted.address().port(),
                    api == GrpcApi.INFERENCE ? "inference" : "management",
                    wanted.key());
        }
    }

    private static boolean isOfThisMachine(ListenAddress address) {
        try (ServerSocketChannel any = ServerSocketChannel.open()) {
            any.bind(new InetSocketAddress(address.host(), 0));
            return true;
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }

    /** Answers from now on. */
    public void serve(GrpcHost host) {
        FirstCallers callers = new FirstCallers();
        ports.forEach((api, port) -> callers.await(port.socket().channel(), () -> begin(api, port, host)));
        callers.start();
        waiting = Optional.of(callers);
    }

    private void begin(GrpcApi api, Port port, GrpcHost host) {
        try {
            AutoCloseable server = GrpcServer.start(api, port.config(), port.socket(), host);
            synchronized (this) {
                if (!closed) {
                    answering.add(server);
                    return;
                }
            }
            close(server);
        } catch (IOException | RuntimeException | LinkageError e) {
            log.error(
                    "gRPC on {} cannot be answered: {}", port.socket().address().authority(), e.toString(), e);
            port.socket().close();
        }
    }

    /** Where inference is answered; empty if it is not. */
    public Optional<ListenAddress> inference() {
        return address(GrpcApi.INFERENCE);
    }

    /** Where management is answered; empty if it is not. */
    public Optional<ListenAddress> management() {
        return address(GrpcApi.MANAGEMENT);
    }

    private Optional<ListenAddress> address(GrpcApi api) {
        return Optional.ofNullable(ports.get(api)).map(port -> port.socket().address());
    }

    /** Listens no more, and cuts off what is still under way after a second. */
    @Override
    public void close() {
        List<AutoCloseable> servers;
        synchronized (this) {
            closed = true;
            servers = List.copyOf(answering);
        }
        waiting.ifPresent(FirstCallers::close);
        servers.forEach(GrpcApis::close);
        ports.values().forEach(port -> port.socket().close());
    }

    private static void close(AutoCloseable server) {
        try {
            server.close();
        } catch (Exception e) {
            log.error("A gRPC server could not be stopped: {}", e.toString(), e);
        }
    }
}
