package dev.holdfast.host.wire;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.ListenAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bound and not yet serving, so that a host gets all of its ports or none.
 *
 * @param address with the port that the system chose, where it was asked to
 * @param removal what is to be done beside closing it
 */
public record BoundSocket(ListenAddress address, ServerSocketChannel channel, Runnable removal)
        implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(BoundSocket.class);
    private static final int BACKLOG = 1024;

    /**
     * @param key the configuration key that gave the address
     * @throws ConfigException if the port is in use or the address is not this machine's
     */
    public static BoundSocket bind(String key, ListenAddress address) {
        return bind(key, address, ListenAddress::toString);
    }

    /** The same for an address that messages write otherwise. */
    public static BoundSocket bind(String key, ListenAddress address, Function<ListenAddress, String> written) {
        if (address.unix().isPresent()) {
            UnixSocket unix = UnixSocket.bind(key, address.unix().get());
            return new BoundSocket(address, unix.channel(), unix::remove);
        }
        InetSocketAddress socket = new InetSocketAddress(address.host(), address.port());
        if (socket.isUnresolved()) {
            throw new ConfigException(key + " " + written.apply(address) + " cannot be listened on: there is no host '"
                    + address.host() + "'; give an address of this machine, such as 127.0.0.1");
        }
        ServerSocketChannel channel = null;
        try {
            channel = ServerSocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(socket, BACKLOG);
            BoundSocket bound = new BoundSocket(
                    address.withPort(((InetSocketAddress) channel.getLocalAddress()).getPort()), channel, () -> {});
            if (!address.isLoopback()) {
                log.warn(
                        "{} {} can be reached from other machines; let only those through a firewall or proxy that"
                                + " should",
                        key,
                        written.apply(bound.address()));
            }
            return bound;
        } catch (IOException e) {
            close(channel, address);
            throw new ConfigException(
                    key + " " + written.apply(address) + " cannot be listened on: " + e.getMessage()
                            + "; stop what uses the port, or set " + key + " to another one",
                    e);
        }
    }

    @Override
    public void close() {
        removal.run();
        close(channel, address);
    }

    private static void close(@Nullable ServerSocketChannel channel, ListenAddress address) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                log.warn("The socket of {} could not be closed: {}", address, e.toString());
            }
        }
    }
}
