package dev.holdfast.host;

import dev.holdfast.host.codec.Codecs;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalChunks;
import dev.holdfast.host.keeper.ChunkBringer;
import dev.holdfast.host.retention.UnneededChunks;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.SnapshotUrl;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.transfer.ChunkCopy;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where what the models of a host have learned is: in the chosen store, and in the journal beside it. Safe for several threads. */
final class LearnedStorage implements ChunkBringer, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LearnedStorage.class);

    private final JournalChunks.Place place;
    private final SnapshotSerializer local;
    private final Journal journal;
    private final Codec codec;
    private final ExecutorService disk;
    private final JournalChunks chunks;
    private @Nullable StateStore states;
    private @Nullable StateStore history;

    /**
     * @param place outside the journal; what keeps the states there is closed by {@link #close}
     * @param copies whether the journal keeps copies of what the store has
     * @param codec what chunks are written by
     * @param disk runs what is written to the journal beside the store; shut down by {@link #close}
     */
    LearnedStorage(JournalChunks.Place place, Journal journal, boolean copies, Codec codec, ExecutorService disk) {
        this.place = place;
        this.local = place.states();
        this.journal = journal;
        this.codec = codec;
        this.disk = disk;
        this.chunks = JournalChunks.open(
                place, Optional.of(journal).filter(Journal::isUsable), new ChunkContent(Codecs.all()), copies);
    }

    /**
     * Copies what models have learned from another store to this host's. What cannot be copied fails the models that need
     * it, as whatever cannot be loaded does, and none of the others.
     *
     * @param state what was restored from there
     * @throws dev.holdfast.host.config.ConfigException if the other store cannot be opened
     */
    void copyStates(SnapshotUrl url, ServingState state, OtherStores others) {
        Set<StateReference> references = new HashSet<>(StateReferences.of(state));
        if (!references.isEmpty()) {
            references.removeAll(safeHere());
            others.in(url, serializer -> copyStates(url, references, serializer));
        }
    }

    /** The states that this host's last snapshot needs, which nobody collects. */
    private Set<StateReference> safeHere() {
        try {
            return place.store().getLast().map(StateReferences::of).orElse(Set.of());
        } catch (SnapshotStoreException e) {
            log.debug("What the last snapshot of store {} needs is not known", place.name(), e);
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
            try (StateStore there = new StateStore(source.get(), codec, Codecs.all(), 1)) {
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

    /**
     * Where the learned states of models are.
     *
     * @throws SnapshotStoreException if the store cannot be opened; the next call tries again
     */
    synchronized StateStore states() {
        StateStore opened = states;
        if (opened == null) {
            int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
            opened = new StateStore(chunks, codec, Codecs.all(), threads);
            states = opened;
        }
        return opened;
    }

    /** The same without copies on the disk of this host: for who reads the whole history, and for archives. */
    private synchronized StateStore history() {
        StateStore opened = history;
        if (opened == null) {
            opened = new StateStore(chunks.withoutCopies(), codec, Codecs.all(), 1);
            history = opened;
        }
        return opened;
    }

    /**
     * Where the archives of models are in chunks, without copies on this host's disk, which has them as files; empty where the
     * store keeps no chunks.
     */
    Optional<StateStore> archives() {
        try {
            return place.store().chunks().map(keptThere -> history());
        } catch (StoreUnavailableException e) {
            log.debug("Store {} does not say whether it keeps chunks", place.name(), e);
            return Optional.of(history());
        }
    }

    /**
     * What the group's newest snapshot serves.
     *
     * @throws SnapshotStoreException if it cannot be read
     */
    ServingState newest() {
        return place.store()
                .getLast()
                .map(last ->
                        SnapshotText.parse(last.header().name(), last.text()).state())
                .orElse(ServingState.EMPTY);
    }

    @Override
    public void bring(Set<StateReference> needed, Set<StateReference> safe) {
        chunks.bring(needed, safe, states().reader());
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

    /** What removes the chunks of the store that no snapshot needs any more. */
    UnneededChunks unneeded(Clock clock) {
        return new UnneededChunks(place.name(), place.store(), chunks, history().reader(), this::needed, clock);
    }

    @Override
    public synchronized void close() {
        try (local;
                chunks) {
            if (states != null) {
                states.close();
            }
            if (history != null) {
                history.close();
            }
            disk.shutdown();
        }
    }
}
