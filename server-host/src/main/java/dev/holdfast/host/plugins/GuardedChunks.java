package dev.holdfast.host.plugins;

import dev.holdfast.sdk.ChunkStore;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;

/**
 * A store of chunks whose every method is a {@linkplain PluginCalls guarded call}. The chunks themselves are checked by their
 * reader, since a chunk's id is the digest of its content.
 */
final class GuardedChunks implements ChunkStore {

    private static final Set<Class<? extends RuntimeException>> REFUSALS = Set.of(IllegalArgumentException.class);

    private final ChunkStore chunks;
    private final PluginCalls calls;
    private final Runnable requireOpen;
    private final KnownOnce<Integer> maxChunkBytes;

    GuardedChunks(ChunkStore chunks, PluginCalls calls, Runnable requireOpen) {
        this.chunks = chunks;
        this.calls = calls;
        this.requireOpen = requireOpen;
        this.maxChunkBytes = new KnownOnce<>(() -> calls.get("maxChunkBytes", chunks::maxChunkBytes));
    }

    @Override
    public int maxChunkBytes() {
        requireOpen.run();
        return maxChunkBytes.get();
    }

    @Override
    public void put(Map<String, byte[]> all) {
        requireOpen.run();
        calls.get(
                "put",
                () -> {
                    chunks.put(all);
                    return true;
                },
                REFUSALS,
                late -> {});
    }

    @Override
    public Map<String, byte[]> get(Collection<String> ids) {
        requireOpen.run();
        return new HashMap<>(calls.get("get", () -> chunks.get(ids), REFUSALS, late -> {}));
    }

    @Override
    public Set<String> missing(Collection<String> ids) {
        requireOpen.run();
        return new HashSet<>(calls.get("missing", () -> chunks.missing(ids), REFUSALS, late -> {}));
    }

    @Override
    public SortedMap<String, Instant> list(String after, int limit) {
        requireOpen.run();
        return calls.get("list", () -> chunks.list(after, limit), REFUSALS, late -> {});
    }

    @Override
    public int delete(Collection<String> ids, Instant putBefore) {
        requireOpen.run();
        return calls.get("delete", () -> chunks.delete(ids, putBefore), REFUSALS, late -> {});
    }
}
