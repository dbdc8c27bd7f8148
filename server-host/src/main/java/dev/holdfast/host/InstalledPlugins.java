package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.plugins.CallWatch;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.host.plugins.SerializerChoice;
import dev.holdfast.host.plugins.SerializerChoiceException;
import dev.holdfast.host.retention.SerializerKeys;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** The plugins that a start would load, looked at without a start. */
public final class InstalledPlugins implements AutoCloseable {

    private final HostConfig config;
    private final ConfiguredPlugins configured;
    private final SnapshotSerializerFactory fs = new FsSnapshotSerializerFactory();
    private final Plugins plugins;

    private InstalledPlugins(HostConfig config, Path logLocation) {
        this.config = config;
        this.configured = new ConfiguredPlugins(config, logLocation, CallWatch.NONE);
        this.plugins = configured.load();
    }

    /**
     * Loads them.
     *
     * @throws ConfigException if a start with these options would be refused for its configuration or plugins path
     */
    public static InstalledPlugins of(StartOptions options) {
        return new InstalledPlugins(StartState.configuration(options), options.logLocation());
    }

    /** Every drop-in that was found, ordered by path. */
    public List<PluginStatus> all() {
        return plugins.all();
    }

    /**
     * A store as the hosts of this configuration open it, to be tested.
     *
     * @param name of its serializer
     * @param plugin the plugin that brings the serializer; empty for the one that is built in
     * @param factory calls the serializer in its plugin's context, and puts nothing else around it
     * @param factoryType the plugin's own class
     * @param config for a group, without the properties that {@code leftOut} has
     * @param leftOut the properties about retention that are set
     * @param wholeConfig for a group, with them
     * @param callLimit what a host gives to one call
     */
    public record Store(
            String name,
            Optional<Path> plugin,
            SnapshotSerializerFactory factory,
            Class<? extends SnapshotSerializerFactory> factoryType,
            Function<String, SerializerConfig> config,
            Map<String, String> leftOut,
            Function<String, SerializerConfig> wholeConfig,
            Duration callLimit) {}

    /**
     * The store of a serializer.
     *
     * @throws ConfigException if there is no serializer of that name, or it was made for TorchServe: such a store knows no
     *     groups and removes nothing, so what a test saves would be there for good, before the eyes of hosts
     */
    public Store store(String name) {
        SerializerChoice choice;
        try {
            choice = plugins.choose(name, fs);
        } catch (SerializerChoiceException e) {
            throw new ConfigException(String.valueOf(e.getMessage()), e);
        }
        if (choice.isMadeForTorchServe()) {
            throw new ConfigException("Serializer " + choice.name() + " was made for TorchServe: it knows no groups and"
                    + " removes nothing, so its store cannot be verified without harm to what hosts keep there");
        }
        Map<String, String> values = new TreeMap<>(config.snapshots().serializerProperties(choice.name()));
        Map<String, String> leftOut = new TreeMap<>();
        // They would remove what the contract has just saved.
        for (String key : SerializerKeys.NAMES) {
            Optional.ofNullable(values.remove(key))
                    .ifPresent(value -> leftOut.put("snapshot." + choice.name() + "." + key, value));
        }
        return new Store(
                choice.name(),
                choice.plugin().map(plugin -> plugin.path()),
                plugins.unguarded(choice),
                choice.factoryType(),
                group -> configured.of(choice.name(), group, values),
                leftOut,
                group -> configured.of(choice.name(), group, config.snapshots().serializerProperties(choice.name())),
                config.snapshots().timeout());
    }

    @Override
    public void close() {
        plugins.close();
    }
}
