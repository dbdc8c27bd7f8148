package dev.holdfast.host.config;

import dev.holdfast.host.text.OneLine;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;

/**
 * Where a listener listens: {@code http://host:port}.
 *
 * @param port 0 for one that the system chooses
 */
public record ListenAddress(String host, int port) {

    /**
     * The address of a configuration value.
     *
     * @param otherwise the port of a value that names none
     * @throws ConfigException if the value is not of the form {@code http://host:port}
     */
    static ListenAddress parse(String key, String value, int otherwise) {
        try {
            URI uri = new URI(value);
            if ("http".equals(uri.getScheme())
                    && uri.getHost() != null
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null
                    && (uri.getPath().isEmpty() || uri.getPath().equals("/"))
                    && uri.getPort() <= 65_535) {
                String host = uri.getHost().replaceAll("^\\[|\\]$", "");
                return new ListenAddress(host, uri.getPort() < 0 ? otherwise : uri.getPort());
            }
        } catch (URISyntaxException e) {
            // The message below says all that the exception knows.
        }
        throw new ConfigException(
                key + " '" + OneLine.name(value)
                        + "' must have the form http://host:port with a port of 0 to 65535; TLS is a matter of a proxy in front of this host");
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
    boolean isEverywhere() {
        return List.of("0.0.0.0", "::", "0:0:0:0:0:0:0:0").contains(host);
    }

    public ListenAddress withPort(int actual) {
        return new ListenAddress(host, actual);
    }

    /** The form in a configuration file. */
    @Override
    public String toString() {
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
