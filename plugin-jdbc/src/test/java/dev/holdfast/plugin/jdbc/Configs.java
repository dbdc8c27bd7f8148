package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What an operator would set for the databases of the tests. */
final class Configs {

    private Configs() {}

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
