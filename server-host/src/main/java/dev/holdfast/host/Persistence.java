package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.history.RememberingStore;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalChunks;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.keeper.ChangeQueue;
import dev.holdfast.host.keeper.KeeperOptions;
import dev.holdfast.host.keeper.Served;
import dev.holdfast.host.keeper.SnapshotKeeper;
import dev.holdfast.host.keeper.Standing;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.plugins.Plugins;
import dev.holdfast.host.plugins.ReopeningSerializer;
import dev.holdfast.host.plugins.SerializerChoice;
import dev.holdfast.host.plugins.SerializerChoiceException;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.retention.FirstRound;
import dev.holdfast.host.retention.Housekeeping;
import dev.holdfast.host.retention.OldSnapshots;
import dev.holdfast.host.retention.RetentionRule;
import dev.holdfast.host.retention.SerializerKeys;
import dev.holdfast.host.retention.UnneededChunks;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotUrl;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.Codecs;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.transfer.ChunkCopy;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotSerializerFactory;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a host's snapshots go: the plugins, the chosen store, and the journal beside it. */
final class Persistence implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Persistence.class);
    private static final Duration RETRY_STORE = Duration.ofSeconds(5);
    private static final String FS = "fs";

    private final HostConfig config;
    private final ConfiguredPlugins configured;
    private final Codec stateCodec;
    private final SnapshotSerializerFactory fs = new FsSnapshotSerializerFactory();
    private final Plugins plugins;
    private final String storeName;
    private final RetentionRule rule;
    private final Path retentionTold;
    private final ReopeningSerializer store;
    private final Journal journal;
    private final boolean storeIsHere;
    private final boolean storeForgets;
    private final SnapshotSerializer local;
    private final JournalChunks chunks;
    /** Whether chunks may go to the store; until the host stands somewhere, they may. */
    private volatile BooleanSupplier takesChunks = () -> true;

    private final ExecutorService disk = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "journal-chunks");
        thread.setDaemon(true);
        return thread;
    });
    private @Nullable StateStore states;
    private @Nullable StateStore history;

    /**
     * Loads the plugins and opens the chosen store.
     *
     * @throws ConfigException if the plugins path, the choice of a store or its configuration is wrong. A store that
     *     cannot be reached is no obstacle here.
     */
    Persistence(HostConfig config, Path logLocation) {
        this.config = config;
        this.configured = new ConfiguredPlugins(config, logLocation);
        this.stateCodec = stateCodec();
        this.plugins = configured.load();
        try {
            Opening chosen = choose();
            this.storeName = chosen.name();
            this.rule = chosen.rule();
            Path spooled = logLocation.resolve("spool").resolve(storeName);
            this.retentionTold = spooled.resolve("retention-" + config.snapshotGroup());
            this.storeIsHere = isInLogLocation(storeName);
            this.storeForgets = chosen.mayForget();
            this.journal = journal(logLocation);
            this.store = new ReopeningSerializer(
                    chosen.mayForget()
                            ? () -> new RememberingStore(
                                    chosen.name(), chosen.opener().get(), journal::copies)
                            : chosen.opener());
            open();
            // Apart from those of fs and of other stores, for each store's snapshots alone say what is needed there.
            this.local = localDirectory(spooled.resolve("states"));
            this.chunks = JournalChunks.open(
                    new JournalChunks.Place(
                            storeName, store, local, () -> takesChunks.getAsBoolean(), RETRY_STORE, disk),
                    Optional.of(journal).filter(Journal::isUsable),
                    new ChunkContent(Codecs.all()),
                    !storeIsHere && config.stateCopies());
        } catch (RuntimeException | Error e) {
            plugins.close();
            throw e;
        }
    }

    /**
     * How the chosen store is opened.
     *
     * @param mayForget whether it may fail to give back what it took
     * @param rule which of its snapshots stay
     */
    private record Opening(String name, Supplier<SnapshotSerializer> opener, boolean mayForget, RetentionRule rule) {}

    private Opening choose() {
        try {
            SerializerChoice choice = plugins.choose(config.snapshotStore().orElse(null), fs);
            SerializerKeys keys = serializerKeys(choice);
            SerializerConfig own = configured.of(choice.name(), config.snapshotGroup(), keys.others());
            return new Opening(
                    choice.name(),
                    () -> plugins.open(choice, own),
                    choice.isMadeForTorchServe(),
                    RetentionRule.of(config).widenedBy(keys.rule()));
        } catch (SerializerChoiceException e) {
            // A name that nothing here could have brought is a mistake of the operator's; one that a broken plugin
            // could have brought must not keep the host down.
            if (plugins.rejected().isEmpty() || config.snapshotStore().isEmpty() || config.snapshotStoreRequired()) {
                throw new ConfigException(String.valueOf(e.getMessage()), e);
            }
            Supplier<SnapshotSerializer> opener = () -> {
                throw new StoreUnavailableException(String.valueOf(e.getMessage()), e);
            };
            return new Opening(serializerName(config.snapshotStore().get()), opener, false, RetentionRule.of(config));
        }
    }

    /** What the chosen serializer's own keys keep. One that was made for TorchServe may mean something else by them. */
    private SerializerKeys serializerKeys(SerializerChoice choice) {
        Map<String, String> values = config.serializerProperties(choice.name());
        if (choice.isMadeForTorchServe()) {
            return new SerializerKeys(RetentionRule.ALL, List.of(), values);
        }
        SerializerKeys keys =
                SerializerKeys.of(choice.name(), configured.of(choice.name(), config.snapshotGroup(), values), values);
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
    private boolean isInLogLocation(String store) {
        return store.equals(FS) && !config.serializerProperties(FS).containsKey("directory");
    }

    /** Where serializer fs keeps a snapshot in the log location; of other stores the journal's disk has no file. */
    private Function<SnapshotHeader, Optional<Path>> storedFile(Path logLocation) {
        Path config = logLocation.resolve("config");
        String group = this.config.snapshotGroup();
        Path directory = group.equals("default") ? config : config.resolve(group);
        return storeIsHere ? header -> Optional.of(directory.resolve(header.name())) : header -> Optional.empty();
    }

    /** A host whose journal cannot be used runs without one, and says so wherever somebody may see it. */
    private Journal journal(Path logLocation) {
        try {
            return Journal.open(
                    logLocation, storeName, config.snapshotGroup(), config.spoolMaxSize(), storedFile(logLocation));
        } catch (JournalException e) {
            if (config.strictRestore()) {
                throw new ConfigException("--restore strict: " + e.getMessage(), e);
            }
            log.error("{}", e.getMessage());
            return Journal.without(logLocation, storeName, config.snapshotGroup(), e);
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
                config.snapshotGroup(),
                instead.isEmpty() ? config.serializerProperties(serializer) : instead);
    }

    /** Every drop-in that was found. */
    List<PluginStatus> plugins() {
        return plugins.all();
    }

    /** The names of the serializers that are here. */
    Set<String> serializers() {
        return plugins.serializers(fs);
    }

    /**
     * Reads a snapshot of another store, with what the operator set for its serializer and what the URL sets over that.
     *
     * @throws ConfigException if it cannot be had
     */
    Snapshot read(SnapshotUrl url) {
        return inOther(
                url,
                serializer -> url.name().equals(SnapshotUrl.LATEST)
                        ? serializer
                                .getLast()
                                .orElseThrow(() -> new SnapshotNotFoundException("the store has no snapshot of group "
                                        + url.group().orElse(config.snapshotGroup())))
                        : serializer.get(url.name()));
    }

    /**
     * Copies what models have learned from another store to this host's. What cannot be copied fails the models that need
     * it, as whatever cannot be loaded does, and none of the others.
     *
     * @param state what was restored from there
     * @param attached whether they may go to this host's store at once
     * @throws ConfigException if the other store cannot be opened
     */
    void copyStates(SnapshotUrl url, ServingState state, boolean attached) {
        takesChunks = () -> attached;
        Set<StateReference> references = new HashSet<>(StateReferences.of(state));
        if (!references.isEmpty()) {
            references.removeAll(safeHere());
            inOther(url, serializer -> copyStates(url, references, serializer));
        }
    }

    /** The states that this host's last snapshot needs, which nobody collects. */
    private Set<StateReference> safeHere() {
        try {
            return store.getLast().map(StateReferences::of).orElse(Set.of());
        } catch (SnapshotStoreException e) {
            log.debug("What the last snapshot of store {} needs is not known", storeName, e);
            return Set.of();
        }
    }

    private int copyStates(SnapshotUrl url, Set<StateReference> references, SnapshotSerializer from) {
        int copied = 0;
        try {
            Optional<ChunkStore> source = from.chunks();
            if (source.isEmpty()) {
                log.error("Store {} keeps no model states, so those of {} cannot be copied", url.serializer(), url);
                return 0;
            }
            try (StateStore there = new StateStore(source.get(), stateCodec, Codecs.all(), 1)) {
                ChunkCopy copy = new ChunkCopy(source.get(), there.reader(), chunks, Codecs.all());
                for (StateReference reference : references) {
                    copied += copyState(url, reference, copy);
                }
            }
        } catch (SnapshotStoreException e) {
            log.error("What models have learned could not be copied from {}: {}", url, e.getMessage());
        }
        log.info("Copied {} chunks of model state from {}", copied, url);
        return copied;
    }

    private static int copyState(SnapshotUrl url, StateReference reference, ChunkCopy copy) {
        try {
            return copy.copy(reference);
        } catch (StateException e) {
            log.error("What a model has learned could not be copied from {}: {}", url, e.getMessage());
            return 0;
        }
    }

    private <T> T inOther(SnapshotUrl url, Function<SnapshotSerializer, T> work) {
        try {
            SerializerChoice choice = plugins.choose(url.serializer(), fs);
            Map<String, String> values = new TreeMap<>(config.serializerProperties(choice.name()));
            values.putAll(url.keys());
            SerializerConfig other = configured.of(choice.name(), url.group().orElse(config.snapshotGroup()), values);
            try (SnapshotSerializer serializer = plugins.open(choice, other)) {
                return work.apply(serializer);
            }
        } catch (SerializerChoiceException
                | SnapshotStoreException
                | IllegalArgumentException
                | IllegalStateException e) {
            throw url.unreadable(e);
        }
    }

    Restore restore() {
        return new Restore(
                storeName,
                HostName.of(config),
                store,
                journal,
                () -> fs.open(serializerConfig(FS, Map.of())),
                config.strictRestore(),
                config.snapshotStoreRequired());
    }

    KeeperOptions keeperOptions() {
        return new KeeperOptions(
                storeName,
                storeForgets,
                config.durableInStoreOnly(),
                config.snapshotGroup(),
                HostName.of(config),
                config.snapshotLook(),
                Collections.min(List.of(RETRY_STORE, config.snapshotLook())),
                config.snapshotTimeout(),
                config.goesOverAfterConflict());
    }

    /** From now on chunks go to the store only while the host is attached to it. */
    void putChunksWhile(Standing standing) {
        takesChunks = standing::isAttached;
    }

    /** What keeps the state from now on; closes the store and the journal when it is closed. */
    SnapshotKeeper keeper(
            StartPoint start,
            ChangeQueue changes,
            Standing standing,
            Served served,
            Supplier<Map<String, String>> kept,
            Clock clock) {
        return new SnapshotKeeper(
                keeperOptions(),
                start,
                changes,
                standing,
                store,
                journal,
                storeIsHere,
                (needed, safe) -> chunks.bring(needed, safe, states().reader()),
                served,
                kept,
                clock);
    }

    String storeName() {
        return storeName;
    }

    /**
     * Where the learned states of models are.
     *
     * @throws SnapshotStoreException if the store cannot be opened; the next call tries again
     */
    synchronized StateStore states() {
        StateStore opened = states;
        if (opened == null) {
            opened = new StateStore(
                    chunks,
                    stateCodec,
                    Codecs.all(),
                    Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors())));
            states = opened;
        }
        return opened;
    }

    /** The same, for who reads the whole history: the disk of this host is not to be filled with copies of it. */
    private synchronized StateStore history() {
        StateStore opened = history;
        if (opened == null) {
            opened = new StateStore(chunks.withoutCopies(), stateCodec, Codecs.all(), 1);
            history = opened;
        }
        return opened;
    }

    /** Asked for at the start, so that a mistake in it does not wait for the first model that learns. */
    private Codec stateCodec() {
        try {
            return serializerConfig(FS, Map.of()).codec(config.stateCodec());
        } catch (IllegalArgumentException e) {
            throw new ConfigException("state_codec: " + e.getMessage(), e);
        }
    }

    /** What removes copies of chunks that no snapshot on this disk needs; for a host that is attached to its store or not. */
    Runnable tidying(Clock clock) {
        return () -> chunks.removeOthers(needed(), states().reader(), clock);
    }

    /** The learned states that the snapshots on this host's disk refer to. */
    private Set<StateReference> needed() {
        Set<StateReference> needed = new HashSet<>();
        for (Snapshot snapshot : journal.all()) {
            try {
                needed.addAll(StateReferences.of(snapshot));
            } catch (SnapshotStoreException e) {
                log.debug(
                        "What snapshot {} refers to is not known",
                        snapshot.header().name(),
                        e);
            }
        }
        return needed;
    }

    /**
     * What removes old snapshots and the chunks that none of the others needs.
     *
     * @param pinned and {@code trimming}: as {@link OldSnapshots} has them
     */
    Runnable housekeeping(Supplier<Set<String>> pinned, LongConsumer trimming, Clock clock) {
        FirstRound first = config.snapshotKeepIsAsked() ? FirstRound.ofAskedRule() : FirstRound.markedBy(retentionTold);
        return new Housekeeping(
                new OldSnapshots(storeName, store, rule, first, pinned, trimming, clock),
                new UnneededChunks(storeName, store, chunks, history().reader(), clock));
    }

    @Override
    public synchronized void close() {
        try (plugins;
                store;
                local;
                chunks) {
            if (states != null) {
                states.close();
            }
            if (history != null) {
                history.close();
            }
            journal.close();
            disk.shutdown();
        }
    }
}
