package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The chunks of the chosen store, as it is open now; those of serializer {@code fs} on this host's own disk where the
 * chosen one keeps none.
 */
public final class ChosenChunks implements ChunkStore {

    private static final Logger log = LoggerFactory.getLogger(ChosenChunks.class);

    private final String name;
    private final SnapshotSerializer store;
    private final SnapshotSerializer local;
    private final AtomicBoolean said = new AtomicBoolean();

    /** @param name the chosen store's, for the log */
    public ChosenChunks(String name, SnapshotSerializer store, SnapshotSerializer local) {
        this.name = name;
        this.store = store;
        this.local = local;
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
        chosen().put(chunks);
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        return chosen().get(ids);
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        return chosen().missing(ids);
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        return chosen().list(after, limit);
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        return chosen().delete(ids, putBefore);
    }
}
