package dev.holdfast.dist;

import dev.holdfast.testsupport.HeldPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * A relay to a server, on a loopback port of its own. Cut, what went over it is broken off and connections are refused,
 * while the server itself goes on.
 */
final class LineWay implements Way {

    private final int server;
    private final int port;
    private final List<String> settings;
    private final List<Socket> ends = new ArrayList<>();
    private ServerSocket listener;
    private HeldPort held;

    private LineWay(int server, ServerSocket listener, List<String> settings) {
        this.server = server;
        this.listener = listener;
        this.port = listener.getLocalPort();
        this.settings = settings;
    }

    /** @param settings in which {@code %d} stands for the port */
    static LineWay to(int server, List<String> settings) throws IOException {
        ServerSocket listener = listen(0);
        LineWay line = new LineWay(
                server,
                listener,
                settings.stream()
                        .map(setting -> "--set=" + setting.replace("%d", Integer.toString(listener.getLocalPort())))
                        .toList());
        line.accept(listener);
        return line;
    }

    private static ServerSocket listen(int port) throws IOException {
        return new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    }

    @Override
    public List<String> settings() {
        return settings;
    }

    @Override
    public void cut() throws IOException {
        breakOff();
        held = HeldPort.hold(port);
    }

    @Override
    public void mend() throws IOException {
        held.close();
        listener = listen(port);
        accept(listener);
    }

    private synchronized void breakOff() throws IOException {
        listener.close();
        for (Socket end : ends) {
            end.close();
        }
        ends.clear();
    }

    private void accept(ServerSocket from) {
        thread(() -> {
            while (true) {
                Socket client = from.accept();
                relay(from, client);
            }
        });
    }

    private synchronized void relay(ServerSocket from, Socket client) throws IOException {
        if (from.isClosed()) {
            client.close();
            return;
        }
        Socket upstream = new Socket(InetAddress.getLoopbackAddress(), server);
        ends.add(client);
        ends.add(upstream);
        carry(client, upstream);
        carry(upstream, client);
    }

    private static void carry(Socket from, Socket to) {
        thread(() -> {
            try (from;
                    to) {
                from.getInputStream().transferTo(to.getOutputStream());
            }
        });
    }

    private interface Transfer {
        void run() throws IOException;
    }

    private static void thread(Transfer transfer) {
        Thread thread = new Thread(() -> {
            try {
                transfer.run();
            } catch (IOException e) {
                // Either end has closed, or the line was cut: that is how each of them ends.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() {
        try {
            breakOff();
            if (held != null) {
                held.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
