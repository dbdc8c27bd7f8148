package dev.holdfast.host.cli;

import dev.holdfast.host.common.DaemonThreads;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * One call of HTTP over a Unix domain socket, which the JDK's client does not know: a connection, a request, and all that comes until the
 * host closes it.
 */
record UnixCall(UnixDomainSocketAddress socket, Duration limit) {

    static final String SCHEME = "unix:";

    /** @param address of the form {@code unix:/path} */
    static UnixCall to(String address, Duration limit) {
        return new UnixCall(UnixDomainSocketAddress.of(address.substring(SCHEME.length())), limit);
    }

    /** @throws IOException also when the time is over, or the answer is cut off */
    Answer send(String method, String path, String key, String body) throws IOException {
        ScheduledExecutorService timer = DaemonThreads.singleScheduled("call-limit");
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            timer.schedule(() -> close(channel), limit.toMillis(), TimeUnit.MILLISECONDS);
            channel.connect(socket);
            ByteBuffer request = ByteBuffer.wrap(request(method, path, key, body));
            while (request.hasRemaining()) {
                channel.write(request);
            }
            return answer(Channels.newInputStream(channel).readAllBytes());
        } catch (ClosedChannelException e) {
            throw new IOException("no answer within " + limit.toSeconds() + " s", e);
        } finally {
            timer.shutdownNow();
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Who waits for the answer is told all the same.
        }
    }

    private static byte[] request(String method, String path, String key, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                + "Accept: application/json, text/plain, */*\r\n"
                + (key.isEmpty() ? "" : "Authorization: Bearer " + key + "\r\n")
                + (body.isEmpty() ? "" : "Content-Type: application/json\r\n")
                + (body.isEmpty() && method.equals("GET") ? "" : "Content-Length: " + bytes.length + "\r\n")
                + "\r\n";
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(head.getBytes(StandardCharsets.ISO_8859_1));
        all.writeBytes(bytes);
        return all.toByteArray();
    }

    /** The head ends at an empty line; the body has a length, comes in chunks, or ends with the connection. */
    private static Answer answer(byte[] all) throws IOException {
        ByteArrayInputStream in = new ByteArrayInputStream(all);
        String[] status = line(in).split(" ", 3);
        if (status.length < 2 || !status[1].matches("[0-9]{3}")) {
            throw new IOException("the answer is none of HTTP");
        }
        long length = -1;
        boolean chunked = false;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Long.parseLong(lower.substring(15).strip());
            } else if (lower.startsWith("transfer-encoding:")) {
                chunked = lower.endsWith("chunked");
            }
        }
        byte[] body = chunked ? chunks(in) : in.readAllBytes();
        if (!chunked && length >= 0 && body.length < length) {
            throw new EOFException("the answer is cut off");
        }
        return new Answer(Integer.parseInt(status[1]), new String(body, StandardCharsets.UTF_8));
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int size = size(in); size > 0; size = size(in)) {
            byte[] chunk = in.readNBytes(size);
            if (chunk.length < size) {
                throw new EOFException("the answer is cut off");
            }
            body.writeBytes(chunk);
            line(in);
        }
        return body.toByteArray();
    }

    private static int size(InputStream in) throws IOException {
        return Integer.parseInt(line(in).replaceFirst(";.*", "").strip(), 16);
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the answer is cut off");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }
}
