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

    private static final int PAGE = 1000;

    private final SnapshotSerializer directory;
    private final ChunkContent content;
    /** Whether chunks are here; null until somebody has looked. Written under the monitor. */
    private volatile @Nullable Boolean waiting;

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

    /** Takes no lock when it is known: who reads chunks does not wait for those that are on their way to the store. */
    boolean isEmpty() {
        Boolean known = waiting;
        return known == null ? look() : !known;
    }

    private synchronized boolean look() {
        boolean found = !chunks().list("", 1).isEmpty();
        waiting = found;
        return !found;
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
    Set<String> sendTo(Consumer<Map<String, byte[]>> put) {
        Set<String> sent = new HashSet<>();
        SortedMap<String, Instant> page = chunks().list("", TOGETHER);
        while (!page.isEmpty()) {
            Map<String, byte[]> whole = whole(page.keySet());
            put.accept(whole);
            sent.addAll(whole.keySet());
            // What was put once more meanwhile stays for the next time.
            Instant latest = page.values().stream().max(Instant::compareTo).orElseThrow();
            chunks().delete(page.keySet(), latest.plusNanos(1));
            page = chunks().list(page.lastKey(), TOGETHER);
        }
        look();
        log.info("{} chunks of what models have learned were sent to the store", sent.size());
        return sent;
    }

    /** Lets go of those that were put before a time. */
    void drop(Instant before) {
        SortedMap<String, Instant> page = chunks().list("", PAGE);
        while (!page.isEmpty()) {
            chunks().delete(page.keySet(), before);
            page = chunks().list(page.lastKey(), PAGE);
        }
        look();
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
