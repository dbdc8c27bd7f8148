package dev.holdfast.host.grpc;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.config.GrpcConfig;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.wire.BoundSocket;
import dev.holdfast.host.wire.Scope;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A gRPC server on one port. Closing it lets running calls end, for a second, and takes no new ones. */
final class GrpcServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(GrpcServer.class);

    private static final int THREADS = 128;
    private static final int LARGE_ANSWER_THREADS = 16;
    private static final int EVENT_LOOPS = 2;
    private static final long STOP_MILLIS = 1_000;
    private static final long LOOPS_STOP_MILLIS = 2_000;

    /** Bytes that a call, and a connection, may send ahead of what is read: what a flood of slow ones may hold. */
    private static final int WINDOW = 256 * 1024;

    private static final int MOST_CALLS_OF_A_CONNECTION = 256;

    /** A caller may take back so many calls in a window of time; more is a flood. */
    private static final int MOST_RESETS = 1_000;

    private static final int RESETS_SECONDS = 10;

    /** Who asks a connection more often whether it lives is cut off. */
    private static final long FASTEST_PINGS_SECONDS = 5;

    /** A caller that has gone without a word is noticed after this and half of it. */
    private static final long PING_SECONDS = 60;

    private final Server server;
    private final EventLoopGroup loops;
    private final ExecutorService threads;
    private final ExecutorService large;
    private final ScheduledExecutorService timer;

    private GrpcServer(
            Server server,
            EventLoopGroup loops,
            ExecutorService threads,
            ExecutorService large,
            ScheduledExecutorService timer) {
        this.server = server;
        this.loops = loops;
        this.threads = threads;
        this.large = large;
        this.timer = timer;
    }

    /** Answers on a bound socket from now on; closing the server closes the socket. */
    static GrpcServer start(GrpcApi api, GrpcConfig own, BoundSocket socket, GrpcHost host) throws IOException {
        LibraryLog.install();
        String name = "grpc-" + (api == GrpcApi.INFERENCE ? "inference" : "management");
        HostConfig config = host.config();
        EventLoopGroup loops = new MultiThreadIoEventLoopGroup(
                EVENT_LOOPS, DaemonThreads.named(name + "-io"), NioIoHandler.newFactory());
        ExecutorService threads = DaemonThreads.pool(name, THREADS);
        ExecutorService large = DaemonThreads.pool(name + "-large-answer", LARGE_ANSWER_THREADS);
        ScheduledExecutorService timer = DaemonThreads.singleScheduled(name + "-timer");
        NettyServerBuilder builder = NettyServerBuilder.forAddress(
                        socket.channel().getLocalAddress())
                .channelFactory(() -> new BoundChannel(
                        socket.channel(),
                        config.http().maxConnections(),
                        config.http().maxConnectionsPerAddress()))
                .bossEventLoopGroup(loops)
                .workerEventLoopGroup(loops)
                .executor(threads)
                .maxInboundMessageSize(config.http().maxRequestSize())
                .addStreamTracerFactory(UnfinishedRequests.of(config.http().maxRequestSize()))
                .flowControlWindow(WINDOW)
                .maxConcurrentCallsPerConnection(MOST_CALLS_OF_A_CONNECTION)
                .maxRstFramesPerWindow(MOST_RESETS, RESETS_SECONDS)
                .handshakeTimeout(config.http().requestHeadTimeout().toMillis(), TimeUnit.MILLISECONDS)
                .permitKeepAliveTime(FASTEST_PINGS_SECONDS, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(PING_SECONDS / 2, TimeUnit.SECONDS)
                .intercept(new CallGuard(api == GrpcApi.INFERENCE ? Scope.INFERENCE : Scope.MANAGEMENT, host, timer));
        own.connectionAge().ifPresent(age -> builder.maxConnectionAge(age.toMillis(), TimeUnit.MILLISECONDS));
        own.connectionGrace()
                .ifPresent(grace -> builder.maxConnectionAgeGrace(grace.toMillis(), TimeUnit.MILLISECONDS));
        if (socket.address().tls()) {
            builder.sslContext(TlsOfCalls.context(host.keys().orElseThrow()));
        }
        List<ServerServiceDefinition> services = new ArrayList<>();
        if (api == GrpcApi.INFERENCE) {
            GrpcPredictions predictions = new GrpcPredictions(host, large);
            services.add(UnreadableRequests.of(new InferenceService(host, predictions).bindService()));
            if (config.http().openInferenceProtocol()) {
                ServerServiceDefinition open =
                        UnreadableRequests.of(new OpenInferenceService(host, predictions).bindService());
                services.add(open);
                services.add(SecondName.of(open));
            }
        } else {
            services.add(UnreadableRequests.of(new ManagementService(host).bindService()));
        }
        services.forEach(builder::addService);
        builder.addService(new HealthService(
                host.operations().host(),
                services.stream()
                        .map(service -> service.getServiceDescriptor().getName())
                        .toList(),
                timer));
        builder.addService(ProtoReflectionServiceV1.newInstance());
        builder.addService(olderReflection());
        Server server = builder.build().start();
        log.info(
                "gRPC is answered on {}, since somebody calls", socket.address().authority());
        return new GrpcServer(server, loops, threads, large, timer);
    }

    @SuppressWarnings("deprecation") // What clients of some years ago ask for.
    private static io.grpc.BindableService olderReflection() {
        return ProtoReflectionService.newInstance();
    }

    @Override
    public void close() {
        try {
            server.shutdown();
            if (!server.awaitTermination(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
                server.shutdownNow();
                server.awaitTermination(STOP_MILLIS, TimeUnit.MILLISECONDS);
            }
            loops.shutdownGracefully(0, STOP_MILLIS, TimeUnit.MILLISECONDS).await(LOOPS_STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            server.shutdownNow();
        } finally {
            timer.shutdownNow();
            threads.shutdown();
            large.shutdown();
        }
    }
}
