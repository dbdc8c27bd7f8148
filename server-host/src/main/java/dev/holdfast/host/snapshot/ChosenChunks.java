package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this host's chunks are.
 *
 * <pre>
 *   the chosen store keeps chunks ─▶ there, and copies on this host's disk; what it cannot take waits in the spool
 *   it keeps none                 ─▶ in a directory of its own on this host's disk, by serializer fs
 * </pre>
 *
 * <p>What is on this host's disk is read from there. While the host is not attached to its store, nothing goes there: no
 * snapshot of the store would refer to it, and another host of the group would collect it. Nor is a store that did not answer
 * asked again for each of thousands of chunks.
 */
public final class ChosenChunks implements ChunkStore {

    private static final Logger log = LoggerFactory.getLogger(ChosenChunks.class);

    private static final int EVERY_STORE_TAKES = 128 * 1024;

    private final String name;
    private final SnapshotSerializer store;
    private final SnapshotSerializer local;
    private final SpooledChunks spool;
    private final Optional<CopiedChunks> copies;
    private final long retryNanos;
    private final AtomicBoolean keepsNone;
    private volatile BooleanSupplier attached = () -> true;
    private volatile @Nullable Refusal refusal;

    /** That the store did not answer, and when. */
    private record Refusal(StoreUnavailableException why, long nanos) {}

    /**
     * @param name the chosen store's, for the log
     * @param local what keeps chunks where the chosen store keeps none
     * @param copies empty where the store is on this disk itself
     * @param retry how long a store that did not answer is left alone
     */
    public ChosenChunks(
            String name,
            SnapshotSerializer store,
            SnapshotSerializer local,
            SpooledChunks spool,
            Optional<CopiedChunks> copies,
            Duration retry) {
        this(name, store, local, spool, copies, retry.toNanos(), new AtomicBoolean());
    }

    private ChosenChunks(
            String name,
            SnapshotSerializer store,
            SnapshotSerializer local,
            SpooledChunks spool,
            Optional<CopiedChunks> copies,
            long retryNanos,
            AtomicBoolean keepsNone) {
        this.name = name;
        this.store = store;
        this.local = local;
        this.spool = spool;
        this.copies = copies;
        this.retryNanos = retryNanos;
        this.keepsNone = keepsNone;
    }

    /** The same chunks for who reads much that this host does not need: no copy is kept of it. */
    public ChosenChunks withoutCopies() {
        return new ChosenChunks(name, store, local, spool, Optional.empty(), retryNanos, keepsNone);
    }

    /** From now on chunks go to the store only while the host is attached to it. */
    public void putWhile(BooleanSupplier attachedToStore) {
        attached = attachedToStore;
    }

    private boolean takes() {
        return keepsNone.get() || (attached.getAsBoolean() && recentRefusal().isEmpty());
    }

    /** Why the store is left alone for now. */
    private Optional<StoreUnavailableException> recentRefusal() {
        return Optional.ofNullable(refusal)
                .filter(last -> System.nanoTime() - last.nanos() < retryNanos)
                .map(Refusal::why);
    }

    private ChunkStore chosen() {
        return store.chunks().orElseGet(() -> {
            if (keepsNone.compareAndSet(false, true)) {
                log.warn("Store {} keeps no model states: they stay on this host, in serializer fs", name);
            }
            return local.chunks().orElseThrow();
        });
    }

    /** What every store takes, where this one cannot be asked: the host is to come back with what it has. */
    @Override
    public int maxChunkBytes() {
        try {
            return chosen().maxChunkBytes();
        } catch (StoreUnavailableException e) {
            log.debug("Store {} does not say how large a chunk may be", name, e);
            return EVERY_STORE_TAKES;
        }
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        if (takes()) {
            try {
                putThere(chunks);
                return;
            } catch (StoreUnavailableException e) {
                log.debug("Store {} does not take chunks", name, e);
            }
        }
        spool.put(chunks);
    }

    private void putThere(Map<String, byte[]> chunks) {
        putInStore(chunks);
        copied(kept -> kept.keep(chunks));
    }

    private void putInStore(Map<String, byte[]> chunks) {
        try {
            chosen().put(chunks);
        } catch (StoreUnavailableException e) {
            refusal = new Refusal(e, System.nanoTime());
            throw e;
        }
    }

    /**
     * Puts chunks into the store again, from this host's disk or from the store itself.
     *
     * @return how many of them are nowhere
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not answer
     */
    int putAgain(List<String> ids) {
        Map<String, byte[]> found = get(ids);
        putInStore(found);
        return ids.size() - found.size();
    }

    private void copied(Consumer<CopiedChunks> action) {
        if (!keepsNone.get()) {
            copies.ifPresent(action);
        }
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        Map<String, byte[]> found = new HashMap<>(spool.get(ids));
        copies.ifPresent(kept -> found.putAll(kept.get(without(ids, found.keySet()))));
        List<String> others = without(ids, found.keySet());
        if (!others.isEmpty()) {
            Map<String, byte[]> there = there(others);
            copied(kept -> kept.keepRead(there));
            found.putAll(there);
        }
        return found;
    }

    /** Of a store that cannot be opened nobody can tell whether it keeps chunks: those that are here are the right ones. */
    private Map<String, byte[]> there(List<String> ids) {
        try {
            return chosen().get(ids);
        } catch (StoreUnavailableException e) {
            Map<String, byte[]> here = local.chunks().orElseThrow().get(ids);
            if (here.size() < Set.copyOf(ids).size()) {
                throw e;
            }
            return here;
        }
    }

    private static List<String> without(Collection<String> ids, Set<String> some) {
        return ids.stream().filter(id -> !some.contains(id)).toList();
    }

    /** Where the store is not to be asked, or does not answer, what is on this host's disk is all that is there. */
    @Override
    public Set<String> missing(Collection<String> ids) {
        Set<String> others = spool.missing(ids);
        if (takes()) {
            try {
                return chosen().missing(others);
            } catch (StoreUnavailableException e) {
                log.debug("Store {} does not say which chunks it has", name, e);
            }
        }
        return copies.map(kept -> kept.missing(others)).orElse(others);
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        return chosen().list(after, limit);
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        return chosen().delete(ids, putBefore);
    }

    /** Lets go of what began to wait for the store before a time, because nothing that will go there needs it. */
    void dropSpooled(Instant before) {
        spool.drop(before);
    }

    /**
     * Brings to the store what it could not take before; called before a snapshot that may need it goes there.
     *
     * @return the ids of the chunks that were brought
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take it
     */
    Set<String> sendSpooled() {
        recentRefusal().ifPresent(why -> {
            throw new StoreUnavailableException(String.valueOf(why.getMessage()), why);
        });
        Set<String> sent = spool.isEmpty() ? Set.of() : spool.sendTo(this::putThere);
        refusal = null;
        return sent;
    }
}
