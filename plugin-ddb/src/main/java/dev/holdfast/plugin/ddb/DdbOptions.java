package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ConfigKey;
import dev.holdfast.sdk.ConfigurationException;
import dev.holdfast.sdk.SerializerConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the operator set for serializer {@code ddb}.
 *
 * @param latestTable the table of the heads; the same as {@code table} where there is one alone
 * @param chunkTable the table of what models have learned
 * @param region empty for the one that the SDK finds
 * @param endpoint empty for the one that the SDK finds
 * @param connectTimeout for one connection
 * @param attemptTimeout for one request, of which the SDK makes up to three
 * @param totalTimeout for all that one call of the host needs
 * @param chunkTimeout the same for a call that puts, gets, lists or removes chunks
 * @param createTimeout for making the table, beside the time of the call that needs it
 * @param transactions false where the implementation is known to have none
 */
record DdbOptions(
        Layout layout,
        String table,
        String latestTable,
        String chunkTable,
        Optional<String> region,
        Optional<URI> endpoint,
        Duration connectTimeout,
        Duration attemptTimeout,
        Duration totalTimeout,
        Duration chunkTimeout,
        boolean createTable,
        Duration createTimeout,
        boolean transactions,
        Codec codec) {

    static final ConfigKey<String> TABLE_KEY =
            ConfigKey.text("table", "the table of the snapshots").describedDefault("Snapshots2");
    static final ConfigKey<String> REGION_KEY =
            ConfigKey.text("region", "the AWS region").describedDefault("what the SDK finds");
    static final ConfigKey<String> ENDPOINT_KEY =
            ConfigKey.text("endpoint", "a URL in place of the region's own").describedDefault("what the SDK finds");
    static final ConfigKey<Boolean> CREATE_TABLE =
            ConfigKey.truth("create-table", false, "whether what is missing is made");
    static final ConfigKey<Duration> CREATE_TIMEOUT = time(
            "create-timeout",
            Duration.ofSeconds(40),
            "how long making a table may take, beside the call that needs it");
    static final ConfigKey<Duration> CONNECT_TIMEOUT =
            time("connect-timeout", Duration.ofSeconds(1), "how long making a connection may take");
    static final ConfigKey<Duration> ATTEMPT_TIMEOUT = time(
            "attempt-timeout", Duration.ofSeconds(2), "how long one request may take, of which there are up to three");
    static final ConfigKey<Duration> TOTAL_TIMEOUT =
            time("total-timeout", Duration.ofSeconds(10), "how long all may take that one call needs");
    static final ConfigKey<String> CHUNK_TABLE = ConfigKey.text("chunk-table", "the table of what models have learned")
            .describedDefault("<table>-chunks");
    static final ConfigKey<Duration> CHUNK_TIMEOUT =
            time("chunk-timeout", Duration.ofSeconds(50), "the same for a call with chunks");
    static final ConfigKey<String> CODEC = ConfigKey.text("codec", "gz", "how texts are compressed");
    static final ConfigKey<String> LAYOUT = ConfigKey.text("layout", "one-table", "one-table, or two-tables");
    static final ConfigKey<String> LATEST_TABLE =
            ConfigKey.text("latest-table", "the second of two tables").describedDefault("latest_snapshots");
    static final ConfigKey<String> TRANSACTIONS =
            ConfigKey.text("transactions", "auto", "auto, or false for an implementation without TransactWriteItems");

    static final List<ConfigKey<?>> KEYS = List.of(
            TABLE_KEY,
            REGION_KEY,
            ENDPOINT_KEY,
            CREATE_TABLE,
            CREATE_TIMEOUT,
            CONNECT_TIMEOUT,
            ATTEMPT_TIMEOUT,
            TOTAL_TIMEOUT,
            CHUNK_TABLE,
            CHUNK_TIMEOUT,
            CODEC,
            LAYOUT,
            LATEST_TABLE,
            TRANSACTIONS);
    private static final Pattern TABLE = Pattern.compile("[A-Za-z0-9_.-]{3,255}");
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");

    /** @throws ConfigurationException if a key is unknown or a value is wrong */
    static DdbOptions of(SerializerConfig config) {
        config.requireKnown(KEYS);
        Layout layout = layout(config);
        String table = tableName(config, TABLE_KEY, layout.defaultTable());
        if (layout == Layout.ONE_TABLE && LATEST_TABLE.ifSet(config).isPresent()) {
            throw new ConfigurationException(
                    "snapshot.ddb.latest-table belongs to snapshot.ddb.layout=two-tables; remove it, or set the layout");
        }
        Duration attempt = ATTEMPT_TIMEOUT.in(config);
        Duration total = TOTAL_TIMEOUT.in(config);
        requireShorter(attempt, "total-timeout", total);
        Duration chunks = CHUNK_TIMEOUT.in(config);
        requireShorter(attempt, "chunk-timeout", chunks);
        return new DdbOptions(
                layout,
                table,
                layout == Layout.ONE_TABLE ? table : tableName(config, LATEST_TABLE, "latest_snapshots"),
                tableName(config, CHUNK_TABLE, table + "-chunks"),
                region(config),
                ENDPOINT_KEY.ifSet(config).map(DdbOptions::endpoint),
                CONNECT_TIMEOUT.in(config),
                attempt,
                total,
                chunks,
                CREATE_TABLE.in(config),
                CREATE_TIMEOUT.in(config),
                transactions(config),
                config.codec(CODEC.in(config)));
    }

    private static void requireShorter(Duration attempt, String key, Duration whole) {
        if (attempt.compareTo(whole) >= 0) {
            throw new ConfigurationException("snapshot.ddb.attempt-timeout (" + attempt.toMillis()
                    + " ms) must be shorter than snapshot.ddb." + key + " (" + whole.toMillis() + " ms)");
        }
    }

    private static Layout layout(SerializerConfig config) {
        String word = LAYOUT.in(config);
        return Arrays.stream(Layout.values())
                .filter(layout -> layout.word().equals(word.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> bad(
                        "layout",
                        word,
                        "one of "
                                + Arrays.stream(Layout.values())
                                        .map(Layout::word)
                                        .collect(Collectors.joining(", "))));
    }

    private static String tableName(SerializerConfig config, ConfigKey<String> key, String otherwise) {
        String table = key.ifSet(config).orElse(otherwise);
        if (!TABLE.matcher(table).matches()) {
            throw bad(key.name(), table, "a name of a table: 3 to 255 of letters, digits, '_', '.' and '-'");
        }
        return table;
    }

    private static Optional<String> region(SerializerConfig config) {
        Optional<String> region = REGION_KEY.ifSet(config);
        region.filter(value -> !REGION.matcher(value).matches()).ifPresent(value -> {
            throw bad("region", value, "a region such as eu-central-1");
        });
        return region;
    }

    private static URI endpoint(String value) {
        try {
            URI uri = new URI(value);
            if (List.of("http", "https").contains(String.valueOf(uri.getScheme())) && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // The message below says all that the exception knows.
        }
        throw bad("endpoint", value, "a URL such as http://127.0.0.1:8000");
    }

    private static ConfigKey<Duration> time(String key, Duration otherwise, String sentence) {
        return ConfigKey.time(key, otherwise, Duration.ofMillis(1), Duration.ofHours(1), sentence);
    }

    private static boolean transactions(SerializerConfig config) {
        String value = TRANSACTIONS.in(config).toLowerCase(Locale.ROOT);
        if (!value.equals("auto") && !value.equals("false")) {
            throw bad("transactions", value, "auto or false");
        }
        return value.equals("auto");
    }

    private static ConfigurationException bad(String key, String value, String rule) {
        String printable = (value.length() > 80 ? value.substring(0, 80) + "…" : value).replaceAll("\\p{Cntrl}", "?");
        return new ConfigurationException("snapshot.ddb." + key + " '" + printable + "' must be " + rule);
    }
}
