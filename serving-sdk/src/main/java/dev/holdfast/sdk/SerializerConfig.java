package dev.holdfast.sdk;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a serializer is told when it is opened: whom it works for, and what the operator set.
 *
 * <p>The operator's property {@code snapshot.<serializer>.<key>} is here under {@code <key>}. Names of keys are lower-case
 * words with dashes. A secret never comes from such a property, which would end up in a snapshot: {@link #secret}.
 *
 * <p>Immutable.
 */
public final class SerializerConfig {

    private static final System.Logger LOG = System.getLogger(SerializerConfig.class.getName());

    private final String serializer;
    private final String group;
    private final String host;
    private final Path logLocation;
    private final Map<String, String> values;
    private final Map<String, String> environment;
    private final Map<String, Codec> codecs;
    private final Duration callLimit;

    private SerializerConfig(Builder from) {
        serializer = from.serializer;
        group = Rules.word("Group", from.group, 64);
        host = Rules.word("Host", from.host, 255);
        logLocation = from.logLocation;
        values = Map.copyOf(from.values);
        environment = Map.copyOf(from.environment);
        codecs = Map.copyOf(from.codecs);
        callLimit = from.callLimit;
    }

    /**
     * A configuration for {@code serializer} without any property set, for the group {@code default}.
     *
     * @param logLocation see {@link #logLocation()}
     */
    public static Builder builder(String serializer, Path logLocation) {
        return new Builder(serializer, logLocation);
    }

    /** The same with one key more, or another value of it. */
    public SerializerConfig with(String key, String value) {
        Map<String, String> more = new TreeMap<>(values);
        more.put(key, value);
        return new Builder(serializer, logLocation)
                .group(group)
                .host(host)
                .values(more)
                .environment(environment)
                .codecs(codecs.values())
                .callLimit(callLimit)
                .build();
    }

    /** The group whose snapshots are saved and got. */
    public String group() {
        return group;
    }

    /** This host's name. */
    public String host() {
        return host;
    }

    /** The host's directory for logs and local state, where an embedded store puts its files by default. */
    public Path logLocation() {
        return logLocation;
    }

    /**
     * How long the host waits for one call ({@code snapshot_timeout}) before it gives the call up. A serializer's own time-outs
     * should end before it, for then its message says why.
     */
    public Duration callLimit() {
        return callLimit;
    }

    /**
     * Refuses keys that the serializer does not know: a misspelt key must not be passed over in silence.
     *
     * @throws ConfigurationException if another key is set; the message lists the known ones
     */
    public void requireKnown(String... keys) {
        Set<String> known = new TreeSet<>(List.of(keys));
        for (String key : new TreeMap<>(values).keySet()) {
            if (!known.contains(key)) {
                if (known.contains(key + "-file")) {
                    throw secretInConfiguration(key);
                }
                throw new ConfigurationException(property(key) + " is not a known key; the keys of " + serializer
                        + " are " + (known.isEmpty() ? "none" : String.join(", ", known)));
            }
        }
    }

    /**
     * Refuses keys that are not declared.
     *
     * @throws ConfigurationException if another key is set; the message lists the known ones
     */
    public void requireKnown(Collection<? extends ConfigKey<?>> keys) {
        requireKnown(keys.stream().map(ConfigKey::name).toArray(String[]::new));
    }

    /** The value of a key, without white space around it; empty if it is not set or blank. */
    public Optional<String> get(String key) {
        return Optional.ofNullable(values.get(key)).map(String::strip).filter(value -> !value.isEmpty());
    }

    /**
     * A value that must be set.
     *
     * @param what it is, for the message: {@code the directory in which the snapshots are kept}
     * @throws ConfigurationException if it is not set or blank
     */
    public String require(String key, String what) {
        return get(key).orElseThrow(() -> new ConfigurationException(property(key) + " is not set; set it to " + what));
    }

    public String get(String key, String otherwise) {
        return get(key).orElse(otherwise);
    }

    /**
     * A whole number.
     *
     * @throws ConfigurationException if the value is not one between {@code least} and {@code most}
     */
    public int getInt(String key, int otherwise, int least, int most) {
        return get(key).map(value -> parseInt(key, value, least, most)).orElse(otherwise);
    }

    private int parseInt(String key, String value, int least, int most) {
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // The message below says all that the exception knows.
        }
        throw bad(key, value, "a whole number from " + least + " to " + most);
    }

    /**
     * A switch.
     *
     * @throws ConfigurationException if the value is neither {@code true} nor {@code false}
     */
    public boolean getBoolean(String key, boolean otherwise) {
        return get(key).map(value -> switch (value.toLowerCase(Locale.ROOT)) {
                    case "true" -> true;
                    case "false" -> false;
                    default -> throw bad(key, value, "true or false");
                })
                .orElse(otherwise);
    }

    /**
     * A time: a whole number of seconds ({@code 30}), milliseconds ({@code 250ms}) or the units {@code s}, {@code m},
     * {@code h}, {@code d}.
     *
     * @throws ConfigurationException if the value is not of that form, or negative
     */
    public Duration getDuration(String key, Duration otherwise) {
        return get(key).map(value -> Durations.parse(value)
                        .orElseThrow(() -> bad(key, value, "a time like 30, 30s, 250ms, 5m, 2h or 7d")))
                .orElse(otherwise);
    }

    /**
     * A time within bounds. Most clients take 0 for "for ever", which no time-out of a serializer may be.
     *
     * @throws ConfigurationException if the value is not a time as above, from {@code least} to {@code most}
     */
    public Duration getDuration(String key, Duration otherwise, Duration least, Duration most) {
        Duration time = getDuration(key, otherwise);
        if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
            throw bad(key, get(key, ""), "a time from " + Durations.text(least) + " to " + Durations.text(most));
        }
        return time;
    }

    /**
     * A secret: the environment variable of {@link #secretVariable}, else the
     * content of the file that {@code <key>-file} names, without white space around it.
     *
     * <p>A file that belongs to the host's user must be readable for nobody else. One that belongs to another user, as a file that
     * a container is given, must not be written by everyone.
     *
     * @throws ConfigurationException if the secret stands in the property {@code <key>} itself, or the file cannot be
     *     read, or is open to others
     */
    public Optional<String> secret(String key) {
        if (values.containsKey(key)) {
            throw secretInConfiguration(key);
        }
        String variable = secretVariable(serializer, key);
        String fromEnvironment = environment.get(variable);
        if (fromEnvironment != null) {
            return Optional.of(fromEnvironment);
        }
        String ambiguous = upper(serializer.replace('-', '_'), key);
        if (environment.containsKey(ambiguous)) {
            LOG.log(
                    Level.WARNING,
                    "{0} is not read for serializer {1}, for it may be that of another one; its own is {2}",
                    ambiguous,
                    serializer,
                    variable);
        }
        return get(key + "-file").map(file -> readSecret(key, file));
    }

    /**
     * The environment variable of a secret. A dash of the serializer's name becomes two underscores, and one of the key one, so
     * that no two secrets have one variable: {@code HOLDFAST_SNAPSHOT_MY__STORE_ACCESS_KEY} is the {@code access-key} of {@code
     * my-store}.
     */
    public static String secretVariable(String serializer, String key) {
        return upper(serializer.replace("-", "__"), key);
    }

    private static String upper(String serializer, String key) {
        return "HOLDFAST_SNAPSHOT_" + serializer.toUpperCase(Locale.ROOT) + "_"
                + key.replace('-', '_').toUpperCase(Locale.ROOT);
    }

    private ConfigurationException secretInConfiguration(String key) {
        return new ConfigurationException(property(key)
                + " must not stand in a configuration file, which is kept in snapshots; set "
                + secretVariable(serializer, key) + ", or " + property(key + "-file") + " to a file that holds it");
    }

    private String readSecret(String key, String file) {
        try {
            SecretFile.requirePrivate(property(key + "-file"), Path.of(file));
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            throw new ConfigurationException(property(key + "-file") + " '" + file + "' cannot be read: " + e, e);
        }
    }

    /**
     * One of the host's codecs. {@code none} and {@code gz} are always there.
     *
     * @param nameAndLevel a name such as {@code gz}, or a name and a level such as {@code gz:9}; reading needs no level
     * @throws ConfigurationException if the host has none of that name, or the codec not that level; the message lists
     *     what there is
     */
    public Codec codec(String nameAndLevel) {
        String[] parts = nameAndLevel.split(":", 2);
        Codec codec = codecs.get(parts[0]);
        if (codec == null) {
            throw new ConfigurationException("Codec '" + Rules.printable(parts[0]) + "' is not one of "
                    + String.join(", ", new TreeSet<>(codecs.keySet())));
        }
        return parts.length == 1 ? codec : codec.atLevel(level(parts[1]));
    }

    private static int level(String value) {
        try {
            return Integer.parseInt(value);
        } catch (NumberFormatException e) {
            throw new ConfigurationException(
                    "Level '" + Rules.printable(value) + "' of a codec must be a whole number", e);
        }
    }

    String property(String key) {
        return "snapshot." + serializer + "." + key;
    }

    ConfigurationException bad(String key, String value, String rule) {
        return new ConfigurationException(property(key) + " '" + Rules.printable(value) + "' must be " + rule);
    }

    /** Gathers a configuration; the host does, and the tests of a plugin. */
    public static final class Builder {

        private final String serializer;
        private final Path logLocation;
        private String group = "default";
        private String host = "localhost";
        private Map<String, String> values = Map.of();
        private Map<String, String> environment = Map.of();
        private final Map<String, Codec> codecs = new TreeMap<>();
        private Duration callLimit = Duration.ofMinutes(1);

        private Builder(String serializer, Path logLocation) {
            this.serializer = serializer;
            this.logLocation = logLocation;
            codecs(List.of(Codec.none(), Codec.gz()));
        }

        public Builder group(String value) {
            group = value;
            return this;
        }

        public Builder host(String value) {
            host = value;
            return this;
        }

        /** The operator's properties, already without {@code snapshot.<serializer>.}. */
        public Builder values(Map<String, String> all) {
            values = all;
            return this;
        }

        /** The process environment, in which {@link SerializerConfig#secret} looks; empty by default. */
        public Builder environment(Map<String, String> variables) {
            environment = variables;
            return this;
        }

        /** More codecs than {@code none} and {@code gz}, or others in their places. */
        public Builder codecs(Collection<? extends Codec> all) {
            all.forEach(codec -> codecs.put(codec.name(), codec));
            return this;
        }

        /** See {@link SerializerConfig#callLimit()}; a minute by default. */
        public Builder callLimit(Duration time) {
            callLimit = time;
            return this;
        }

        /**
         * The configuration.
         *
         * @throws IllegalArgumentException if the group or the host breaks its rule
         */
        public SerializerConfig build() {
            return new SerializerConfig(this);
        }
    }

    @Override
    public String toString() {
        return "the configuration of serializer " + serializer + " for group " + group;
    }
}
