package dev.holdfast.host.journal;

import dev.holdfast.host.state.ChunkCollector;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chunks of learned states on this host's disk: copies of what the store has, and what it has not taken yet. Each chunk is
 * here once; one that waits has a mark besides.
 *
 * <pre>
 *   chunks/   content ─ CRC-32C of the content, 4 bytes, big-endian
 *   waiting/  a mark, put after the content; removed when the store has the chunk
 * </pre>
 *
 * <p>By the checksum a damaged copy is recognized; the store is asked for it instead. Safe for use by several threads.
 */
final class KeptChunks implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KeptChunks.class);
    /** How many chunks, of up to 1 MiB each, one call carries. */
    static final int TOGETHER = 16;

    private static final int PAGE = 1000;
    /** Longer than it mostly takes from a state's first chunk to the snapshot that refers to it. */
    private static final Duration GRACE = Duration.ofMinutes(10);

    private final Path directory;
    private final SnapshotSerializer kept;
    private final SnapshotSerializer waiting;
    private final JournalBudget room;
    private final ChunkContent content;
    private final boolean copies;
    private final AtomicBoolean failing = new AtomicBoolean();
    /** Written under the monitor, read without, so that reading chunks does not wait for their delivery. */
    private volatile boolean waits;

    private long counted;

    /**
     * @param journal the directory of the journal that they belong to
     * @param content knows a chunk that is whole
     * @param copies whether copies are kept of what the store has
     */
    KeptChunks(Path journal, JournalBudget room, ChunkContent content, boolean copies) {
        this.directory = journal.resolve("chunks");
        this.kept = open(directory);
        this.waiting = open(journal.resolve("waiting"));
        this.room = room;
        this.content = content;
        this.copies = copies;
    }

    static SnapshotSerializer open(Path directory) {
        return FsSnapshotSerializerFactory.openOwn(directory);
    }

    private ChunkStore chunks() {
        return kept.chunks().orElseThrow();
    }

    private ChunkStore marks() {
        return waiting.chunks().orElseThrow();
    }

    /** Takes over what an older version kept, and counts what waits. */
    void begin(OlderChunks older) throws IOException {
        older.moveCopies(directory, copies);
        // Even beyond the bound: they were acknowledged.
        older.bring(this::promise);
        look();
    }

    /** Counts all that waits, but not copies, which may be lost. */
    private synchronized void look() {
        long bytes = 0;
        SortedMap<String, Instant> page = marks().list("", PAGE);
        waits = !page.isEmpty();
        while (!page.isEmpty()) {
            for (String id : page.keySet()) {
                bytes += directory.resolve(".chunks").resolve(id).toFile().length();
            }
            page = marks().list(page.lastKey(), PAGE);
        }
        room.use(bytes - counted);
        counted = bytes;
    }

    /** Keeps copies of chunks from the store. Damaged chunks are not copied: a copy would hide a later repair. */
    void keepRead(Map<String, byte[]> chunks) {
        Map<String, byte[]> whole = new HashMap<>(chunks);
        whole.entrySet().removeIf(chunk -> !content.isPiece(chunk.getKey(), chunk.getValue()));
        keep(whole);
    }

    /** Keeps copies; a failure is logged, and costs only the copies. */
    void keep(Map<String, byte[]> chunks) {
        try {
            write(chunks);
            failing.set(false);
        } catch (SnapshotStoreException | IllegalArgumentException e) {
            if (failing.compareAndSet(false, true)) {
                log.warn("No copies of what models have learned are kept on this host: {}", e.getMessage());
            }
        }
    }

    private void write(Map<String, byte[]> some) {
        Map<String, byte[]> sealed = new HashMap<>();
        some.forEach((id, chunk) -> sealed.put(id, seal(chunk)));
        chunks().put(sealed);
    }

    /**
     * Keeps chunks until the store has them; durable when this returns.
     *
     * @throws StoreUnavailableException if they find no room
     */
    void await(Map<String, byte[]> some) {
        long bytes = newBytes(some);
        if (!room.fits(bytes)) {
            throw new StoreUnavailableException("The journal has no room for " + bytes
                    + " bytes of what models have learned: " + room + "; raise spool_max_size, or see to the store");
        }
        promise(some);
    }

    private long newBytes(Map<String, byte[]> some) {
        return notWaiting(some.keySet()).stream()
                .mapToLong(id -> Objects.requireNonNull(some.get(id)).length + Integer.BYTES)
                .sum();
    }

    private synchronized void promise(Map<String, byte[]> some) {
        write(some);
        if (!waits) {
            log.warn("What models have learned waits on this host for the store to return");
        }
        long bytes = newBytes(some);
        Map<String, byte[]> marks = new HashMap<>();
        some.keySet().forEach(id -> marks.put(id, new byte[1]));
        marks().put(marks);
        waits = true;
        room.use(bytes);
        counted += bytes;
    }

    /** Those of the chunks that do not wait here. */
    Set<String> notWaiting(Collection<String> ids) {
        return waits ? marks().missing(ids) : Set.copyOf(ids);
    }

    /** Those of the chunks that are not here. */
    Set<String> missing(Collection<String> ids) {
        return chunks().missing(ids);
    }

    /** Those of the chunks that are here, and whole. */
    Map<String, byte[]> get(Collection<String> ids) {
        Map<String, byte[]> whole = new HashMap<>();
        for (String id : ids) {
            try {
                chunks().get(Set.of(id)).forEach((same, copy) -> {
                    int length = copy.length - Integer.BYTES;
                    if (length >= 0 && ByteBuffer.wrap(copy).getInt(length) == sum(copy, length)) {
                        whole.put(id, Arrays.copyOf(copy, length));
                    } else {
                        log.warn("The copy of chunk {} on this host is damaged; the store is asked for it", id);
                    }
                });
            } catch (SnapshotStoreException e) {
                log.warn(
                        "The copy of chunk {} on this host cannot be read; the store is asked for it: {}",
                        id,
                        e.getMessage());
            }
        }
        return whole;
    }

    /**
     * Brings those that wait to the store. A damaged one is left out: it would replace a whole one there.
     *
     * @param put stores some durably, or throws
     * @return the ids of those that the store has now
     * @throws SnapshotStoreException if the store does not take them; those that it took wait no more
     */
    Set<String> deliver(Consumer<Map<String, byte[]>> put) {
        if (!waits) {
            return Set.of();
        }
        Set<String> delivered = new HashSet<>();
        SortedMap<String, Instant> page = marks().list("", TOGETHER);
        while (!page.isEmpty()) {
            Map<String, byte[]> whole = get(page.keySet());
            whole.entrySet().removeIf(chunk -> !content.isPiece(chunk.getKey(), chunk.getValue()));
            for (String id : page.keySet()) {
                if (!whole.containsKey(id)) {
                    log.error("Chunk {} was damaged on this host's disk, and is not sent to the store", id);
                }
            }
            put.accept(whole);
            delivered.addAll(whole.keySet());
            // What was put again meanwhile stays for the next time.
            Instant latest = page.values().stream().max(Instant::compareTo).orElseThrow();
            marks().delete(page.keySet(), latest.plusNanos(1));
            if (!copies) {
                chunks().delete(page.keySet(), latest.plusNanos(1));
            }
            page = marks().list(page.lastKey(), TOGETHER);
        }
        look();
        log.info("{} chunks of what models have learned were sent to the store", delivered.size());
        return delivered;
    }

    /** Removes those that are not needed: copies after some minutes, those that wait after an hour. */
    void removeOthers(Set<String> needed, Clock clock) {
        new ChunkCollector(marks(), clock, ChunkCollector.SHORTEST_GRACE).collect(() -> needed::contains);
        int removed = ChunkCollector.ofCopies(chunks(), clock, GRACE)
                .collect(() ->
                        id -> needed.contains(id) || notWaiting(Set.of(id)).isEmpty());
        look();
        log.debug("Removed {} chunks from {}", removed, directory);
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

    @Override
    public void close() {
        try (kept) {
            waiting.close();
        }
    }
}
