package dev.holdfast.host.config;

import dev.holdfast.host.text.OneLine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the values of the configuration come from, one layer over the other.
 *
 * <pre>
 *   environment (TS_*, HOLDFAST_*; if enable_envvars_config=true)
 *   command line
 *   --ts-config file
 *   restored snapshot
 *   default file (conf/config.properties)
 *   built-in defaults
 * </pre>
 *
 * <p>Immutable; a layer is added by making a new one.
 */
public final class ConfigLayers {

    private static final Logger log = LoggerFactory.getLogger(ConfigLayers.class);

    /** The layers that hold properties, from the weakest to the strongest. */
    private enum Layer {
        DEFAULT_FILE("default configuration file"),
        SNAPSHOT("restored snapshot"),
        GIVEN_FILE("--ts-config file"),
        COMMAND_LINE("command line");

        private final String words;

        Layer(String words) {
            this.words = words;
        }
    }

    private final Map<String, String> environment;
    private final Map<Layer, Map<String, String>> layers;
    private final List<String> remarks;

    private ConfigLayers(
            Map<String, String> environment, Map<Layer, Map<String, String>> layers, List<String> remarks) {
        this.environment = Map.copyOf(environment);
        this.layers = Collections.unmodifiableMap(layers);
        this.remarks = List.copyOf(remarks);
    }

    /**
     * No layer yet.
     *
     * @param environment the process environment
     */
    public static ConfigLayers of(Map<String, String> environment) {
        return new ConfigLayers(environment, new LinkedHashMap<>(), List.of());
    }

    /** The file that holds where nothing else is said. */
    public ConfigLayers defaultFile(Map<String, String> properties) {
        return with(Layer.DEFAULT_FILE, properties);
    }

    /**
     * The configuration of a restored snapshot, as far as a snapshot may set it.
     *
     * <p>An invalid value is named in the log and this host's own value holds; in a strict restore it stops the start.
     *
     * @param word whether the operator vouches for the snapshot; otherwise values that open the host more than its own
     *     configuration does are left out
     */
    public ConfigLayers restored(Map<String, String> properties, boolean word) {
        HostConfig local = toConfig();
        List<String> told = new ArrayList<>();
        Map<String, String> heard = new TreeMap<>(properties);
        if (!word) {
            heard.entrySet().removeIf(entry -> opensMore(local, entry.getKey(), entry.getValue(), told));
        }
        Map<String, String> said = heardOf(heard, told);
        if (!local.snapshots().strictRestore()) {
            said.entrySet().removeIf(entry -> isDamaged(local, entry.getKey(), entry.getValue(), told));
        }
        told.forEach(log::warn);
        return with(Layer.SNAPSHOT, said, told);
    }

    /** What a restored snapshot says and is left out, or stands against the default configuration file. */
    public List<String> remarks() {
        return remarks;
    }

    private boolean opensMore(HostConfig local, String key, String value, List<String> told) {
        Optional<String> own = isOverridden(key) ? Optional.empty() : Opening.beyond(local, key, value);
        own.ifPresent(here -> told.add(key + "=" + OneLine.name(value)
                + " of the restored snapshot is left out: it opens this host more than its own configuration does ("
                + OneLine.name(here)
                + "), and the snapshot is of another host. To take it: --accept-addresses, or say it in a"
                + " configuration file or with --set"));
        return own.isPresent();
    }

    private boolean isDamaged(HostConfig local, String key, String value, List<String> told) {
        try {
            with(Layer.SNAPSHOT, Map.of(key, value), List.of()).toConfig();
            return false;
        } catch (ConfigException e) {
            told.add("The restored snapshot is damaged in one key, and this host's own value holds (" + key + "="
                    + OneLine.name(local.text(key)) + "): " + e.getMessage());
            return true;
        }
    }

    /** The same without these checks; {@link #toConfig} refuses an invalid value. */
    public ConfigLayers snapshot(Map<String, String> properties) {
        List<String> told = new ArrayList<>();
        Map<String, String> heard = heardOf(properties, told);
        told.forEach(log::warn);
        return with(Layer.SNAPSHOT, heard, told);
    }

    private Map<String, String> heardOf(Map<String, String> properties, List<String> told) {
        Map<String, String> kept = new TreeMap<>(properties);
        tellOfUnknown(kept.keySet(), told);
        kept.keySet().removeIf(key -> !ConfigKey.isKept(key));
        kept.entrySet().removeIf(entry -> isForeignPlaceholder(entry.getKey(), entry.getValue(), told));
        Map<String, String> before = layers.getOrDefault(Layer.DEFAULT_FILE, Map.of());
        kept.forEach((key, value) -> {
            String other = before.get(key);
            if (other != null && !other.equals(value) && !isOverridden(key)) {
                told.add("The restored snapshot says " + key + "=" + OneLine.name(value)
                        + ", the default configuration file " + OneLine.name(other)
                        + "; the snapshot's holds. To change it, give the file with --ts-config, and --snapshot latest"
                        + " beside it");
            }
        });
        return kept;
    }

    /** Names the keys only: the value of an unknown key may be a secret. */
    private static void tellOfUnknown(Set<String> keys, List<String> told) {
        List<String> unknown =
                keys.stream().filter(ConfigKey::isUnknown).sorted().toList();
        if (!unknown.isEmpty()) {
            told.add("Keys of the restored snapshot that nobody knows are left out: "
                    + OneLine.of(String.join(", ", unknown)));
        }
    }

    /**
     * Who can write to a store must not learn the secrets in the environment: a placeholder of a snapshot counts only where
     * the operator's own files have the very same one.
     */
    private boolean isForeignPlaceholder(String key, String value, List<String> told) {
        if (!Placeholders.isIn(value)
                || value.equals(
                        layers.getOrDefault(Layer.DEFAULT_FILE, Map.of()).get(key))) {
            return false;
        }
        if (!isOverridden(key)) {
            told.add(key + "=" + OneLine.name(value)
                    + " of the restored snapshot is left out: environment variables are looked up for your own files"
                    + " alone; say it in the default configuration file, or with --ts-config or --set");
        }
        return true;
    }

    private boolean isOverridden(String key) {
        return layers.getOrDefault(Layer.GIVEN_FILE, Map.of()).containsKey(key)
                || layers.getOrDefault(Layer.COMMAND_LINE, Map.of()).containsKey(key);
    }

    /** The file that the operator named. */
    public ConfigLayers givenFile(Map<String, String> properties) {
        return with(Layer.GIVEN_FILE, properties);
    }

    public ConfigLayers commandLine(Map<String, String> properties) {
        return with(Layer.COMMAND_LINE, properties);
    }

    private ConfigLayers with(Layer layer, Map<String, String> properties) {
        return with(layer, properties, remarks);
    }

    private ConfigLayers with(Layer layer, Map<String, String> properties, List<String> told) {
        Map<Layer, Map<String, String>> more = new LinkedHashMap<>(layers);
        more.put(layer, Map.copyOf(properties));
        return new ConfigLayers(environment, more, told);
    }

    /**
     * The effective configuration.
     *
     * @throws ConfigException if a value breaks its rule, or names an environment variable that is not set
     */
    public HostConfig toConfig() {
        Map<String, String> written = new TreeMap<>();
        Map<String, String> origins = new TreeMap<>();
        for (Layer layer : Layer.values()) {
            layers.getOrDefault(layer, Map.of()).forEach((key, value) -> {
                written.put(key, value);
                origins.put(key, layer.words);
            });
        }
        Map<String, String> resolved = new TreeMap<>(written);
        resolved.replaceAll(
                (key, value) -> Placeholders.resolve(key + " of the " + origins.get(key), value, environment));
        if (Boolean.parseBoolean(resolved.getOrDefault(ConfigKey.ENABLE_ENVVARS_CONFIG.key(), "false"))) {
            applyEnvironment(resolved, origins);
        }
        return new HostConfig(new ConfigValues(written, resolved, origins, environment));
    }

    private void applyEnvironment(Map<String, String> resolved, Map<String, String> origins) {
        for (ConfigKey key : ConfigKey.values()) {
            if (key == ConfigKey.ALLOWED_URLS
                    && !Boolean.parseBoolean(resolved.getOrDefault(ConfigKey.USE_ENV_ALLOWED_URLS.key(), "false"))) {
                continue;
            }
            String name = key.key().toUpperCase(Locale.ROOT);
            for (String variable : List.of("TS_" + name.replaceFirst("^TS_", ""), "HOLDFAST_" + name)) {
                String value = environment.get(variable);
                if (value != null) {
                    // TorchServe switches its second inference protocol on by this word.
                    boolean word = key == ConfigKey.TS_OPEN_INFERENCE_PROTOCOL && value.equals("oip");
                    resolved.put(key.key(), word ? "true" : value);
                    origins.put(key.key(), "environment variable " + variable);
                }
            }
        }
    }
}
