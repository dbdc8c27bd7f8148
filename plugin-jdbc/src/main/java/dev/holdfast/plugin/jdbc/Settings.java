package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.SerializerConfig;
import java.time.Duration;
import java.util.List;

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

    static final ConfigKey<String> URL =
            ConfigKey.text("url", "where the database is").describedDefault("jdbc:sqlite:<log location>/snapshots.db");
    static final ConfigKey<String> TABLE = ConfigKey.text("table", "holdfast_snapshots", "the table, or SCHEMA.TABLE");
    static final ConfigKey<String> USER = ConfigKey.text("user", "", "who logs in");
    static final ConfigKey<String> PASSWORD_FILE =
            ConfigKey.secretFile("password", "a file with the password, mode 0600");
    static final ConfigKey<String> CODEC = ConfigKey.text("codec", "gz", "how new texts are compressed");
    static final ConfigKey<Duration> CONNECT_TIMEOUT =
            time("connect-timeout", Duration.ofSeconds(3), "how long making a connection may take");
    static final ConfigKey<Duration> QUERY_TIMEOUT = time(
            "query-timeout", Duration.ofSeconds(10), "how long one statement may take, a wait for a lock among them");
    static final ConfigKey<Duration> TOTAL_TIMEOUT =
            time("total-timeout", Duration.ofSeconds(30), "how long one call may take, with all its attempts");
    static final ConfigKey<Integer> POOL_SIZE =
            ConfigKey.number("pool-size", 4, 1, 100, "how many connections there are at most");
    static final ConfigKey<Integer> KEEP = ConfigKey.number(
                    "keep", 0, 0, Integer.MAX_VALUE, "how many snapshots stay; all where nothing is set")
            .describedDefault("");
    static final ConfigKey<String> KEEP_FOR =
            ConfigKey.text("keep-for", "for how long snapshots stay; for ever where nothing is set");

    static final List<ConfigKey<?>> KEYS = List.of(
            URL,
            TABLE,
            USER,
            PASSWORD_FILE,
            CODEC,
            CONNECT_TIMEOUT,
            QUERY_TIMEOUT,
            TOTAL_TIMEOUT,
            POOL_SIZE,
            KEEP,
            KEEP_FOR);

    private static ConfigKey<Duration> time(String key, Duration otherwise, String sentence) {
        return ConfigKey.time(key, otherwise, SHORTEST, Duration.ofHours(1), sentence);
    }

    static Settings of(SerializerConfig config) {
        config.requireKnown(KEYS);
        JdbcUrl url = URL.ifSet(config)
                .map(JdbcUrl::parse)
                .orElseGet(() -> JdbcUrl.ofFile(config.logLocation().resolve("snapshots.db")));
        return new Settings(
                url,
                TableName.parse(TABLE.in(config)),
                new Login(USER.in(config), config.secret("password").orElse("")),
                config.codec(CODEC.in(config)),
                new Timeouts(CONNECT_TIMEOUT.in(config), QUERY_TIMEOUT.in(config), TOTAL_TIMEOUT.in(config)),
                POOL_SIZE.in(config),
                new Retention.Rule(KEEP.in(config), config.getDuration(KEEP_FOR.name(), Duration.ZERO)));
    }
}
