package dev.holdfast.host.state;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.List;
import java.util.concurrent.ThreadPoolExecutor;

/**
 * The learned states of models in one store of chunks.
 *
 * <p>It deliberately does not decide when states are stored, or which of them belongs to a model: snapshots say that.
 */
public final class StateStore implements AutoCloseable {

    /** Small enough that one changed number costs little, large enough that a digest for each piece costs nothing. */
    private static final int PIECE_BYTES = 256 * 1024;

    private static final int TOGETHER = 64;

    private final ChunkStore store;
    private final ThreadPoolExecutor threads;
    private final StateWriter writer;
    private final StateReader reader;

    /**
     * The states in a store.
     *
     * @param codec what new chunks are packed with
     * @param codecs what chunks may have been packed with
     * @param parallel how many threads pack and unpack, 1 or more
     */
    public StateStore(ChunkStore store, Codec codec, List<Codec> codecs, int parallel) {
        this.store = store;
        int longest = Math.min(PIECE_BYTES, store.maxChunkBytes() - ChunkFrame.OVERHEAD);
        threads = threads(parallel);
        writer = new StateWriter(store, codec, Cutter.byContent(longest), threads);
        reader = new StateReader(store, codecs, threads);
    }

    static ThreadPoolExecutor threads(int parallel) {
        return DaemonThreads.pool("model-state", parallel);
    }

    public StateWriter writer() {
        return writer;
    }

    public StateReader reader() {
        return reader;
    }

    /** Whether the store has every chunk of a state; their content is not checked. */
    public boolean hasAll(StoredState state) {
        List<String> ids = List.copyOf(state.chunks());
        for (int start = 0; start < ids.size(); start += TOGETHER) {
            if (!store.missing(ids.subList(start, Math.min(ids.size(), start + TOGETHER)))
                    .isEmpty()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {
        threads.shutdown();
    }
}
