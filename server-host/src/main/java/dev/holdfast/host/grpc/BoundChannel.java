package dev.holdfast.host.grpc;

import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel over a socket that is bound already. It closes connections beyond the limits as soon as they come.
 *
 * <p>Connections come on one thread, and end on many.
 */
final class BoundChannel extends NioServerSocketChannel {

    private static final Logger log = LoggerFactory.getLogger(BoundChannel.class);
    private static final long MINUTE_NANOS = 60_000_000_000L;

    private final int most;
    private final int mostOfOneAddress;
    private final Map<InetAddress, Integer> open = new HashMap<>();
    private int count;
    private long toldNanos = System.nanoTime() - MINUTE_NANOS;
    private volatile boolean handedOver;

    /**
     * @param most how many connections there may be at once; 0 for any number
     * @param mostOfOneAddress how many of them may come from one address; 0 for any number
     */
    BoundChannel(ServerSocketChannel socket, int most, int mostOfOneAddress) {
        super(socket);
        this.most = most;
        this.mostOfOneAddress = mostOfOneAddress;
    }

    @Override
    protected void doBind(@Nullable SocketAddress any) {
        handedOver = true;
    }

    /** Not before it is handed over, when everything is in place that takes connections. */
    @Override
    public boolean isActive() {
        return handedOver && super.isActive();
    }

    @Override
    protected int doReadMessages(List<Object> connections) throws Exception {
        int read = super.doReadMessages(connections);
        if (read <= 0) {
            return read;
        }
        Channel connection = (Channel) connections.get(connections.size() - 1);
        InetAddress address = address(connection);
        if (!take(address)) {
            connections.remove(connections.size() - 1);
            connection.unsafe().closeForcibly();
            return read;
        }
        connection.closeFuture().addListener(ended -> leave(address));
        return read;
    }

    private static InetAddress address(Channel connection) {
        return connection.remoteAddress() instanceof InetSocketAddress peer && peer.getAddress() != null
                ? peer.getAddress()
                : InetAddress.getLoopbackAddress();
    }

    private synchronized boolean take(InetAddress address) {
        int own = open.getOrDefault(address, 0);
        boolean full = (most > 0 && count >= most) || (mostOfOneAddress > 0 && own >= mostOfOneAddress);
        if (full) {
            if (System.nanoTime() - toldNanos >= MINUTE_NANOS) {
                toldNanos = System.nanoTime();
                log.warn(
                        "gRPC connections are turned away: {} are open, {} of them from {}; max_connections is {},"
                                + " max_connections_per_address {}",
                        count,
                        own,
                        address.getHostAddress(),
                        most,
                        mostOfOneAddress);
            }
            return false;
        }
        count++;
        open.put(address, own + 1);
        return true;
    }

    private synchronized void leave(InetAddress address) {
        count--;
        open.computeIfPresent(address, (any, own) -> own > 1 ? own - 1 : null);
    }
}
