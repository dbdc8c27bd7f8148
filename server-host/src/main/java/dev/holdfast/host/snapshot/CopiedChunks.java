package dev.holdfast.host.snapshot;

import dev.holdfast.host.state.ChunkCollector;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies, on this host's own disk, of the chunks that went to the store or came from it: with them its models come back with
 * what they have learned when the store is out of reach, and sooner when it is not.
 *
 * <pre>
 *   a copy: content ─ CRC-32C of the content, 4 bytes, big-endian
 * </pre>
 *
 * <p>The sum tells a damaged copy, in whose place the store is asked. What is damaged in the store is never copied, or the
 * copy would stand before it when it has been mended there. Whatever fails here costs copies, never a chunk. Safe for use by several threads.
 */
public final class CopiedChunks {

    private static final Logger log = LoggerFactory.getLogger(CopiedChunks.class);

    /** Longer than most states take from their first chunk to the snapshot that refers to them. */
    private static final Duration GRACE = Duration.ofMinutes(10);

    private final SnapshotSerializer directory;
    private final ChunkContent content;
    private final AtomicBoolean failing = new AtomicBoolean();

    /**
     * @param directory a serializer with chunks, on this host's disk and for this purpose alone
     * @param content knows a chunk that is whole
     */
    public CopiedChunks(SnapshotSerializer directory, ChunkContent content) {
        this.directory = directory;
        this.content = content;
    }

    private ChunkStore copies() {
        return directory.chunks().orElseThrow();
    }

    /** Keeps copies of chunks that came from the store, of those that are whole. */
    void keepRead(Map<String, byte[]> chunks) {
        Map<String, byte[]> whole = new HashMap<>(chunks);
        whole.entrySet().removeIf(chunk -> !content.isPiece(chunk.getKey(), chunk.getValue()));
        keep(whole);
    }

    /** Keeps copies of chunks that were made here. */
    void keep(Map<String, byte[]> chunks) {
        Map<String, byte[]> sealed = new HashMap<>();
        chunks.forEach((id, content) -> sealed.put(id, seal(content)));
        try {
            copies().put(sealed);
            failing.set(false);
        } catch (SnapshotStoreException | IllegalArgumentException e) {
            if (failing.compareAndSet(false, true)) {
                log.warn(
                        "What models have learned is in the store, but no copies of it are kept on this host: {}",
                        e.getMessage());
            }
        }
    }

    /** Those of the chunks of which no copy is here. */
    Set<String> missing(Collection<String> ids) {
        try {
            return copies().missing(ids);
        } catch (SnapshotStoreException e) {
            log.debug("The copies of chunks cannot be looked for", e);
            return Set.copyOf(ids);
        }
    }

    /** Those of the chunks of which a whole copy is here. */
    Map<String, byte[]> get(Collection<String> ids) {
        Map<String, byte[]> whole = new HashMap<>();
        try {
            copies().get(ids).forEach((id, copy) -> {
                int length = copy.length - Integer.BYTES;
                if (length >= 0 && ByteBuffer.wrap(copy).getInt(length) == sum(copy, length)) {
                    whole.put(id, Arrays.copyOf(copy, length));
                } else {
                    log.warn("The copy of chunk {} on this host is damaged; the store is asked for it", id);
                }
            });
        } catch (SnapshotStoreException e) {
            log.warn(
                    "The copies of chunks on this host cannot be read; the store is asked for them: {}",
                    e.getMessage());
        }
        return whole;
    }

    /**
     * Removes the copies that none of some states needs, once they are some minutes old.
     *
     * @throws SnapshotStoreException if what they need cannot be read; nothing is removed then
     */
    public void removeOthers(Set<StateReference> needed, StateReader states, Clock clock) {
        int removed = ChunkCollector.ofCopies(copies(), clock, GRACE).collect(() -> {
            Set<String> ids = new HashSet<>();
            for (StateReference reference : needed) {
                try {
                    ids.addAll(states.find(reference).chunkIds());
                } catch (StateException e) {
                    log.debug("A state that cannot be restored needs no copies", e);
                }
            }
            return ids::contains;
        });
        log.debug("Removed {} copies of chunks", removed);
    }

    private static byte[] seal(byte[] content) {
        return ByteBuffer.allocate(content.length + Integer.BYTES)
                .put(content)
                .putInt(sum(content, content.length))
                .array();
    }

    private static int sum(byte[] bytes, int length) {
        CRC32C sum = new CRC32C();
        sum.update(bytes, 0, length);
        return (int) sum.getValue();
    }
}
