package dev.holdfast.host.rpc;

import dev.holdfast.host.api.EngineOperations;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ListenAddress;
import dev.holdfast.host.metrics.RpcMeasures;
import dev.holdfast.host.runtime.classifier.OnlineClassifier;
import dev.holdfast.host.text.OneLine;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A door by which clients of Jubatus reach the classifiers of a host. There are no tokens on this wire: whoever reaches the
 * address may teach, clear and save.
 */
public final class RpcDoor implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RpcDoor.class);
    private static final int WORKING_THREADS = 32;
    private static final int UNREAD = 1 << 17;

    private final EventLoopGroup loops;
    private final ThreadPoolExecutor threads;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final DoorOptions options;
    private final AtomicBoolean full = new AtomicBoolean();
    /** Set before the first connection is taken. */
    private volatile @Nullable Calls calls;

    private @Nullable Channel listening;

    private RpcDoor(DoorOptions options) {
        this.options = options;
        this.loops = new MultiThreadIoEventLoopGroup(
                options.threads(), DaemonThreads.named("rpc"), NioIoHandler.newFactory());
        this.threads = DaemonThreads.pool("rpc-work", WORKING_THREADS);
    }

    /**
     * Begins to answer.
     *
     * @param measures told of calls and connections
     * @param version the host's
     * @throws ConfigException if the address cannot be listened on, the directory is none, or the model file is not taken
     */
    public static RpcDoor open(DoorOptions options, EngineOperations models, RpcMeasures measures, String version) {
        if (!Files.isDirectory(options.directory())) {
            throw new ConfigException("The directory of model files, " + options.directory()
                    + ", is not there; make it, or" + " name another one with rpc_datadir");
        }
        RpcDoor door = new RpcDoor(options);
        try {
            door.listen(models, measures, version);
            return door;
        } catch (RuntimeException | Error e) {
            door.close();
            throw e;
        }
    }

    private void listen(EngineOperations models, RpcMeasures measures, String version) {
        // The port is in the names of files, so it is known before the first call is taken.
        Channel channel = bind();
        listening = channel;
        ListenAddress address = address();
        ModelDirectory files = new ModelDirectory(options.directory(), ip(address.host()) + "_" + address.port());
        files.clean();
        Engine<OnlineClassifier> engine = ClassifierMethods.engine(
                new ServerStatus(version, options.directory(), options.idle(), options.threads(), System.nanoTime()));
        Calls answering = new Calls(models, engine, files, measures, threads);
        options.modelFile().ifPresent(file -> take(answering.model(engine, ""), file));
        calls = answering;
        channel.config().setAutoRead(true);
        if (!address.isLoopback()) {
            log.warn(
                    "RPC on {}:{} asks for no token: whoever reaches it may teach, clear and save the classifiers",
                    address.host(),
                    address.port());
        }
    }

    private Channel bind() {
        BufferedBytes buffered = new BufferedBytes(
                Math.max(4L * options.longest(), Runtime.getRuntime().maxMemory() / 8));
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(UNREAD / 2, UNREAD))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel connection) {
                        take(connection, buffered);
                    }
                });
        ChannelFuture bound = bootstrap
                .bind(new InetSocketAddress(options.host(), options.port()))
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new ConfigException(
                    "The RPC address " + options.host() + ":" + options.port() + " cannot be listened on: "
                            + OneLine.of(bound.cause()) + "; choose another one with --rpc-port",
                    bound.cause());
        }
        return bound.channel();
    }

    /** Once, until half of them have gone: a flood of connections must not become one of lines. */
    private void tellFull() {
        if (full.compareAndSet(false, true)) {
            log.warn(
                    "RPC has {} connections, as many as max_connections allows; further ones are closed until some of these"
                            + " end. Raise max_connections, or lower rpc_timeout, which ends those without calls",
                    options.connections());
        }
    }

    private void take(SocketChannel connection, BufferedBytes buffered) {
        if (options.connections() > 0 && connections.size() >= options.connections()) {
            tellFull();
            log.debug("{} is closed, for there are {} connections", connection.remoteAddress(), options.connections());
            connection.close();
            return;
        }
        if (connections.size() <= options.connections() / 2) {
            full.set(false);
        }
        connections.add(connection);
        Calls answering = Objects.requireNonNull(calls);
        answering.measures().opened();
        connection.closeFuture().addListener(closed -> answering.measures().closed());
        if (!options.idle().isZero()) {
            connection
                    .pipeline()
                    .addLast(new IdleStateHandler(0, 0, options.idle().toMillis(), TimeUnit.MILLISECONDS));
        }
        connection.pipeline().addLast(new RpcConnection(answering, buffered, options.longest()));
    }

    private static void take(CalledModel<OnlineClassifier> model, Path file) {
        if (!model.asked().labels().isEmpty()) {
            log.warn(
                    "Model file {} is not loaded, for model {} has come back with what it had learned; to take the file,"
                            + " let a client load it, or start with an empty directory",
                    file,
                    model.found().name());
            return;
        }
        try {
            FileMethods.load(model, file, OnlineClassifier::load);
            log.info(
                    "Model {} has taken what model file {} holds", model.found().name(), file);
        } catch (IOException | RuntimeException e) {
            throw new ConfigException("Model file " + file + " cannot be loaded: " + OneLine.of(e), e);
        }
    }

    /** The address in the names of files: where all addresses are listened on, one of the machine's own. */
    private static String ip(String host) {
        try {
            InetAddress address = InetAddress.getByName(host);
            if (!address.isAnyLocalAddress()) {
                return address.getHostAddress().replace(':', '.');
            }
            return NetworkInterface.networkInterfaces()
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(some -> some instanceof Inet4Address && !some.isLoopbackAddress())
                    .map(InetAddress::getHostAddress)
                    .findFirst()
                    .orElse("127.0.0.1");
        } catch (UnknownHostException | SocketException e) {
            return "127.0.0.1";
        }
    }

    /** Where it listens. */
    public ListenAddress address() {
        InetSocketAddress local =
                (InetSocketAddress) Objects.requireNonNull(listening).localAddress();
        return new ListenAddress(local.getAddress().getHostAddress(), local.getPort());
    }

    /** Takes no more connections and calls; those that run end, and are answered where that does not take long. */
    @Override
    public void close() {
        if (listening != null) {
            listening.close().awaitUninterruptibly();
        }
        threads.shutdown();
        try {
            if (!threads.awaitTermination(5, TimeUnit.SECONDS)) {
                log.warn("Calls by RPC that have not ended in 5 s are given up");
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            threads.shutdownNow();
        }
        connections.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
