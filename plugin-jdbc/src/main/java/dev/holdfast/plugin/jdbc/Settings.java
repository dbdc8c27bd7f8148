package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import java.time.Duration;

/**
 * What the operator set, checked.
 *
 * @param codec how new texts are compressed
 */
record Settings(
        JdbcUrl url, TableName table, Login login, Codec codec, Timeouts timeouts, int poolSize, Retention.Rule keep) {

    private static final Duration SHORTEST = Duration.ofMillis(250);

    /**
     * How long things may take.
     *
     * @param connect to make a connection
     * @param query one statement, a wait for a lock among them
     * @param total one call, all its attempts together
     */
    record Timeouts(Duration connect, Duration query, Duration total) {}

    static Settings of(SerializerConfig config) {
        // First, because where to put a password instead is the better answer than that the key is not known.
        String password = config.secret("password").orElse("");
        config.requireKnown(
                "url",
                "table",
                "user",
                "password-file",
                "codec",
                "connect-timeout",
                "query-timeout",
                "total-timeout",
                "pool-size",
                "keep",
                "keep-for");
        JdbcUrl url = config.get("url")
                .map(JdbcUrl::parse)
                .orElseGet(() -> JdbcUrl.ofFile(config.logLocation().resolve("snapshots.db")));
        return new Settings(
                url,
                TableName.parse(config.get("table", "holdfast_snapshots")),
                new Login(config.get("user", ""), password),
                config.codec(config.get("codec", "gz")),
                new Timeouts(
                        time(config, "connect-timeout", Duration.ofSeconds(3)),
                        time(config, "query-timeout", Duration.ofSeconds(10)),
                        time(config, "total-timeout", Duration.ofSeconds(30))),
                config.getInt("pool-size", 4, 1, 100),
                new Retention.Rule(
                        config.getInt("keep", 0, 0, Integer.MAX_VALUE), config.getDuration("keep-for", Duration.ZERO)));
    }

    private static Duration time(SerializerConfig config, String key, Duration otherwise) {
        return config.getDuration(key, otherwise, SHORTEST, Duration.ofHours(1));
    }
}
