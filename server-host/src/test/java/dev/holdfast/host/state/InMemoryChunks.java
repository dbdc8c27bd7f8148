package dev.holdfast.host.state;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A store of chunks that a test can look into, damage, and let fail at its n-th put. */
public final class InMemoryChunks implements ChunkStore {

    public record Chunk(byte[] content, Instant put) {}

    public final ConcurrentSkipListMap<String, Chunk> chunks = new ConcurrentSkipListMap<>();
    public final AtomicInteger puts = new AtomicInteger();
    public volatile int failingPut = -1;
    public volatile boolean down;
    /** Runs before chunks are put. */
    public volatile Runnable onPut = () -> {};

    volatile int maxChunkBytes = 1024 * 1024;
    private final Clock clock;

    InMemoryChunks(Clock clock) {
        this.clock = clock;
    }

    public InMemoryChunks() {
        this(Clock.systemUTC());
    }

    @Override
    public int maxChunkBytes() {
        return maxChunkBytes;
    }

    @Override
    public void put(Map<String, byte[]> all) {
        ChunkStore.requireIds(all.keySet());
        requireUp();
        onPut.run();
        if (puts.incrementAndGet() == failingPut) {
            throw new StoreUnavailableException("put " + failingPut + " fails");
        }
        all.forEach((id, content) -> {
            if (content.length > maxChunkBytes) {
                throw new IllegalArgumentException("chunk " + id + " is too large");
            }
            chunks.put(id, new Chunk(content.clone(), clock.instant()));
        });
    }

    private void requireUp() {
        if (down) {
            throw new StoreUnavailableException("the store is down");
        }
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        ChunkStore.requireIds(ids);
        requireUp();
        Map<String, byte[]> found = new HashMap<>();
        for (String id : ids) {
            Chunk chunk = chunks.get(id);
            if (chunk != null) {
                found.put(id, chunk.content().clone());
            }
        }
        return found;
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        SortedMap<String, Instant> page = new TreeMap<>();
        chunks.tailMap(after, false).entrySet().stream()
                .limit(limit)
                .forEach(entry -> page.put(entry.getKey(), entry.getValue().put()));
        return page;
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        int removed = 0;
        for (String id : ids) {
            Chunk chunk = chunks.get(id);
            if (chunk != null && chunk.put().isBefore(putBefore) && chunks.remove(id, chunk)) {
                removed++;
            }
        }
        return removed;
    }
}
