package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Codec;
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

    static final String[] KEYS = {
        "table",
        "layout",
        "latest-table",
        "chunk-table",
        "region",
        "endpoint",
        "codec",
        "connect-timeout",
        "attempt-timeout",
        "total-timeout",
        "chunk-timeout",
        "create-table",
        "create-timeout",
        "transactions"
    };
    private static final Pattern TABLE = Pattern.compile("[A-Za-z0-9_.-]{3,255}");
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");

    /** @throws IllegalArgumentException if a key is unknown or a value is wrong */
    static DdbOptions of(SerializerConfig config) {
        config.requireKnown(KEYS);
        Layout layout = layout(config);
        String table = tableName(config, "table", layout.defaultTable());
        if (layout == Layout.ONE_TABLE && config.get("latest-table").isPresent()) {
            throw new IllegalArgumentException(
                    "snapshot.ddb.latest-table belongs to snapshot.ddb.layout=two-tables; remove it, or set the layout");
        }
        Duration attempt = time(config, "attempt-timeout", Duration.ofSeconds(2));
        Duration total = time(config, "total-timeout", Duration.ofSeconds(10));
        requireShorter(attempt, "total-timeout", total);
        Duration chunks = time(config, "chunk-timeout", Duration.ofSeconds(50));
        requireShorter(attempt, "chunk-timeout", chunks);
        return new DdbOptions(
                layout,
                table,
                layout == Layout.ONE_TABLE ? table : tableName(config, "latest-table", "latest_snapshots"),
                tableName(config, "chunk-table", table + "-chunks"),
                region(config),
                config.get("endpoint").map(DdbOptions::endpoint),
                time(config, "connect-timeout", Duration.ofSeconds(1)),
                attempt,
                total,
                chunks,
                config.getBoolean("create-table", false),
                time(config, "create-timeout", Duration.ofSeconds(40)),
                transactions(config),
                config.codec(config.get("codec", "gz")));
    }

    private static void requireShorter(Duration attempt, String key, Duration whole) {
        if (attempt.compareTo(whole) >= 0) {
            throw new IllegalArgumentException("snapshot.ddb.attempt-timeout (" + attempt.toMillis()
                    + " ms) must be shorter than snapshot.ddb." + key + " (" + whole.toMillis() + " ms)");
        }
    }

    private static Layout layout(SerializerConfig config) {
        String word = config.get("layout", Layout.ONE_TABLE.word());
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

    private static String tableName(SerializerConfig config, String key, String otherwise) {
        String table = config.get(key, otherwise);
        if (!TABLE.matcher(table).matches()) {
            throw bad(key, table, "a name of a table: 3 to 255 of letters, digits, '_', '.' and '-'");
        }
        return table;
    }

    private static Optional<String> region(SerializerConfig config) {
        Optional<String> region = config.get("region");
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

    private static Duration time(SerializerConfig config, String key, Duration otherwise) {
        return config.getDuration(key, otherwise, Duration.ofMillis(1), Duration.ofHours(1));
    }

    private static boolean transactions(SerializerConfig config) {
        String value = config.get("transactions", "auto").toLowerCase(Locale.ROOT);
        if (!value.equals("auto") && !value.equals("false")) {
            throw bad("transactions", value, "auto or false");
        }
        return value.equals("auto");
    }

    private static IllegalArgumentException bad(String key, String value, String rule) {
        String printable = (value.length() > 80 ? value.substring(0, 80) + "…" : value).replaceAll("\\p{Cntrl}", "?");
        return new IllegalArgumentException("snapshot.ddb." + key + " '" + printable + "' must be " + rule);
    }
}
