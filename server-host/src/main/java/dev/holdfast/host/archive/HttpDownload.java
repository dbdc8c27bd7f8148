package dev.holdfast.host.archive;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.text.OneLine;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Fetches an archive from a URL into a file.
 *
 * <pre>
 *   look up the name once ─> check every address ─> connect to a checked one ─> GET ─> 200 ─> body, counted
 * </pre>
 *
 * <p>The JDK's own clients look the name up again when they connect, so a name that changes its address in between would
 * slip past the check; here the checked address is the one connected to. What this deliberately does not do: follow
 * redirects, use a proxy (which would look up the name itself), send credentials, try again.
 *
 * @param tls asked for with the first {@code https} URL, for the JDK's own takes a while to read its certificates
 */
record HttpDownload(UrlPolicy policy, ArchiveLimits limits, Resolver resolver, Supplier<SSLSocketFactory> tls) {

    /** Looks up the addresses of a host's name. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /**
     * Fetches a URL that {@link UrlPolicy#check(String)} accepted into a new file. After a failure the file may be there
     * in part; removing it is the caller's duty.
     *
     * @throws ArchiveException if the address is not allowed, the server does not deliver, or the body is too big
     * @throws IOException if the file cannot be written
     */
    void fetch(URI url, Path file) throws IOException {
        long end = System.nanoTime() + limits.downloadTime().toNanos();
        InetAddress[] addresses = resolve(url, end);
        for (InetAddress address : addresses) {
            policy.check(url, address);
        }
        try (Socket socket = connect(url, addresses, end);
                OutputStream out = Channels.newOutputStream(
                        OwnFiles.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
            transfer(url, socket, out, end);
        }
    }

    private void transfer(URI url, Socket socket, OutputStream out, long end) throws IOException {
        // A time-out of the socket alone is no deadline: a server that sends a byte now and then never meets it.
        AtomicBoolean late = new AtomicBoolean();
        Timer deadline = new Timer("download-deadline", true);
        try {
            deadline.schedule(closing(socket, late), millisUntil(end));
            copy(url, request(url, socket), out);
        } catch (SourceException e) {
            throw late.get() ? tooLate(url, e) : failed(url, String.valueOf(e.getMessage()), e);
        } finally {
            deadline.cancel();
        }
    }

    /** Connects to the first of the addresses that answers; each gets an equal part of the time that is left. */
    private Socket connect(URI url, InetAddress[] addresses, long end) throws IOException {
        boolean https = url.getScheme().equals("https");
        int port = url.getPort() >= 0 ? url.getPort() : https ? 443 : 80;
        IOException failure = new IOException("no address");
        for (int i = 0; i < addresses.length; i++) {
            Socket socket = new Socket();
            try {
                long part = Math.max(1, millisUntil(end) / (addresses.length - i));
                socket.connect(new InetSocketAddress(addresses[i], port), (int) Math.min(Integer.MAX_VALUE, part));
                return socket;
            } catch (IOException e) {
                socket.close();
                failure = e;
            }
        }
        throw failed(url, "it cannot be connected to: " + OneLine.of(failure.getMessage()), failure);
    }

    private static long millisUntil(long end) {
        return Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
    }

    private InetAddress[] resolve(URI url, long end) {
        String host = host(url);
        FutureTask<InetAddress[]> task = new FutureTask<>(() -> resolver.resolve(host));
        // The system's look-up can neither be interrupted nor be given a time; the thread ends when the look-up does.
        DaemonThreads.start("resolve-" + host, task);
        try {
            InetAddress[] addresses = task.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (addresses.length == 0) {
                throw failed(url, "its host has no address", null);
            }
            return addresses;
        } catch (TimeoutException e) {
            throw tooLate(url, e);
        } catch (ExecutionException e) {
            throw failed(url, "its host is unknown", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(url, "interrupted", e);
        }
    }

    private InputStream request(URI url, Socket socket) throws SourceException {
        try {
            Socket talking = url.getScheme().equals("https") ? secure(socket, url) : socket;
            talking.getOutputStream().write(head(url).getBytes(StandardCharsets.US_ASCII));
            talking.getOutputStream().flush();
            return new BufferedInputStream(talking.getInputStream(), 1 << 16);
        } catch (IOException e) {
            throw new SourceException(e);
        }
    }

    /** TLS on top of a connection, with a server that can prove the URL's name. */
    private Socket secure(Socket socket, URI url) throws IOException {
        SSLSocket secure = (SSLSocket) tls.get().createSocket(socket, host(url), socket.getPort(), true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    private static String head(URI url) {
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        return "GET " + path + query + " HTTP/1.1\r\nHost: " + url.getRawAuthority()
                + "\r\nUser-Agent: holdfast\r\nAccept: */*\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
    }

    private void copy(URI url, InputStream in, OutputStream out) throws IOException {
        HttpAnswer answer = answer(in);
        if (answer.status() >= 300 && answer.status() < 400) {
            throw failed(url, "the server redirects (" + answer.status() + "), which is not followed", null);
        }
        if (answer.status() != 200) {
            throw failed(url, "the server answers " + answer.status(), null);
        }
        if (answer.length().orElse(0) > limits.downloadBytes()) {
            throw tooBig(url);
        }
        byte[] buffer = new byte[1 << 16];
        long left = answer.length().orElse(Long.MAX_VALUE);
        long total = 0;
        while (left > 0) {
            int count = read(answer.body(), buffer, (int) Math.min(buffer.length, left));
            if (count < 0 && answer.length().isPresent()) {
                throw new SourceException(new EOFException("the server's answer ended early"));
            }
            if (count < 0) {
                return;
            }
            total += count;
            if (total > limits.downloadBytes()) {
                throw tooBig(url);
            }
            out.write(buffer, 0, count);
            left -= count;
        }
    }

    private static HttpAnswer answer(InputStream in) throws SourceException {
        try {
            return HttpAnswer.read(in);
        } catch (IOException e) {
            throw new SourceException(e);
        }
    }

    private static int read(InputStream in, byte[] buffer, int length) throws SourceException {
        try {
            return in.read(buffer, 0, length);
        } catch (IOException e) {
            throw new SourceException(e);
        }
    }

    private static TimerTask closing(Socket socket, AtomicBoolean late) {
        return new TimerTask() {
            @Override
            public void run() {
                late.set(true);
                try {
                    socket.close();
                } catch (IOException e) {
                    // The reader sees a closed socket either way.
                }
            }
        };
    }

    /** The host without the brackets of an IPv6 address. */
    private static String host(URI url) {
        String host = url.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    private ArchiveException tooBig(URI url) {
        return new ArchiveException(
                Reason.TOO_BIG,
                "Failed to download archive from: " + UrlPolicy.shown(url) + ": it has more than "
                        + limits.downloadBytes() + " bytes");
    }

    private ArchiveException tooLate(URI url, Throwable cause) {
        return failed(url, "it took longer than " + limits.downloadTime().toMillis() + " ms", cause);
    }

    private static ArchiveException failed(URI url, String why, @org.jspecify.annotations.Nullable Throwable cause) {
        ArchiveException failure = new ArchiveException(
                Reason.UNREACHABLE, "Failed to download archive from: " + UrlPolicy.shown(url) + ": " + why);
        if (cause != null) {
            failure.initCause(cause);
        }
        return failure;
    }

    /** A failure of the other side, as against one of this host's disc. */
    private static final class SourceException extends IOException {

        private static final long serialVersionUID = 1;

        SourceException(IOException cause) {
            super(describe(cause), cause);
        }

        private static String describe(IOException cause) {
            if (cause instanceof SocketTimeoutException || cause instanceof SocketException) {
                return "the connection failed: " + OneLine.of(cause.getMessage());
            }
            return OneLine.of(cause.getMessage());
        }
    }
}
