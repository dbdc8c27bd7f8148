package dev.holdfast.host.snapshot;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
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
    private final ChunkContent content;
    /** Whether chunks are here; null until somebody has looked. */
    private @Nullable Boolean waiting;

    /**
     * @param directory a serializer with chunks, on this host's disk and for this purpose alone
     * @param content knows a chunk that is whole
     */
    public SpooledChunks(SnapshotSerializer directory, ChunkContent content) {
        this.directory = directory;
        this.content = content;
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

    Set<String> missing(Collection<String> ids) {
        return isEmpty() ? Set.copyOf(ids) : chunks().missing(ids);
    }

    Map<String, byte[]> get(Collection<String> ids) {
        return isEmpty() ? Map.of() : chunks().get(ids);
    }

    /**
     * Brings all of them to the store; does nothing if there are none.
     *
     * <p>One that has been damaged here is left out: it would take the place of a whole one.
     *
     * @param put stores some durably, or throws
     * @return the ids of those that the store has now
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take them; those that it took do not wait any more
     */
    synchronized Set<String> sendTo(Consumer<Map<String, byte[]>> put) {
        Set<String> sent = new HashSet<>();
        if (isEmpty()) {
            return sent;
        }
        SortedMap<String, Instant> page = chunks().list("", TOGETHER);
        while (!page.isEmpty()) {
            Map<String, byte[]> whole = whole(page.keySet());
            put.accept(whole);
            sent.addAll(whole.keySet());
            chunks().delete(page.keySet(), Instant.MAX);
            page = chunks().list("", TOGETHER);
        }
        waiting = false;
        log.info("{} chunks of what models have learned were sent to the store", sent.size());
        return sent;
    }

    private Map<String, byte[]> whole(Collection<String> ids) {
        Map<String, byte[]> whole = new HashMap<>(chunks().get(ids));
        whole.entrySet().removeIf(chunk -> {
            boolean damaged = !content.isPiece(chunk.getKey(), chunk.getValue());
            if (damaged) {
                log.error("Chunk {} was damaged on this host's disk, and is not sent to the store", chunk.getKey());
            }
            return damaged;
        });
        return whole;
    }
}
