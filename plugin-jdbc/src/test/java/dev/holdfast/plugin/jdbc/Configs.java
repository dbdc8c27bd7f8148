package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.testkit.TcpProxy;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an operator would set for the databases of the tests. */
final class Configs {

    /** For calls that are to wait in vain. */
    static final String[] HASTY = {"connect-timeout", "500ms", "query-timeout", "500ms", "total-timeout", "1s"};

    private Configs() {}

    /** The same database by a proxy. */
    static String by(TcpProxy proxy, String url) {
        return url.replaceFirst("//[^/]+/", "//127.0.0.1:" + proxy.port() + "/");
    }

    /** A proxy to the database of a URL. */
    static TcpProxy proxyTo(String url) {
        Matcher port = Pattern.compile("//[^/:]+:([0-9]+)/").matcher(url);
        if (!port.find()) {
            throw new IllegalArgumentException("There is no port in " + url);
        }
        return TcpProxy.to("127.0.0.1", Integer.parseInt(port.group(1)));
    }

    /** Keys and values in turn come last. */
    static SerializerConfig of(String url, String group, String... more) {
        return builder(url, group, more).build();
    }

    static SerializerConfig withCodec(Codec codec, String url, String group, String... more) {
        return builder(url, group, more).codecs(List.of(codec)).build();
    }

    private static SerializerConfig.Builder builder(String url, String group, String... more) {
        // As long as a busy machine may need; a test that waits for it in vain sets less.
        Map<String, String> values = new HashMap<>(Map.of("url", url, "connect-timeout", "15s"));
        Map<String, String> environment = new HashMap<>();
        if (url.startsWith("jdbc:postgresql:")) {
            values.put("user", "postgres");
            environment.put("HOLDFAST_SNAPSHOT_JDBC_PASSWORD", "postgres");
        } else if (url.startsWith("jdbc:mariadb:") || url.startsWith("jdbc:mysql:")) {
            values.put("user", "root");
        }
        for (int i = 0; i < more.length; i += 2) {
            values.put(more[i], more[i + 1]);
        }
        return SerializerConfig.builder("jdbc", Path.of("target"))
                .group(group)
                .values(values)
                .environment(environment);
    }
}
