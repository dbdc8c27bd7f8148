package dev.holdfast.host.transfer;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Copies learned states from one store to another that both can be reached from here, each chunk checked.
 *
 * <p>Every chunk is put, also one that is there: what no snapshot needs may be about to be collected, and a chunk counts as
 * young again when it is put. So the copy is safe from a collector for as long as a state that was stored is.
 */
public final class ChunkCopy {

    private static final int TOGETHER = 16;

    private final ChunkStore from;
    private final StateReader states;
    private final ChunkStore to;
    private final ChunkContent content;

    /**
     * @param states reads the lists of chunks in {@code from}
     * @param codecs what the chunks may have been packed with
     */
    public ChunkCopy(ChunkStore from, StateReader states, ChunkStore to, List<Codec> codecs) {
        this.from = from;
        this.states = states;
        this.to = to;
        this.content = new ChunkContent(codecs);
    }

    /**
     * Copies a state; all of its chunks are there when this returns.
     *
     * @return how many chunks were copied
     * @throws dev.holdfast.host.state.StateException if a chunk is missing or damaged where it should come from, or larger
     *     than the other store takes
     * @throws dev.holdfast.sdk.SnapshotStoreException if a store fails
     */
    public int copy(StateReference state) {
        List<String> ids = List.copyOf(new TreeSet<>(states.find(state).chunkIds()));
        for (int start = 0; start < ids.size(); start += TOGETHER) {
            copyChunks(ids.subList(start, Math.min(ids.size(), start + TOGETHER)));
        }
        return ids.size();
    }

    private void copyChunks(List<String> ids) {
        Map<String, byte[]> found = from.get(ids);
        Map<String, byte[]> checked = new HashMap<>();
        List<String> bad = new ArrayList<>();
        for (String id : ids) {
            byte[] bytes = found.get(id);
            if (bytes == null || !content.isPiece(id, bytes)) {
                bad.add(id);
            } else if (bytes.length > to.maxChunkBytes()) {
                throw new StateDamagedException("Chunk " + id + " has " + bytes.length
                        + " bytes, and the store that it is to be copied to takes up to " + to.maxChunkBytes());
            } else {
                checked.put(id, bytes);
            }
        }
        if (!bad.isEmpty()) {
            throw new StateDamagedException(
                    bad.size() + " of the chunks to copy are missing or damaged, the first of them " + bad.get(0));
        }
        to.put(checked);
    }
}
