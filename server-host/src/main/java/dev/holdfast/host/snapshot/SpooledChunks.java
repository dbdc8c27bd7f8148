package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks of model state that the store could not take, on this host's own disk until it can. They go there before the
 * first snapshot that may refer to them. Safe for use by several threads.
 */
public final class SpooledChunks {

    private static final Logger log = LoggerFactory.getLogger(SpooledChunks.class);
    /** Of up to 1 MiB each: what one call may carry. */
    private static final int TOGETHER = 16;

    private final SnapshotSerializer directory;
    /** Whether chunks are here; null until somebody has looked. */
    private @Nullable Boolean waiting;

    /** @param directory a serializer with chunks, on this host's disk and for this purpose alone */
    public SpooledChunks(SnapshotSerializer directory) {
        this.directory = directory;
    }

    private ChunkStore chunks() {
        return directory.chunks().orElseThrow();
    }

    synchronized boolean isEmpty() {
        if (waiting == null) {
            waiting = !chunks().list("", 1).isEmpty();
        }
        return !waiting;
    }

    synchronized void put(Map<String, byte[]> some) {
        if (isEmpty()) {
            log.warn("What models have learned waits on this host for the store to return");
        }
        chunks().put(some);
        waiting = true;
    }

    Map<String, byte[]> get(Collection<String> ids) {
        return isEmpty() ? Map.of() : chunks().get(ids);
    }

    /**
     * Brings all of them to the store; does nothing if there are none.
     *
     * @param put stores some durably, or throws
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take them; those that it took do not wait any more
     */
    synchronized void sendTo(Consumer<Map<String, byte[]>> put) {
        if (isEmpty()) {
            return;
        }
        int sent = 0;
        SortedMap<String, Instant> page = chunks().list("", TOGETHER);
        while (!page.isEmpty()) {
            put.accept(chunks().get(page.keySet()));
            sent += chunks().delete(page.keySet(), Instant.MAX);
            page = chunks().list("", TOGETHER);
        }
        waiting = false;
        log.info("{} chunks of what models have learned were sent to the store", sent);
    }
}
