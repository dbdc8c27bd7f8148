package dev.holdfast.host.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The effective configuration of a host; checked when it is made, immutable.
 *
 * <p>Getters are named after their keys; {@code docs/operators-manual.md} lists them all.
 */
public final class HostConfig {

    /** Options for the host's JVM, for the launcher. */
    public static final String VMARGS = "vmargs";

    private static final Logger log = LoggerFactory.getLogger(HostConfig.class);

    private final ConfigValues values;
    private final ListenConfig listen;
    private final RpcConfig rpc;
    private final HttpConfig http;
    private final ModelsConfig models;
    private final PythonConfig python;
    private final LogConfig logs;
    private final SnapshotConfig snapshots;

    /** @throws ConfigException if two values contradict each other */
    HostConfig(ConfigValues values) {
        this.values = values;
        listen = new ListenConfig(values);
        rpc = new RpcConfig(values);
        http = new HttpConfig(values);
        models = new ModelsConfig(values);
        python = new PythonConfig(values);
        logs = new LogConfig(values);
        snapshots = new SnapshotConfig(values);
    }

    public ListenConfig listen() {
        return listen;
    }

    public RpcConfig rpc() {
        return rpc;
    }

    public HttpConfig http() {
        return http;
    }

    public ModelsConfig models() {
        return models;
    }

    public PythonConfig python() {
        return python;
    }

    public LogConfig logs() {
        return logs;
    }

    public SnapshotConfig snapshots() {
        return snapshots;
    }

    public Optional<String> hostName() {
        return values.text(ConfigKey.HOST_NAME);
    }

    /** How long an orderly stop by a signal may take. */
    public Duration stopTimeout() {
        return values.seconds(ConfigKey.STOP_TIMEOUT);
    }

    /** Directories with plugins; none by default. */
    public List<Path> pluginsPath() {
        return values.list(ConfigKey.PLUGINS_PATH, ConfigRule.PATH_SEPARATORS).stream()
                .map(entry -> Path.of(entry.replaceFirst("/\\*$", "")))
                .toList();
    }

    public Optional<Path> pluginsSha256() {
        return values.path(ConfigKey.PLUGINS_SHA256);
    }

    public Map<String, String> environment() {
        return values.environment();
    }

    /** A key as messages name it: with its value, and with the layer that says so. */
    public String named(ConfigKey key) {
        return values.named(key);
    }

    /** The value that holds, as it is written; that of a known key has its default. */
    String text(String key) {
        return values.text(key);
    }

    /**
     * What a snapshot keeps of the configuration: as it was written, so that no value of a placeholder is kept, and
     * without secrets, switches that open the host, and facts of the machine.
     */
    public Map<String, String> toSnapshot() {
        Map<String, String> kept = new TreeMap<>(values.written());
        kept.entrySet().removeIf(entry -> !ConfigKey.isKept(entry.getKey()) || ConfigKey.hasSecret(entry.getValue()));
        return kept;
    }

    /** The keys of TorchServe that have no effect here. */
    public SortedSet<String> keysWithoutEffect() {
        return notActedOn(Torchserve::isWithoutEffect);
    }

    /** The keys that neither this host nor TorchServe has. */
    public SortedSet<String> unknownKeys() {
        return notActedOn(key -> !Torchserve.isWithoutEffect(key));
    }

    /** Not the options for the JVM, the launcher's concern: what becomes of them is said where they are read. */
    private SortedSet<String> notActedOn(Predicate<String> test) {
        return values.keys(key -> ConfigKey.of(key).isEmpty()
                && !key.startsWith("snapshot.")
                && !key.startsWith("holdfast.")
                && !key.equals(VMARGS)
                && test.test(key));
    }

    /** Says in the log which keys have no effect here, so that a misspelt one is noticed. */
    public void logUnknownKeys() {
        SortedSet<String> unknown = unknownKeys();
        SortedSet<String> withoutEffect = keysWithoutEffect();
        if (!withoutEffect.isEmpty()) {
            log.info("Configuration keys of TorchServe without effect here: {}", String.join(", ", withoutEffect));
        }
        if (values.isSet(ConfigKey.MODEL_SNAPSHOT)) {
            log.warn(
                    "{}{} is not used: it counts in a configuration file alone",
                    ConfigKey.MODEL_SNAPSHOT.key(),
                    values.origin(ConfigKey.MODEL_SNAPSHOT));
        }
        if (!unknown.isEmpty()) {
            log.warn("Unknown configuration keys, not used and not kept in snapshots: {}", String.join(", ", unknown));
        }
    }
}
