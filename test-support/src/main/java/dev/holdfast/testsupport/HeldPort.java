package dev.holdfast.testsupport;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Objects;

/**
 * A loopback port on which nobody listens, kept for a server that is away for a while: connections are refused, and the
 * system gives it to no other process that asks for any free port, such as a host of the same test.
 */
public final class HeldPort implements AutoCloseable {

    private final Socket socket;

    private HeldPort(Socket socket) {
        this.socket = socket;
    }

    /** Holds a port as soon as it is free: a listener that was closed goes on until the thread that waits in it has woken. */
    public static HeldPort hold(int port) {
        return new HeldPort(
                await().ignoreExceptionsInstanceOf(BindException.class).until(() -> bound(port), Objects::nonNull));
    }

    private static Socket bound(int port) throws IOException {
        Socket socket = new Socket();
        try {
            // Connections of the server that was here may not be forgotten yet.
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
