package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where this host's chunks are.
 *
 * <pre>
 *   the chosen store keeps chunks ─▶ there; what it cannot take waits in the spool, and is read from there meanwhile
 *   it keeps none                 ─▶ in a directory of its own on this host's disk, by serializer fs
 * </pre>
 */
public final class ChosenChunks implements ChunkStore {

    private static final Logger log = LoggerFactory.getLogger(ChosenChunks.class);

    private final String name;
    private final SnapshotSerializer store;
    private final SnapshotSerializer local;
    private final SpooledChunks spool;
    private final AtomicBoolean said = new AtomicBoolean();

    /**
     * @param name the chosen store's, for the log
     * @param local what keeps chunks where the chosen store keeps none
     */
    public ChosenChunks(String name, SnapshotSerializer store, SnapshotSerializer local, SpooledChunks spool) {
        this.name = name;
        this.store = store;
        this.local = local;
        this.spool = spool;
    }

    private ChunkStore chosen() {
        return store.chunks().orElseGet(() -> {
            if (said.compareAndSet(false, true)) {
                log.warn("Store {} keeps no model states: they stay on this host, in serializer fs", name);
            }
            return local.chunks().orElseThrow();
        });
    }

    @Override
    public int maxChunkBytes() {
        return chosen().maxChunkBytes();
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        try {
            chosen().put(chunks);
        } catch (StoreUnavailableException e) {
            log.debug("Store {} does not take chunks", name, e);
            spool.put(chunks);
        }
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        Map<String, byte[]> found = new HashMap<>(spool.get(ids));
        List<String> others = new ArrayList<>(ids);
        others.removeAll(found.keySet());
        if (!others.isEmpty()) {
            found.putAll(chosen().get(others));
        }
        return found;
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        Set<String> waiting = spool.get(ids).keySet();
        return chosen().missing(ids).stream()
                .filter(id -> !waiting.contains(id))
                .collect(Collectors.toSet());
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
            spool.sendTo(chosen());
        }
    }
}
