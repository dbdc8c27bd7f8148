package com.example.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands between client and server, and cuts a connection after the server has carried a command out and answered. */
final class LostAnswerProxy implements AutoCloseable {

    private final int server;
    private final String command;
    private final AtomicInteger toLose;
    private final ServerSocket listener;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /**
     * @param server the port of the server
     * @param command a word of the requests whose answers get lost
     * @param times how many of them
     */
    LostAnswerProxy(int server, String command, int times) throws IOException {
        this.server = server;
        this.command = command;
        toLose = new AtomicInteger(times);
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.execute(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How many answers are still to be lost. */
    int left() {
        return toLose.get();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket near = listener.accept();
                Socket far = new Socket(InetAddress.getLoopbackAddress(), server);
                AtomicBoolean lose = new AtomicBoolean();
                threads.execute(() -> requests(near, far, lose));
                threads.execute(() -> answers(far, near, lose));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void requests(Socket near, Socket far, AtomicBoolean lose) {
        byte[] buffer = new byte[1 << 16];
        try (near;
                far) {
            for (int read; (read = near.getInputStream().read(buffer)) >= 0; ) {
                if (new String(buffer, 0, read, StandardCharsets.ISO_8859_1).contains(command)
                        && toLose.getAndUpdate(left -> Math.max(left - 1, 0)) > 0) {
                    lose.set(true);
                }
                far.getOutputStream().write(buffer, 0, read);
            }
        } catch (IOException e) {
            // Either side has closed the connection, which ends it for the other one.
        }
    }

    private static void answers(Socket far, Socket near, AtomicBoolean lose) {
        byte[] buffer = new byte[1 << 16];
        try (near;
                far) {
            for (int read; (read = far.getInputStream().read(buffer)) >= 0 && !lose.get(); ) {
                near.getOutputStream().write(buffer, 0, read);
            }
        } catch (IOException e) {
            // As above.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdownNow();
    }
}
