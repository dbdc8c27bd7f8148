package dev.holdfast.host;

import dev.holdfast.host.codec.Codecs;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.journal.JournalLook;
import dev.holdfast.host.operate.HostDisk;
import dev.holdfast.host.operate.StoreGroup;
import dev.holdfast.host.plugins.CallWatch;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.host.plugins.SerializerChoice;
import dev.holdfast.host.plugins.SerializerChoiceException;
import dev.holdfast.host.retention.SerializerKeys;
import dev.holdfast.host.snapshot.SnapshotUrl;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The stores that a start with some options could use, opened for an operator's command and without a host. */
public final class OperatorStores implements AutoCloseable {

    private final HostConfig config;
    private final ConfiguredPlugins configured;
    private final SnapshotSerializerFactory fs = new FsSnapshotSerializerFactory();
    private final Plugins plugins;

    private OperatorStores(HostConfig config, Path logLocation) {
        this.config = config;
        this.configured = new ConfiguredPlugins(config, logLocation, CallWatch.NONE);
        this.plugins = configured.load();
    }

    /**
     * Loads the plugins; opens nothing.
     *
     * @throws ConfigException if a start with these options would be refused for its configuration or plugins path
     */
    public static OperatorStores of(StartOptions options) {
        return new OperatorStores(StartState.configuration(options), options.logLocation());
    }

    /**
     * Opens a group of a store.
     *
     * @param store a serializer's name, or a URL as {@code --snapshot} takes it but without a snapshot's name; empty for the
     *     store that a start would use
     * @param group empty for that of the URL, else of the configuration
     * @throws ConfigException if there is no such store, or its keys are wrong
     * @throws dev.holdfast.sdk.SnapshotStoreException if it cannot be reached
     */
    public StoreGroup open(Optional<String> store, Optional<String> group) {
        return open(store, group, config.snapshots().group());
    }

    /** @param otherwise the group where neither the URL nor {@code group} says one */
    public StoreGroup open(Optional<String> store, Optional<String> group, String otherwise) {
        Optional<SnapshotUrl> url = store.filter(text -> text.contains(":"))
                .flatMap(text -> SnapshotUrl.parseStore(text, plugins.serializers(fs), plugins.rejections()));
        SerializerChoice choice = choose(url.map(SnapshotUrl::serializer).or(() -> store));
        Map<String, String> values = new TreeMap<>(config.snapshots().serializerProperties(choice.name()));
        url.ifPresent(some -> values.putAll(some.keys()));
        Optional<String> ofUrl = url.flatMap(SnapshotUrl::group);
        if (group.isPresent() && ofUrl.isPresent() && !group.equals(ofUrl)) {
            throw new ConfigException("The URL of the store says group '" + ofUrl.get() + "', and the option '"
                    + group.get() + "'; say one of them");
        }
        String name = group.or(() -> ofUrl).orElse(otherwise);
        // What a command saves must not have the serializer remove what the command still needs.
        Map<String, String> kept = SerializerKeys.of(choice.name(), of(choice, name, values), values)
                .others();
        try {
            return new StoreGroup(
                    choice.name(),
                    name,
                    plugins.open(choice, of(choice, name, kept)),
                    Codecs.all(),
                    disk(choice.name(), name),
                    Clock.systemUTC());
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ConfigException("Snapshot store " + choice.name() + ": " + e.getMessage(), e);
        }
    }

    private HostDisk disk(String store, String group) {
        JournalLook look = JournalLook.at(configured.logLocation(), store, group);
        return new HostDisk(look.waiting(), look.pinned());
    }

    private SerializerConfig of(SerializerChoice choice, String group, Map<String, String> values) {
        try {
            return configured.of(choice.name(), group, values);
        } catch (IllegalArgumentException e) {
            throw new ConfigException("Group '" + group + "' of store " + choice.name() + ": " + e.getMessage(), e);
        }
    }

    private SerializerChoice choose(Optional<String> name) {
        SerializerChoice choice;
        try {
            choice = plugins.choose(name.or(config.snapshots()::store).orElse(null), fs);
        } catch (SerializerChoiceException e) {
            // What is --snapshot-store at a start is --store here.
            throw new ConfigException(String.valueOf(e.getMessage()).replace("--snapshot-store", "--store"), e);
        }
        if (choice.isMadeForTorchServe()) {
            throw new ConfigException("Serializer " + choice.name() + " was made for TorchServe: it lists nothing and"
                    + " knows no groups, so its store can be looked at through a running host alone");
        }
        return choice;
    }

    /** Where a start with these options looks for archives; empty where nothing says it. */
    public Optional<Path> modelStore() {
        return config.models().modelStore();
    }

    /** Where it looks for those of workflows; empty where they lie among the others. */
    public Optional<Path> workflowStore() {
        return config.models().workflowStore();
    }

    @Override
    public void close() {
        plugins.close();
    }
}
