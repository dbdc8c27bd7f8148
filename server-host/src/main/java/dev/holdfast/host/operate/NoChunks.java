package dev.holdfast.host.operate;

import dev.holdfast.sdk.ChunkStore;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;

/** In the place of chunks where a store keeps none: has none, and takes none. */
enum NoChunks implements ChunkStore {
    INSTANCE;

    @Override
    public int maxChunkBytes() {
        return 0;
    }

    @Override
    public void put(Map<String, byte[]> chunks) {
        throw new UnsupportedOperationException("There is no place for chunks");
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        return Map.of();
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        return Collections.emptySortedMap();
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        return 0;
    }
}
