package dev.holdfast.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Requests over some connections that are kept open, each waiting for its answer before it sends the next. */
final class Load {

    private Load() {}

    /** How long each request took, in nanoseconds, sorted. */
    record Latencies(long[] sorted) {

        double millis(double quantile) {
            return sorted[(int) Math.min(sorted.length - 1L, Math.round(quantile * sorted.length))] / 1e6;
        }
    }

    /** Where the text of each request comes from, by its number. */
    interface Requests {
        byte[] request(int number);
    }

    static byte[] request(String method, String path, String body) {
        return (method + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    /** Sends requests 0 to {@code count}; an answer of 400 or more ends it with an exception. */
    static Latencies run(int port, int connections, int count, Requests requests) throws Exception {
        AtomicInteger next = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(connections);
        try {
            List<Future<long[]>> parts = new ArrayList<>();
            for (int i = 0; i < connections; i++) {
                parts.add(threads.submit((Callable<long[]>) () -> one(port, next, count, requests)));
            }
            long[] all = new long[count];
            int filled = 0;
            for (Future<long[]> part : parts) {
                long[] times = part.get();
                System.arraycopy(times, 0, all, filled, times.length);
                filled += times.length;
            }
            Arrays.sort(all);
            return new Latencies(all);
        } finally {
            threads.shutdownNow();
        }
    }

    private static long[] one(int port, AtomicInteger next, int count, Requests requests) throws IOException {
        long[] times = new long[count];
        int filled = 0;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                long begun = System.nanoTime();
                out.write(requests.request(number));
                answer(in);
                times[filled++] = System.nanoTime() - begun;
            }
        }
        return Arrays.copyOf(times, filled);
    }

    private static void answer(InputStream in) throws IOException {
        String status = line(in);
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                length = Integer.parseInt(header.substring(15).trim());
            }
        }
        byte[] body = in.readNBytes(length);
        if (!status.startsWith("HTTP/1.1 2")) {
            throw new IOException(status + ": " + new String(body, StandardCharsets.UTF_8));
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder(64);
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("The connection was closed");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
