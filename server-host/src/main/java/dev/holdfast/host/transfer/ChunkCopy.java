package dev.holdfast.host.transfer;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.LackingChunks;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Copies learned states from one store to another that both can be reached from here: only the chunks that the other one
 * lacks, each checked. One that breaks off has copied some of them, and the next one goes on there.
 */
public final class ChunkCopy {

    private static final int TOGETHER = 16;

    private final ChunkStore from;
    private final ChunkStore to;
    private final ChunkContent content;
    private final LackingChunks lacking;

    /** @param codecs what the chunks may have been packed with */
    public ChunkCopy(ChunkStore from, ChunkStore to, List<Codec> codecs) {
        this.from = from;
        this.to = to;
        this.content = new ChunkContent(codecs);
        this.lacking = new LackingChunks(to, codecs);
    }

    /**
     * Copies states; all of their chunks are there when this returns.
     *
     * @return how many chunks were copied
     * @throws StateDamagedException if a chunk is missing or damaged where it should come from, or larger than the other
     *     store takes
     * @throws dev.holdfast.sdk.SnapshotStoreException if a store fails
     */
    public int copy(Collection<StateReference> states) {
        int copied = 0;
        for (StateReference state : states) {
            // The chunks below a list are known when the list has been copied.
            for (List<String> ids = List.copyOf(lacking.of(state));
                    !ids.isEmpty();
                    ids = List.copyOf(lacking.of(state))) {
                for (int start = 0; start < ids.size(); start += TOGETHER) {
                    copyChunks(ids.subList(start, Math.min(ids.size(), start + TOGETHER)));
                }
                copied += ids.size();
            }
        }
        return copied;
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
