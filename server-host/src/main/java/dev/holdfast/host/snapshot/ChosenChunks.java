package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
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
 * <p>What is on this host's disk is read from there. Whether a chunk is missing the store alone says.
 */
public final class ChosenChunks implements ChunkStore {

    private static final Logger log = LoggerFactory.getLogger(ChosenChunks.class);

    private static final int EVERY_STORE_TAKES = 128 * 1024;

    private final String name;
    private final SnapshotSerializer store;
    private final SnapshotSerializer local;
    private final SpooledChunks spool;
    private final Optional<CopiedChunks> copies;
    private final AtomicBoolean keepsNone;

    /**
     * @param name the chosen store's, for the log
     * @param local what keeps chunks where the chosen store keeps none
     * @param copies empty where the store is on this disk itself
     */
    public ChosenChunks(
            String name,
            SnapshotSerializer store,
            SnapshotSerializer local,
            SpooledChunks spool,
            Optional<CopiedChunks> copies) {
        this(name, store, local, spool, copies, new AtomicBoolean());
    }

    private ChosenChunks(
            String name,
            SnapshotSerializer store,
            SnapshotSerializer local,
            SpooledChunks spool,
            Optional<CopiedChunks> copies,
            AtomicBoolean keepsNone) {
        this.name = name;
        this.store = store;
        this.local = local;
        this.spool = spool;
        this.copies = copies;
        this.keepsNone = keepsNone;
    }

    /** The same chunks for who reads much that this host does not need: no copy is kept of it. */
    public ChosenChunks withoutCopies() {
        return new ChosenChunks(name, store, local, spool, Optional.empty(), keepsNone);
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
        try {
            putThere(chunks);
        } catch (StoreUnavailableException e) {
            log.debug("Store {} does not take chunks", name, e);
            spool.put(chunks);
        }
    }

    private void putThere(Map<String, byte[]> chunks) {
        chosen().put(chunks);
        copied(kept -> kept.keep(chunks));
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
            Map<String, byte[]> there = chosen().get(others);
            copied(kept -> kept.keepRead(there));
            found.putAll(there);
        }
        return found;
    }

    private static List<String> without(Collection<String> ids, Set<String> some) {
        return ids.stream().filter(id -> !some.contains(id)).toList();
    }

    /** Where the store does not answer, all that does not wait here counts as missing: no state is to rely on it. */
    @Override
    public Set<String> missing(Collection<String> ids) {
        List<String> others = without(ids, spool.get(ids).keySet());
        try {
            return chosen().missing(others);
        } catch (StoreUnavailableException e) {
            log.debug("Store {} does not say which chunks it has", name, e);
            return Set.copyOf(others);
        }
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
     * Brings to the store what it could not take before; called before a snapshot that may need it goes there.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take it
     */
    public void sendSpooled() {
        if (!spool.isEmpty()) {
            spool.sendTo(this::putThere);
        }
    }
}
