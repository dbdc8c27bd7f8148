package dev.holdfast.host;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.common.OwnSerializers;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalChunks;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.keeper.ChangeQueue;
import dev.holdfast.host.keeper.ChunkBringer;
import dev.holdfast.host.keeper.KeeperOptions;
import dev.holdfast.host.keeper.ServingSource;
import dev.holdfast.host.keeper.SnapshotKeeper;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreAttachment;
import dev.holdfast.host.metrics.StoreMeasures;
import dev.holdfast.host.plugins.CallWatch;
import dev.holdfast.host.plugins.MeasuredSerializer;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.host.plugins.ReopeningSerializer;
import dev.holdfast.host.plugins.SerializerChoice;
import dev.holdfast.host.plugins.SerializerChoiceException;
import dev.holdfast.host.plugins.torchserve.RememberingStore;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.retention.FirstRound;
import dev.holdfast.host.retention.Housekeeping;
import dev.holdfast.host.retention.OldSnapshots;
import dev.holdfast.host.retention.RetentionRule;
import dev.holdfast.host.retention.SerializerKeys;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a host's snapshots go: the plugins, the chosen store, and the journal beside it. */
final class Persistence implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Persistence.class);
    private static final Duration RETRY_STORE = Duration.ofSeconds(5);
    private static final String FS = OwnSerializers.BUILT_IN;

    private final HostConfig config;
    private final ConfiguredPlugins configured;
    private final Codec stateCodec;
    private final StoreMeasures measures = new StoreMeasures();
    private final SnapshotSerializerFactory fs = new FsSnapshotSerializerFactory();
    private final Plugins plugins;
    private final String storeName;
    private final RetentionRule rule;
    private final Path spooled;
    private final ReopeningSerializer store;
    private final Journal journal;
    private final boolean storeIsHere;
    private final boolean storeForgets;

    Persistence(HostConfig config, Path logLocation) {
        this(config, logLocation, CallWatch.NONE);
    }

    /**
     * Loads the plugins and opens the chosen store.
     *
     * @param calls is told of each call into a plugin
     * @throws ConfigException if the plugins path, the choice of a store or its configuration is wrong. A store that
     *     cannot be reached is no obstacle here.
     */
    Persistence(HostConfig config, Path logLocation, CallWatch calls) {
        this(config, logLocation, logLocation, calls);
    }

    /** The same with a journal that lies in another log location, such as a copy of it. */
    Persistence(HostConfig config, Path logLocation, Path journalLocation, CallWatch calls) {
        this.config = config;
        this.configured = new ConfiguredPlugins(config, logLocation, calls);
        this.stateCodec = stateCodec();
        this.plugins = configured.load();
        try {
            Opening chosen = choose();
            this.storeName = chosen.name();
            this.rule = chosen.rule();
            this.spooled = logLocation.resolve("spool").resolve(storeName);
            this.storeIsHere = isInLogLocation(chosen);
            this.storeForgets = chosen.mayForget();
            this.journal = journal(logLocation, journalLocation);
            this.store = new ReopeningSerializer(
                    chosen.mayForget()
                            ? () -> new RememberingStore(
                                    chosen.name(), chosen.opener().get(), journal::copies)
                            : chosen.opener());
            open();
        } catch (RuntimeException | Error e) {
            plugins.close();
            throw e;
        }
    }

    /**
     * How the chosen store is opened.
     *
     * @param builtIn whether it is the host's own, and no plugin's
     * @param mayForget whether it may fail to give back what it took
     * @param rule which of its snapshots stay
     */
    private record Opening(
            String name, boolean builtIn, Supplier<SnapshotSerializer> opener, boolean mayForget, RetentionRule rule) {}

    /** What the calls of the store took. */
    StoreMeasures measures() {
        return measures;
    }

    private Opening choose() {
        try {
            SerializerChoice choice = plugins.choose(config.snapshots().store().orElse(null), fs);
            SerializerKeys keys = serializerKeys(choice);
            SerializerConfig own =
                    configured.of(choice.name(), config.snapshots().group(), keys.others());
            return new Opening(
                    choice.name(),
                    choice.plugin().isEmpty(),
                    () -> new MeasuredSerializer(plugins.open(choice, own), measures),
                    choice.isMadeForTorchServe(),
                    RetentionRule.of(config).widenedBy(keys.rule()));
        } catch (SerializerChoiceException e) {
            // A name that nothing here could have brought, or several bring, is a mistake of the operator's; one that a
            // broken plugin could have brought must not keep the host down.
            if (!e.mayBeOfARejectedPlugin()
                    || config.snapshots().store().isEmpty()
                    || config.snapshots().requiresStore()) {
                throw new ConfigException(String.valueOf(e.getMessage()), e);
            }
            Supplier<SnapshotSerializer> opener = () -> {
                throw new StoreUnavailableException(String.valueOf(e.getMessage()), e);
            };
            return new Opening(
                    serializerName(config.snapshots().store().get()), false, opener, false, RetentionRule.of(config));
        }
    }

    /** What the chosen serializer's own keys keep. One that was made for TorchServe may mean something else by them. */
    private SerializerKeys serializerKeys(SerializerChoice choice) {
        Map<String, String> values = config.snapshots().serializerProperties(choice.name());
        if (choice.isMadeForTorchServe()) {
            return new SerializerKeys(RetentionRule.ALL, List.of(), values);
        }
        SerializerKeys keys = SerializerKeys.of(
                choice.name(), configured.of(choice.name(), config.snapshots().group(), values), values);
        if (!keys.taken().isEmpty()) {
            log.info(
                    "The host removes old snapshots in place of serializer {} and takes {} into its own rule: what stays is"
                            + " {}, and what was saved under a name",
                    choice.name(),
                    String.join(" and ", keys.taken()),
                    RetentionRule.of(config).widenedBy(keys.rule()));
        }
        return keys;
    }

    /** Then a copy beside it would share its fate; a directory elsewhere may be on a disk that is not there one day. */
    private boolean isInLogLocation(Opening chosen) {
        return chosen.builtIn() && !config.snapshots().serializerProperties(FS).containsKey("directory");
    }

    /** Where serializer fs keeps a snapshot in the log location; of other stores the journal's disk has no file. */
    private Function<SnapshotHeader, Optional<Path>> storedFile(Path logLocation) {
        Path config = logLocation.resolve("config");
        String group = this.config.snapshots().group();
        Path directory = group.equals("default") ? config : config.resolve(group);
        return storeIsHere ? header -> Optional.of(directory.resolve(header.name())) : header -> Optional.empty();
    }

    /** A host whose journal cannot be used runs without one, and says so wherever somebody may see it. */
    private Journal journal(Path logLocation, Path journalLocation) {
        try {
            return Journal.open(
                    journalLocation,
                    storeName,
                    config.snapshots().group(),
                    config.snapshots().spoolMaxSize(),
                    storedFile(logLocation));
        } catch (JournalException e) {
            if (config.snapshots().strictRestore()) {
                throw new ConfigException("--restore strict: " + e.getMessage(), e);
            }
            log.error("{}", e.getMessage());
            return Journal.without(
                    journalLocation, storeName, config.snapshots().group(), e);
        }
    }

    private static String serializerName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!lower.matches("[a-z][a-z0-9-]{0,62}")) {
            throw new ConfigException("snapshot_store '" + name + "' must match [a-z][a-z0-9-]{0,62}");
        }
        return lower;
    }

    private void open() {
        try {
            store.open();
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new ConfigException("Snapshot store " + storeName + ": " + e.getMessage(), e);
        } catch (SnapshotStoreException e) {
            log.error("Snapshot store {} cannot be opened: {}", storeName, e.getMessage());
        }
    }

    private SnapshotSerializer localDirectory(Path directory) {
        return new ReopeningSerializer(() -> fs.open(serializerConfig(FS, Map.of("directory", directory.toString()))));
    }

    private SerializerConfig serializerConfig(String serializer, Map<String, String> instead) {
        return configured.of(
                serializer,
                config.snapshots().group(),
                instead.isEmpty() ? config.snapshots().serializerProperties(serializer) : instead);
    }

    /** Whether the store's files lie in the log location, as the journal does. */
    boolean storeIsHere() {
        return storeIsHere;
    }

    /** Every drop-in that was found. */
    List<PluginStatus> plugins() {
        return plugins.all();
    }

    /** The names of the serializers that are here. */
    Set<String> serializers() {
        return plugins.serializers(fs);
    }

    /** The plugins that could not be loaded, as the end of a message. */
    String rejections() {
        return plugins.rejections();
    }

    Restore restore() {
        return new Restore(
                storeName,
                HostName.of(config),
                store,
                journal,
                () -> fs.open(serializerConfig(FS, Map.of())),
                config.snapshots().strictRestore(),
                config.snapshots().requiresStore());
    }

    KeeperOptions keeperOptions() {
        return new KeeperOptions(
                storeName,
                storeForgets,
                config.snapshots().durableInStoreOnly(),
                config.snapshots().group(),
                HostName.of(config),
                config.snapshots().look(),
                Collections.min(List.of(RETRY_STORE, config.snapshots().look())),
                config.snapshots().timeout(),
                config.snapshots().adoptsStoreAfterConflict(),
                config.snapshots().follows(),
                config.snapshots().followMaxLag());
    }

    /** The stores that a URL names beside the host's own. */
    OtherStores others() {
        return new OtherStores(configured, plugins, fs);
    }

    /**
     * Where what models learn is kept; the caller closes it, before this.
     *
     * @param attached whether chunks may go to the store; else they wait in the journal
     */
    LearnedStorage learned(BooleanSupplier attached) {
        // Apart from the states of fs and of other stores, for each store's snapshots alone say what is needed there.
        SnapshotSerializer local = localDirectory(spooled.resolve("states"));
        ExecutorService disk = DaemonThreads.single("journal-chunks");
        return new LearnedStorage(
                new JournalChunks.Place(storeName, store, local, attached, RETRY_STORE, disk),
                journal,
                !storeIsHere && config.snapshots().stateCopies(),
                stateCodec,
                disk);
    }

    /** What keeps the state from now on; closes the store and the journal when it is closed. */
    SnapshotKeeper keeper(
            StartPoint start,
            ChangeQueue changes,
            StoreAttachment standing,
            ChunkBringer chunks,
            ServingSource served,
            Supplier<Map<String, String>> kept,
            Clock clock) {
        return new SnapshotKeeper(
                keeperOptions(), start, changes, standing, store, journal, storeIsHere, chunks, served, kept, clock);
    }

    /** Asked for at the start, so that a mistake in it does not wait for the first model that learns. */
    private Codec stateCodec() {
        try {
            return serializerConfig(FS, Map.of()).codec(config.snapshots().stateCodec());
        } catch (IllegalArgumentException e) {
            throw new ConfigException("state_codec: " + e.getMessage(), e);
        }
    }

    String storeName() {
        return storeName;
    }

    /**
     * What removes old snapshots and the chunks that none of the others needs.
     *
     * @param pinned and {@code trimming}: as {@link OldSnapshots} has them
     */
    Runnable housekeeping(LearnedStorage learned, Supplier<Set<String>> pinned, LongConsumer trimming, Clock clock) {
        FirstRound first = config.snapshots().keepIsAsked()
                ? FirstRound.ofAskedRule()
                : FirstRound.markedBy(
                        spooled.resolve("retention-" + config.snapshots().group()));
        return new Housekeeping(
                new OldSnapshots(storeName, store, rule, first, pinned, trimming, clock), learned.unneeded(clock));
    }

    @Override
    public void close() {
        try (plugins;
                store) {
            journal.close();
        }
    }
}
