package dev.holdfast.host.config;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Optional;

/**
 * Where a listener listens: {@code http://host:port}, or {@code https://host:port} for TLS.
 *
 * @param port 0 for one that the system chooses
 */
public record ListenAddress(boolean tls, String host, int port) {

    static final String FORM = "http://host:port, or https://host:port for TLS, with a port of 0 to 65535";

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

    /** The address of IPv6 in brackets, or any other host. */
    static String withoutBrackets(String host) {
        return host.replaceAll("^\\[|\\]$", "");
    }

    /** Whether only processes of this machine can reach it. */
    public boolean isLoopback() {
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
        return new ListenAddress(tls, host, actual);
    }

    /** The form in a configuration file. */
    @Override
    public String toString() {
        return (tls ? "https://" : "http://") + authority();
    }

    /** The host and the port, as gRPC names what it calls. */
    public String authority() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
