package com.example.first;

import dev.holdfast.sdk.ChunkStore;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Leaves {@code missing} to its default. */
final class MemoryChunks implements ChunkStore {

    record Chunk(byte[] content, Instant put) {}

    /** Shared with the other serializers of the group; used under its lock. */
    private final TreeMap<String, Chunk> chunks;

    private final Runnable requireOpen;

    MemoryChunks(TreeMap<String, Chunk> chunks, Runnable requireOpen) {
        this.chunks = chunks;
        this.requireOpen = requireOpen;
    }

    @Override
    public int maxChunkBytes() {
        requireOpen.run();
        return 256 * 1024;
    }

    @Override
    public void put(Map<String, byte[]> contents) {
        requireOpen.run();
        ChunkStore.requireChunks("first-memory", contents, maxChunkBytes());
        synchronized (chunks) {
            contents.forEach((id, content) -> chunks.put(id, new Chunk(content.clone(), Instant.now())));
        }
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        requireOpen.run();
        ChunkStore.requireIds(ids);
        Map<String, byte[]> found = new HashMap<>();
        synchronized (chunks) {
            for (String id : ids) {
                if (chunks.containsKey(id)) {
                    found.put(id, chunks.get(id).content().clone());
                }
            }
        }
        return found;
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        requireOpen.run();
        SortedMap<String, Instant> listed = new TreeMap<>();
        synchronized (chunks) {
            chunks.tailMap(after, false).entrySet().stream()
                    .limit(limit)
                    .forEach(chunk -> listed.put(chunk.getKey(), chunk.getValue().put()));
        }
        return listed;
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        requireOpen.run();
        ChunkStore.requireIds(ids);
        synchronized (chunks) {
            int before = chunks.size();
            ids.forEach(id -> chunks.computeIfPresent(
                    id, (ignored, chunk) -> chunk.put().isBefore(putBefore) ? null : chunk));
            return before - chunks.size();
        }
    }
}
