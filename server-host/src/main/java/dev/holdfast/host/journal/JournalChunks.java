package dev.holdfast.host.journal;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this host's chunks are.
 *
 * <pre>
 *   the chosen store keeps chunks ─▶ there and, side by side, in the journal; what it cannot take waits in the journal
 *   it keeps none                 ─▶ in a directory of its own on this host's disk, by serializer fs
 * </pre>
 *
 * <p>What is on this host's disk is read from there. While the host is not attached, no chunks go to its store: no snapshot
 * there would refer to them, so that other hosts would remove them. A store that did not answer is left alone for a while.
 */
public final class JournalChunks implements ChunkStore, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JournalChunks.class);

    private static final int EVERY_STORE_TAKES = 128 * 1024;

    private final Place place;
    private final Optional<KeptChunks> kept;
    private final boolean copies;
    private final StoreKnowledge knowledge;

    /**
     * The places outside the journal, and when to ask them.
     *
     * @param name the chosen store's, for the log
     * @param states what keeps chunks where the chosen store keeps none; the caller closes it, and the store
     * @param attached whether chunks may go to the store
     * @param retry how long a store that did not answer is left alone
     * @param disk runs what is written to the journal beside the store
     */
    public record Place(
            String name,
            SnapshotSerializer store,
            SnapshotSerializer states,
            BooleanSupplier attached,
            Duration retry,
            Executor disk) {}

    /** Shared by all views of these chunks. */
    private record StoreKnowledge(AtomicBoolean keepsNone, AtomicReference<@Nullable Refusal> refusal) {}

    /** That the store did not answer, and when. */
    private record Refusal(StoreUnavailableException why, long nanos) {}

    /**
     * Opens the chunks of a journal.
     *
     * @param journal empty for a host that has to do without: then nothing can wait
     * @param content knows a chunk that is whole
     * @param copies whether copies are kept of what the store has; not where the store is on this disk itself
     * @throws JournalException if what is there cannot be read or taken over
     */
    public static JournalChunks open(Place place, Optional<Journal> journal, ChunkContent content, boolean copies) {
        Optional<KeptChunks> kept = journal.map(it -> it.chunks(content, copies));
        return new JournalChunks(place, kept, copies, new StoreKnowledge(new AtomicBoolean(), new AtomicReference<>()));
    }

    private JournalChunks(Place place, Optional<KeptChunks> kept, boolean copies, StoreKnowledge knowledge) {
        this.place = place;
        this.kept = kept;
        this.copies = copies && kept.isPresent();
        this.knowledge = knowledge;
    }

    /** A view for reading much that this host does not need, without keeping copies. Not to be closed. */
    public ChunkStore withoutCopies() {
        return new JournalChunks(place, kept, false, knowledge);
    }

    private boolean takes() {
        return knowledge.keepsNone().get()
                || (place.attached().getAsBoolean() && recentRefusal().isEmpty());
    }

    /** Why the store is left alone for now. */
    private Optional<StoreUnavailableException> recentRefusal() {
        return Optional.ofNullable(knowledge.refusal().get())
                .filter(last -> System.nanoTime() - last.nanos() < place.retry().toNanos())
                .map(Refusal::why);
    }

    private ChunkStore chosen() {
        return place.store().chunks().orElseGet(() -> {
            if (knowledge.keepsNone().compareAndSet(false, true)) {
                log.warn("Store {} keeps no model states: they stay on this host, in serializer fs", place.name());
            }
            return place.states().chunks().orElseThrow();
        });
    }

    /** Where the store cannot be asked, what every store takes. */
    @Override
    public int maxChunkBytes() {
        try {
            return chosen().maxChunkBytes();
        } catch (StoreUnavailableException e) {
            log.debug("Store {} does not say how large a chunk may be", place.name(), e);
            return EVERY_STORE_TAKES;
        }
    }

    /** Writes to the store and to the journal at the same time. */
    @Override
    public void put(Map<String, byte[]> chunks) {
        if (takes()) {
            try {
                putThere(chunks, copies);
                return;
            } catch (StoreUnavailableException e) {
                log.debug("Store {} does not take chunks", place.name(), e);
            }
        }
        kept.orElseThrow(() -> new StoreUnavailableException("Store " + place.name() + " does not take what models have"
                        + " learned, or is not to be asked, and this host has no journal in which it could wait"))
                .await(chunks);
    }

    private void putInStore(Map<String, byte[]> chunks) {
        putThere(chunks, false);
    }

    private void putThere(Map<String, byte[]> chunks, boolean copied) {
        CompletableFuture<?> here = CompletableFuture.completedFuture(true);
        try {
            ChunkStore store = chosen();
            if (copied && !knowledge.keepsNone().get()) {
                here = CompletableFuture.runAsync(() -> kept.orElseThrow().keep(chunks), place.disk());
            }
            store.put(chunks);
        } catch (StoreUnavailableException e) {
            knowledge.refusal().set(new Refusal(e, System.nanoTime()));
            throw e;
        } finally {
            here.join();
        }
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        Map<String, byte[]> found = new HashMap<>(kept.map(it -> it.get(ids)).orElse(Map.of()));
        List<String> others = ids.stream().filter(id -> !found.containsKey(id)).toList();
        if (!others.isEmpty()) {
            Map<String, byte[]> there = there(others);
            if (copies && !knowledge.keepsNone().get()) {
                kept.orElseThrow().keepRead(there);
            }
            found.putAll(there);
        }
        return found;
    }

    /** While the store cannot be opened, nobody can tell whether it keeps chunks, so those here are taken. */
    private Map<String, byte[]> there(List<String> ids) {
        try {
            return chosen().get(ids);
        } catch (StoreUnavailableException e) {
            Map<String, byte[]> here = place.states().chunks().orElseThrow().get(ids);
            if (here.size() < Set.copyOf(ids).size()) {
                throw e;
            }
            return here;
        }
    }

    /** What is on this host's disk counts where the store is not to be asked, or does not answer. */
    @Override
    public Set<String> missing(Collection<String> ids) {
        Set<String> others = kept.map(it -> it.notWaiting(ids)).orElse(Set.copyOf(ids));
        if (takes()) {
            try {
                return chosen().missing(others);
            } catch (StoreUnavailableException e) {
                log.debug("Store {} does not say which chunks it has", place.name(), e);
            }
        }
        return kept.map(it -> it.missing(others)).orElse(others);
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        return chosen().list(after, limit);
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        return chosen().delete(ids, putBefore);
    }

    /**
     * Brings to the store what waits for it; called before a snapshot that may need it goes there.
     *
     * @return the ids of the chunks that were brought
     * @throws SnapshotStoreException if the store does not take it
     */
    public Set<String> deliver() {
        recentRefusal().ifPresent(why -> {
            throw new StoreUnavailableException(String.valueOf(why.getMessage()), why);
        });
        Set<String> sent = kept.map(it -> it.deliver(this::putInStore)).orElse(Set.of());
        knowledge.refusal().set(null);
        return sent;
    }

    /**
     * The same, and puts again what the next snapshots need: as no snapshot of the store refers to it yet, another host of
     * the group may have removed it, or be about to.
     *
     * @param needed the states that these snapshots need
     * @param safe the states that the store's last snapshot refers to, which nobody removes
     * @throws SnapshotStoreException if the store does not take them
     */
    public void bring(Set<StateReference> needed, Set<StateReference> safe, StateReader states) {
        Set<String> settled = new HashSet<>(deliver());
        Set<StateReference> others = new HashSet<>(needed);
        others.removeAll(safe);
        if (others.isEmpty()) {
            return;
        }
        safe.forEach(state -> settled.addAll(ids(state, states)));
        for (StateReference state : others) {
            List<String> ids = new ArrayList<>(ids(state, states));
            ids.removeIf(id -> !settled.add(id));
            int lacking = 0;
            for (int start = 0; start < ids.size(); start += KeptChunks.TOGETHER) {
                List<String> some = ids.subList(start, Math.min(ids.size(), start + KeptChunks.TOGETHER));
                Map<String, byte[]> found = get(some);
                putInStore(found);
                lacking += some.size() - found.size();
            }
            if (lacking > 0) {
                log.error(
                        "{} chunks of a learned state of {} bytes are neither in the store nor on this host; what needs"
                                + " it cannot be restored until it is stored again",
                        lacking,
                        state.bytes());
            }
        }
    }

    /** Empty for a state that cannot be restored from anywhere, which must not keep the others back. */
    private static Set<String> ids(StateReference state, StateReader states) {
        try {
            return states.find(state).chunkIds();
        } catch (StateException e) {
            log.error("A learned state of {} bytes cannot be restored: {}", state.bytes(), e.getMessage());
            return Set.of();
        }
    }

    /**
     * Removes from this host the chunks that none of some states needs: copies after some minutes, those that wait after an
     * hour.
     *
     * @param needed by the snapshots of the journal, and by what is served
     * @throws SnapshotStoreException if it cannot be read which chunks these are; nothing is removed then
     */
    public void removeOthers(Set<StateReference> needed, StateReader states, Clock clock) {
        kept.ifPresent(it -> {
            Set<String> ids = new HashSet<>();
            for (StateReference state : needed) {
                try {
                    ids.addAll(states.find(state).chunkIds());
                } catch (StateException e) {
                    log.debug("A state that cannot be restored needs no chunks", e);
                }
            }
            it.removeOthers(ids, clock);
        });
    }

    /** Closes what is in the journal, but no store. */
    @Override
    public void close() {
        kept.ifPresent(KeptChunks::close);
    }
}
