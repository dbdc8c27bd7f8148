package dev.holdfast.host.grpc;

import dev.holdfast.host.common.DaemonThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits on one thread until somebody connects to a socket, and hands the socket over then, with the connection still in its
 * backlog. The thread ends when all sockets are handed over.
 */
final class FirstCallers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(FirstCallers.class);

    private final Selector selector;

    FirstCallers() {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("No selector can be had", e);
        }
    }

    /**
     * Waits for the first caller of a socket; to be called before {@link #start}.
     *
     * @param begin called once, on the thread that waits, which no longer uses the socket then
     */
    void await(ServerSocketChannel socket, Runnable begin) {
        try {
            socket.configureBlocking(false);
            socket.register(selector, SelectionKey.OP_ACCEPT, begin);
        } catch (IOException e) {
            throw new UncheckedIOException("A socket cannot be waited on", e);
        }
    }

    void start() {
        DaemonThreads.start("grpc-first-callers", this::run);
    }

    private void run() {
        try {
            while (selector.isOpen() && !selector.keys().isEmpty()) {
                selector.select();
                List<Runnable> called = new ArrayList<>();
                for (SelectionKey key : selector.selectedKeys()) {
                    called.add((Runnable) key.attachment());
                    key.cancel();
                }
                selector.selectedKeys().clear();
                // Lets go of the sockets whose keys were cancelled.
                selector.selectNow();
                called.forEach(Runnable::run);
            }
            selector.close();
        } catch (ClosedSelectorException e) {
            log.debug("No more callers are waited for");
        } catch (IOException e) {
            log.error("Callers of gRPC cannot be waited for, and are not answered: {}", e.toString(), e);
        }
    }

    @Override
    public void close() {
        try {
            selector.close();
        } catch (IOException e) {
            log.warn("The selector of gRPC could not be closed: {}", e.toString());
        }
    }
}
