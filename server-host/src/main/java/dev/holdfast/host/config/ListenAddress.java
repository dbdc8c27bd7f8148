package dev.holdfast.host.config;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where a listener listens: {@code http://host:port}, {@code https://host:port} for TLS, or {@code unix:/path} for a socket among
 * the files of the machine.
 *
 * @param host {@code localhost} for such a socket, as its callers say
 * @param port 0 for one that the system chooses, and for such a socket
 * @param unix where that socket is; empty for a port
 */
public record ListenAddress(boolean tls, String host, int port, Optional<Path> unix) {

    private static final String UNIX = "unix:";

    /** What systems take of a path: Linux has 108 bytes for it, macOS 104, the last of them 0. */
    private static final int LONGEST_PATH = 103;

    static final String FORM =
            "http://host:port, or https://host:port for TLS, with a port of 0 to 65535, or unix:/path for a"
                    + " Unix domain socket, with a path of at most " + LONGEST_PATH + " bytes";

    public ListenAddress(boolean tls, String host, int port) {
        this(tls, host, port, Optional.empty());
    }

    /** One without TLS. */
    public ListenAddress(String host, int port) {
        this(false, host, port);
    }

    /**
     * The address of a configuration value; empty if the value is none.
     *
     * @param otherwise the port of a value that names none
     * @param otherwiseTls the same with TLS
     */
    static Optional<ListenAddress> parse(String value, int otherwise, int otherwiseTls) {
        if (value.startsWith(UNIX)) {
            return path(value.substring(UNIX.length()))
                    .map(path -> new ListenAddress(false, "localhost", 0, Optional.of(path)));
        }
        try {
            URI uri = new URI(value);
            boolean tls = "https".equals(uri.getScheme());
            if ((tls || "http".equals(uri.getScheme()))
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null
                    && (uri.getPath().isEmpty() || uri.getPath().equals("/"))
                    && uri.getPort() <= 65_535) {
                int byDefault = tls ? otherwiseTls : otherwise;
                return Optional.of(new ListenAddress(
                        tls, withoutBrackets(uri.getHost()), uri.getPort() < 0 ? byDefault : uri.getPort()));
            }
        } catch (URISyntaxException e) {
            // Whoever asks says what the form is.
        }
        return Optional.empty();
    }

    /** Also where two more slashes stand before it, as in URLs. */
    private static Optional<Path> path(String value) {
        try {
            Path path = Path.of(value.replaceFirst("^///", "/")).normalize();
            return path.isAbsolute()
                            && path.getNameCount() > 0
                            && path.toString().getBytes(StandardCharsets.UTF_8).length <= LONGEST_PATH
                    ? Optional.of(path)
                    : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** The address of IPv6 in brackets, or any other host. */
    static String withoutBrackets(String host) {
        return host.replaceAll("^\\[|\\]$", "");
    }

    /** Whether only processes of this machine can reach it. */
    public boolean isLoopback() {
        if (unix.isPresent()) {
            return true;
        }
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Whether it stands for all addresses of the machine. */
    public boolean isEverywhere() {
        return List.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0").contains(host);
    }

    public ListenAddress withPort(int actual) {
        return new ListenAddress(tls, host, actual, unix);
    }

    /** The form in a configuration file. */
    @Override
    public String toString() {
        return unix.map(path -> UNIX + path).orElseGet(() -> (tls ? "https://" : "http://") + authority());
    }

    /** The host and the port, as gRPC names what it calls. */
    public String authority() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
