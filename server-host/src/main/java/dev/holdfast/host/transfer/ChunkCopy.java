package dev.holdfast.host.transfer;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Copies learned states from one store to another that both can be reached from here, each chunk checked.
 *
 * <p>Every chunk is put, also one that is there: what no snapshot needs may be about to be collected, and a chunk counts as
 * young again when it is put. So the copy is safe from a collector for as long as a state that was stored is. Only what this
 * copy has put before is passed over, and what the other store is known to keep.
 */
public final class ChunkCopy {

    private static final int TOGETHER = 16;

    private final ChunkStore from;
    private final StateReader states;
    private final ChunkStore to;
    private final ChunkContent content;
    private final Set<String> there = new HashSet<>();
    private long bytes;

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

    /** Passes over chunks that the last snapshot of the other store needs, which nobody removes. */
    public void passOver(Collection<String> kept) {
        there.addAll(kept);
    }

    /** The chunks that were put, and those that were passed over. */
    public Set<String> there() {
        return Set.copyOf(there);
    }

    /** How many bytes were put. */
    public long bytes() {
        return bytes;
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
        Set<String> needed = new TreeSet<>(states.find(state).chunkIds());
        needed.removeAll(there);
        List<String> ids = List.copyOf(needed);
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
        there.addAll(ids);
        bytes += checked.values().stream().mapToLong(one -> one.length).sum();
    }
}
