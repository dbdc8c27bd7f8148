package dev.holdfast.testkit;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The smallest store of chunks that keeps the contract, and, with a {@link ChunkFault}, one that breaks it. */
final class InMemoryChunkStore implements ChunkStore {

    private static final int MAX_CHUNK_BYTES = 256 * 1024;

    /** What outlives a serializer. */
    static final class Disk {

        final @Nullable ChunkFault fault;
        /** Whether nobody can reach it now. */
        volatile boolean away;

        private final Map<String, TreeMap<String, Chunk>> groups = new HashMap<>();

        Disk(@Nullable ChunkFault fault) {
            this.fault = fault;
        }

        TreeMap<String, Chunk> group(String name) {
            return groups.computeIfAbsent(fault == ChunkFault.MIXES_GROUPS ? "" : name, any -> new TreeMap<>());
        }
    }

    record Chunk(byte[] content, Instant put) {}

    private final Disk disk;
    private final TreeMap<String, Chunk> chunks;
    private boolean closed;

    InMemoryChunkStore(Disk disk, String group) {
        this.disk = disk;
        synchronized (disk) {
            this.chunks = disk.group(group);
        }
    }

    private boolean has(ChunkFault fault) {
        return disk.fault == fault;
    }

    void close() {
        synchronized (disk) {
            closed = !has(ChunkFault.ANSWERS_WHEN_IT_IS_CLOSED);
            if (has(ChunkFault.FORGETS_WHEN_IT_IS_CLOSED)) {
                chunks.clear();
            }
        }
    }

    /** Whether the answer is to be as if nothing were there. */
    private boolean isTakenForNothing(ChunkFault fault) {
        if (disk.away && !has(fault)) {
            throw new StoreUnavailableException("The store is out of reach");
        }
        return disk.away;
    }

    private void check(Collection<String> ids) {
        if (closed) {
            throw new IllegalStateException("closed");
        }
        if (!has(ChunkFault.TAKES_ANY_ID)) {
            ChunkStore.requireIds(ids);
        }
    }

    @Override
    public int maxChunkBytes() {
        return MAX_CHUNK_BYTES;
    }

    @Override
    public void put(Map<String, byte[]> all) {
        if (isTakenForNothing(ChunkFault.OUT_OF_REACH_PUTS_NOTHING)) {
            return;
        }
        synchronized (disk) {
            check(all.keySet());
            if (has(ChunkFault.STORES_BEFORE_IT_CHECKS_THE_SIZE)) {
                all.forEach(this::put);
            }
            all.forEach((id, content) -> {
                if (content.length > MAX_CHUNK_BYTES) {
                    throw new IllegalArgumentException(
                            "Chunk " + id + " of " + content.length + " bytes is larger than " + MAX_CHUNK_BYTES);
                }
            });
            all.forEach(this::put);
        }
    }

    private void put(String id, byte[] content) {
        Chunk before = chunks.get(id);
        byte[] copy = has(ChunkFault.SHARES_ITS_ARRAYS) ? content : content.clone();
        if (has(ChunkFault.DAMAGES_LARGE_CHUNKS) && copy.length > 65_536) {
            copy[65_536] ^= 1;
        }
        chunks.put(
                id,
                new Chunk(
                        before != null && has(ChunkFault.KEEPS_THE_FIRST_CONTENT) ? before.content() : copy,
                        before != null && has(ChunkFault.FORGETS_THAT_IT_WAS_PUT_AGAIN)
                                ? before.put()
                                : Instant.now()));
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        if (isTakenForNothing(ChunkFault.OUT_OF_REACH_GIVES_NOTHING)) {
            return Map.of();
        }
        synchronized (disk) {
            check(ids);
            Map<String, byte[]> found = new HashMap<>();
            for (String id : ids) {
                Chunk chunk = chunks.get(id);
                if (chunk != null) {
                    found.put(
                            id,
                            has(ChunkFault.SHARES_ITS_ARRAYS)
                                    ? chunk.content()
                                    : chunk.content().clone());
                }
            }
            return found;
        }
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        if (has(ChunkFault.NAMES_NOTHING_MISSING)) {
            return Set.of();
        }
        if (isTakenForNothing(ChunkFault.OUT_OF_REACH_IS_MISSING)) {
            return Set.copyOf(ids);
        }
        return ChunkStore.super.missing(ids);
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        if (isTakenForNothing(ChunkFault.OUT_OF_REACH_LISTS_NOTHING)) {
            return new TreeMap<>();
        }
        synchronized (disk) {
            check(Set.of());
            SortedMap<String, Instant> page =
                    has(ChunkFault.LISTS_IN_ANY_ORDER) ? new TreeMap<>(Collections.reverseOrder()) : new TreeMap<>();
            chunks.tailMap(has(ChunkFault.LISTS_THE_FIRST_PAGE_AGAIN) ? "" : after, false).entrySet().stream()
                    .limit(limit)
                    .forEach(entry -> page.put(entry.getKey(), entry.getValue().put()));
            // The fault above would page for ever.
            return has(ChunkFault.LISTS_THE_FIRST_PAGE_AGAIN) && !after.isEmpty() ? new TreeMap<>() : page;
        }
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        isTakenForNothing(ChunkFault.REMOVES_THE_YOUNG_TOO);
        int removed = 0;
        for (String id : ids) {
            Chunk chunk;
            synchronized (disk) {
                check(ids);
                chunk = chunks.get(id);
                if (!has(ChunkFault.LOOKS_THEN_REMOVES_WITHOUT_A_LOCK)) {
                    removed += remove(id, chunk, putBefore);
                    continue;
                }
            }
            // As long as another thread needs to be woken on a busy machine.
            LockSupport.parkNanos(5_000_000);
            synchronized (disk) {
                removed += remove(id, chunk, putBefore);
            }
        }
        synchronized (disk) {
            check(ids);
        }
        return removed;
    }

    private int remove(String id, @Nullable Chunk seen, Instant putBefore) {
        if (seen == null) {
            return has(ChunkFault.COUNTS_WHAT_WAS_NOT_THERE) ? 1 : 0;
        }
        boolean old = seen.put().isBefore(putBefore) || has(ChunkFault.REMOVES_THE_YOUNG_TOO);
        return old && chunks.remove(id) != null ? 1 : 0;
    }
}
