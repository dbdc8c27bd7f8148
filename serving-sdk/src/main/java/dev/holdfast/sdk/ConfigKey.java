package dev.holdfast.sdk;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A key of a serializer, declared once: what it is called, what it may be, what it is where nothing is set, and what it is for.
 * {@link SnapshotSerializerFactory#keys()} has them, and so {@code holdfast plugins describe} can tell operators.
 *
 * <pre>
 *   static final ConfigKey&lt;Duration&gt; TIMEOUT =
 *           ConfigKey.time("timeout", Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofMinutes(5), "how long one call may take");
 *
 *   Duration timeout = TIMEOUT.in(config);
 * </pre>
 *
 * <p>Immutable.
 *
 * @param <T> what a value is read as
 */
public final class ConfigKey<T> {

    /** Reads what is set, or says what is wrong with it. */
    private interface Reader<T> {
        T read(SerializerConfig config, String value);
    }

    private final String name;
    private final String rule;
    private final String sentence;
    private final Reader<T> reader;
    private final @Nullable T otherwise;
    private final String shownDefault;

    private ConfigKey(
            String name, String rule, String sentence, Reader<T> reader, @Nullable T otherwise, String shownDefault) {
        if (!name.matches("[a-z][a-z0-9-]{0,62}")) {
            throw new IllegalArgumentException("Key '" + Rules.printable(name) + "' must match [a-z][a-z0-9-]{0,62}");
        }
        this.name = name;
        this.rule = rule;
        this.sentence = sentence;
        this.reader = reader;
        this.otherwise = otherwise;
        this.shownDefault = shownDefault;
    }

    /**
     * A text that has no default.
     *
     * @param sentence what it is, such as {@code the directory in which the snapshots are kept}
     */
    public static ConfigKey<String> text(String name, String sentence) {
        return new ConfigKey<>(name, "", sentence, (config, value) -> value, null, "");
    }

    /** A text. */
    public static ConfigKey<String> text(String name, String otherwise, String sentence) {
        return new ConfigKey<>(name, "", sentence, (config, value) -> value, otherwise, otherwise);
    }

    /** One of some words, in any case. */
    public static ConfigKey<String> word(String name, String otherwise, List<String> words, String sentence) {
        List<String> all = List.copyOf(words);
        String rule = "one of " + String.join(", ", all);
        return new ConfigKey<>(
                name,
                rule,
                sentence,
                (config, value) -> Optional.of(value.toLowerCase(Locale.ROOT))
                        .filter(all::contains)
                        .orElseThrow(() -> config.bad(name, value, rule)),
                otherwise,
                otherwise);
    }

    /** A whole number within bounds. */
    public static ConfigKey<Integer> number(String name, int otherwise, int least, int most, String sentence) {
        return new ConfigKey<>(
                name,
                "a whole number from " + least + " to " + most,
                sentence,
                (config, value) -> config.getInt(name, otherwise, least, most),
                otherwise,
                Integer.toString(otherwise));
    }

    /** A time within bounds, as {@link SerializerConfig#getDuration(String, Duration)} reads it. */
    public static ConfigKey<Duration> time(
            String name, Duration otherwise, Duration least, Duration most, String sentence) {
        return new ConfigKey<>(
                name,
                "a time from " + Durations.text(least) + " to " + Durations.text(most),
                sentence,
                (config, value) -> config.getDuration(name, otherwise, least, most),
                otherwise,
                Durations.text(otherwise));
    }

    /** A switch. */
    public static ConfigKey<Boolean> truth(String name, boolean otherwise, String sentence) {
        return new ConfigKey<>(
                name,
                "true or false",
                sentence,
                (config, value) -> config.getBoolean(name, otherwise),
                otherwise,
                Boolean.toString(otherwise));
    }

    /**
     * The key that names the file of a {@linkplain SerializerConfig#secret secret}: {@code <secret>-file}.
     *
     * @param secret the name of the secret, such as {@code password}
     */
    public static ConfigKey<String> secretFile(String secret, String sentence) {
        return text(secret + "-file", sentence);
    }

    /** The same key with what stands in a description in place of a default that is none of a value's form. */
    public ConfigKey<T> describedDefault(String words) {
        return new ConfigKey<>(name, rule, sentence, reader, otherwise, words);
    }

    /** What it is called, without {@code snapshot.<serializer>.} before it. */
    public String name() {
        return name;
    }

    /** What a value must be, such as {@code true or false}; empty for any text. */
    public String rule() {
        return rule;
    }

    /** What it is for. */
    public String sentence() {
        return sentence;
    }

    /** What is taken where nothing is set, as an operator would write it; empty if there is nothing. */
    public String defaultValue() {
        return shownDefault;
    }

    /**
     * What the operator has set, or the default.
     *
     * @throws ConfigurationException if the value breaks the rule, or nothing is set and there is no default
     */
    public T in(SerializerConfig config) {
        Optional<T> set = ifSet(config);
        if (set.isPresent()) {
            return set.get();
        }
        if (otherwise == null) {
            throw new ConfigurationException(config.property(name) + " is not set; set it to " + sentence);
        }
        return otherwise;
    }

    /**
     * What the operator has set; empty if nothing is.
     *
     * @throws ConfigurationException if the value breaks the rule
     */
    public Optional<T> ifSet(SerializerConfig config) {
        return config.get(name).map(value -> reader.read(config, value));
    }

    @Override
    public String toString() {
        return name;
    }
}
