package dev.holdfast.testkit;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a serializer and a store that has an address, and cuts them off from each other.
 *
 * <pre>
 *   serializer ──▶ 127.0.0.1:port() ──▶ the store
 *                      passes · refuses · is silent · loses answers
 * </pre>
 *
 * <p>Put its address into the configuration in place of the store's, for as long as the test class runs: it passes everything
 * on unless an {@linkplain #outages() outage} is under way. It listens on loopback, on a port of the system's choice. It knows
 * nothing of TLS: for a connection by TLS the store's certificate must be good for 127.0.0.1, or its name not be checked.
 */
public final class TcpProxy implements Closeable {

    private enum Mode {
        PASSES,
        /** New connections and old ones are reset. */
        REFUSES,
        /** Connections are made, and nothing comes through. */
        IS_SILENT,
        /** What is asked of the store reaches it, and its answers do not come back. */
        LOSES_ANSWERS
    }

    private final String host;
    private final int storePort;
    private final ServerSocket listener;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Mode mode = Mode.PASSES;

    private TcpProxy(String host, int storePort) throws IOException {
        this.host = host;
        this.storePort = storePort;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /** A proxy to a store. */
    public static TcpProxy to(String host, int port) {
        try {
            TcpProxy proxy = new TcpProxy(host, port);
            start("tcp-proxy", proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException("No port of loopback can be listened on", e);
        }
    }

    /** Where to connect in place of the store, at 127.0.0.1. */
    public int port() {
        return listener.getLocalPort();
    }

    /** The three ways in which the store is out of reach. */
    public List<Outage> outages() {
        return List.of(
                outage("refuses connections", Mode.REFUSES),
                outage("does not answer", Mode.IS_SILENT),
                outage("does what it is asked, and its answers get lost", Mode.LOSES_ANSWERS));
    }

    private Outage outage(String words, Mode other) {
        return Outage.of(words, () -> begin(other), this::end);
    }

    private void begin(Mode other) {
        mode = other;
        if (other == Mode.REFUSES) {
            cutAll();
        }
    }

    /** The connections of an outage have lost what was in them. */
    private void end() {
        mode = Mode.PASSES;
        cutAll();
    }

    private void cutAll() {
        sockets.forEach(TcpProxy::cut);
    }

    private static void cut(Socket socket) {
        try {
            // A reset, and no orderly end.
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            // Then it is closed already.
            return;
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                // Added before the mode is looked at: an outage that begins meanwhile finds it among the sockets.
                sockets.add(near);
                if (mode == Mode.REFUSES) {
                    sockets.remove(near);
                    cut(near);
                } else {
                    start("tcp-proxy-connection", () -> connect(near));
                }
            } catch (IOException e) {
                // The proxy is closed, or a client has gone before it was accepted.
            }
        }
    }

    private void connect(Socket near) {
        try (near;
                Socket far = new Socket(host, storePort)) {
            sockets.add(far);
            start("tcp-proxy-answers", () -> pump(far, near, false));
            pump(near, far, true);
            sockets.remove(far);
        } catch (IOException e) {
            // The store is down, which the client finds out by the end of its connection.
            cut(near);
        } finally {
            sockets.remove(near);
        }
    }

    private void pump(Socket from, Socket to, boolean asks) {
        byte[] buffer = new byte[1 << 16];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (mode == Mode.PASSES || (mode == Mode.LOSES_ANSWERS && asks)) {
                    out.write(buffer, 0, read);
                }
            }
            from.close();
            to.close();
        } catch (IOException e) {
            // One of the two was cut, so the other one is: an orderly close would tell its peer of an end in good
            // order.
            cut(from);
            cut(to);
        }
    }

    /** Ends all connections, and takes no more. */
    @Override
    public void close() throws IOException {
        listener.close();
        cutAll();
    }
}
