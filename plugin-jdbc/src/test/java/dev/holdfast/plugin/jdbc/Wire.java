package dev.holdfast.plugin.jdbc;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A piece of network between a client and a server of this machine, with switches for what networks do. */
final class Wire implements Closeable {

    /** What becomes of the next commit. */
    enum Commit {
        PASSES,
        /** The server never hears of it, and the connection breaks. */
        IS_LOST,
        /** The server does it, and the connection breaks before the answer. */
        IS_NOT_ANSWERED,
        /** The same, and before the client hears of it nothing else gets through any more. */
        IS_THE_LAST_THAT_PASSES,
        /** The server never hears of it, and the connection stays open and silent. */
        HANGS
    }

    private static final byte[] COMMIT = "commit".getBytes(StandardCharsets.US_ASCII);

    private final InetSocketAddress server;
    private final ServerSocket door;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private volatile Commit nextCommit = Commit.PASSES;
    private final Thread acceptor;
    private volatile boolean silent;

    Wire(int serverPort) throws IOException {
        this(serverPort, 0);
    }

    Wire(int serverPort, int port) throws IOException {
        server = new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort);
        door = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
        acceptor = daemon(this::accept);
    }

    int port() {
        return door.getLocalPort();
    }

    void nextCommit(Commit fate) {
        nextCommit = fate;
    }

    /** Whether the commit that was waited for has come. */
    boolean commitHasCome() {
        return nextCommit == Commit.PASSES;
    }

    /** From now on nothing gets through, and nobody is told. */
    void swallow() {
        silent = true;
    }

    /** Cuts every connection. */
    void cut() {
        sockets.forEach(Wire::reset);
    }

    private void accept() {
        while (!door.isClosed()) {
            try {
                Socket client = door.accept();
                sockets.add(client);
                if (silent) {
                    continue;
                }
                Socket behind = new Socket();
                sockets.add(behind);
                behind.connect(server, 2000);
                daemon(() -> copy(client, behind, true));
                daemon(() -> copy(behind, client, false));
            } catch (IOException e) {
                // The door is closed, or the server is down: the client finds out.
            }
        }
    }

    private void copy(Socket from, Socket to, boolean toServer) {
        byte[] buffer = new byte[64 << 10];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            boolean unanswered = false;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (silent) {
                    continue;
                }
                if (toServer && nextCommit != Commit.PASSES && holdsCommit(buffer, read)) {
                    Commit fate = nextCommit;
                    nextCommit = Commit.PASSES;
                    if (fate == Commit.HANGS) {
                        park();
                    }
                    if (fate == Commit.IS_LOST) {
                        break;
                    }
                    if (fate == Commit.IS_THE_LAST_THAT_PASSES) {
                        silent = true;
                    }
                    // What the server says from here on does not reach the client.
                    sockets.remove(from);
                    from.shutdownInput();
                    reset(from);
                    unanswered = true;
                }
                out.write(buffer, 0, read);
                out.flush();
                if (unanswered) {
                    return; // without closing, so that the server does what it was told
                }
            }
        } catch (IOException e) {
            // One end is gone: so is the other.
        }
        reset(from);
        reset(to);
    }

    private static boolean holdsCommit(byte[] buffer, int length) {
        outer:
        for (int at = 0; at + COMMIT.length <= length; at++) {
            if (at > 0 && (Character.isLetter(buffer[at - 1]) || buffer[at - 1] == '_')) {
                continue; // autocommit, synchronous_commit
            }
            for (int i = 0; i < COMMIT.length; i++) {
                if ((buffer[at + i] | 0x20) != COMMIT[i]) {
                    continue outer;
                }
            }
            return true;
        }
        return false;
    }

    private synchronized void park() throws IOException {
        try {
            while (!door.isClosed()) {
                wait();
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // It is closed already.
        }
        try {
            socket.close();
        } catch (IOException e) {
            // Gone is gone.
        }
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "wire");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    @Override
    public synchronized void close() throws IOException {
        door.close();
        try {
            // Until it has left the door, that may let one more in.
            acceptor.join(10_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        notifyAll();
        cut();
    }
}
