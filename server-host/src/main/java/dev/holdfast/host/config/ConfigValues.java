package dev.holdfast.host.config;

import dev.holdfast.host.text.OneLine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The values of a configuration, each of which keeps its key's rule. Immutable. */
final class ConfigValues {

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\$([^$]+)\\$\\$");

    private final Map<String, String> written;
    private final Map<String, String> resolved;
    private final Map<String, String> origins;
    private final Map<String, String> environment;

    /**
     * @param written the values as they stand in their layers
     * @param resolved the values that hold
     * @param origins where the values that hold come from, for messages
     * @throws ConfigException if a value breaks its key's rule, so that it stops the start and not a request an hour later
     */
    ConfigValues(
            Map<String, String> written,
            Map<String, String> resolved,
            Map<String, String> origins,
            Map<String, String> environment) {
        this.written = new TreeMap<>(written);
        this.resolved = new TreeMap<>(resolved);
        this.origins = new TreeMap<>(origins);
        this.environment = environment;
        for (ConfigKey key : ConfigKey.values()) {
            if (!key.rule().holds().test(get(key))) {
                throw new ConfigException(key.key() + origin(key) + " '" + OneLine.name(get(key)) + "' "
                        + key.rule().words());
            }
        }
    }

    Map<String, String> environment() {
        return environment;
    }

    Map<String, String> written() {
        return Collections.unmodifiableMap(written);
    }

    SortedSet<String> keys(Predicate<String> test) {
        TreeSet<String> found = new TreeSet<>(resolved.keySet());
        found.removeIf(test.negate());
        return found;
    }

    /** The values of the keys that begin so, by the rest of their keys. */
    Map<String, String> below(String prefix) {
        Map<String, String> own = new TreeMap<>();
        resolved.forEach((key, value) -> {
            if (key.startsWith(prefix)) {
                own.put(key.substring(prefix.length()), value);
            }
        });
        return own;
    }

    /** The environment variables that stand in the place of a secret. */
    Set<String> secretVariables() {
        Set<String> variables = new TreeSet<>();
        written.forEach((key, value) -> {
            boolean secret = ConfigKey.isSecret(key) || key.startsWith("snapshot.");
            Matcher names = PLACEHOLDER.matcher(secret ? value : "");
            while (names.find()) {
                variables.add(names.group(1));
            }
        });
        return variables;
    }

    /** The value that holds, as it is written; that of a known key has its default. */
    String text(String key) {
        return ConfigKey.of(key).map(this::get).orElse(resolved.getOrDefault(key, ""));
    }

    boolean isSet(ConfigKey key) {
        return resolved.containsKey(key.key());
    }

    String get(ConfigKey key) {
        return resolved.getOrDefault(key.key(), key.otherwise()).strip();
    }

    Optional<String> text(ConfigKey key) {
        return Optional.of(get(key)).filter(value -> !value.isEmpty());
    }

    List<String> list(ConfigKey key, String separator) {
        return Arrays.stream(get(key).split(separator))
                .map(String::strip)
                .filter(entry -> !entry.isEmpty())
                .toList();
    }

    Optional<Path> path(ConfigKey key) {
        return text(key).map(Path::of);
    }

    int number(ConfigKey key) {
        return Integer.parseInt(get(key));
    }

    Duration seconds(ConfigKey key) {
        return Duration.ofSeconds(number(key));
    }

    /** Empty for what is longer than anybody waits. */
    Optional<Duration> millis(ConfigKey key) {
        return Optional.of(Duration.ofMillis(Long.parseLong(get(key))))
                .filter(it -> it.toDays() < ConfigRule.MOST_DAYS);
    }

    boolean bool(ConfigKey key) {
        return Boolean.parseBoolean(get(key));
    }

    /** Whether the value is this word, in any case. */
    boolean is(ConfigKey key, String word) {
        return get(key).equalsIgnoreCase(word);
    }

    ListenAddress address(ConfigKey key, int otherwise, int otherwiseTls) {
        return ListenAddress.parse(get(key), otherwise, otherwiseTls).orElseThrow();
    }

    /** A key as messages name it: with its value, and with the layer that says so. */
    String named(ConfigKey key) {
        return key.key() + " " + OneLine.name(get(key)) + origin(key);
    }

    /** The layer that a key comes from, as the end of a sentence; empty if the default holds. */
    String origin(ConfigKey key) {
        String origin = origins.get(key.key());
        return origin == null ? "" : " of the " + origin;
    }
}
