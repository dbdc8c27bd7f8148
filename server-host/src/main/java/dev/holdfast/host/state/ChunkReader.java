package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import dev.holdfast.host.state.StateReference.ChunkTree;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Verifies that each chunk exists, is complete and matches its id. */
final class ChunkReader {

    /** How many pieces a state has at most; at their usual sizes these are more bytes than any host's memory. */
    static final int MOST_PIECES = 1_000_000;

    private final ChunkStore store;
    private final Map<String, Codec> codecs;

    ChunkReader(ChunkStore store, List<Codec> codecs) {
        this.store = store;
        this.codecs = codecs.stream().collect(Collectors.toMap(Codec::name, codec -> codec));
    }

    /**
     * The pieces of some chunks, in their order; a chunk that occurs twice is read once.
     *
     * @param what the chunks are of, for messages
     */
    List<byte[]> pieces(String what, List<Entry> entries) {
        Map<String, byte[]> frames;
        try {
            frames = store.get(entries.stream().map(Entry::id).distinct().toList());
        } catch (SnapshotCorruptException e) {
            throw new StateDamagedException(what + " is damaged: " + e.getMessage(), e);
        }
        Map<String, byte[]> pieces = new HashMap<>();
        List<byte[]> inOrder = new ArrayList<>(entries.size());
        for (Entry entry : entries) {
            byte[] piece = pieces.computeIfAbsent(entry.id(), id -> piece(what, id, frames));
            if (piece.length != entry.length()) {
                throw new StateDamagedException(what + ": chunk " + entry.id() + " has " + piece.length
                        + " bytes where its list says " + entry.length());
            }
            inOrder.add(piece);
        }
        return inOrder;
    }

    private byte[] piece(String what, String id, Map<String, byte[]> frames) {
        byte[] frame = frames.get(id);
        if (frame == null) {
            throw new StateDamagedException(what + ": chunk " + id + " is missing");
        }
        try {
            return ChunkFrame.unpack(id, frame, codecs);
        } catch (StateDamagedException e) {
            throw new StateDamagedException(what + ": " + e.getMessage(), e);
        }
    }

    /** One chunk of which the length is not known. */
    byte[] piece(String what, String id) {
        try {
            return piece(what, id, store.get(List.of(id)));
        } catch (SnapshotCorruptException e) {
            throw new StateDamagedException(what + " is damaged: " + e.getMessage(), e);
        }
    }

    /**
     * The chunks of a run of bytes, by the lists that lead to them; the chunks themselves are not read.
     *
     * @param bytes the length of the run
     * @param lists is told the id of every list, and of the only chunk of a run that needs no list
     * @throws StateDamagedException if a list is missing or damaged, or the chunks are not as many bytes
     */
    List<Entry> leaves(String what, ChunkTree tree, long bytes, Consumer<String> lists) {
        if (tree.depth() == 0) {
            lists.accept(tree.id());
            if (bytes > ChunkFrame.LONGEST_PIECE) {
                throw new StateDamagedException(what + ": one chunk cannot have " + bytes + " bytes");
            }
            return List.of(new Entry(tree.id(), (int) bytes));
        }
        lists.accept(tree.id());
        List<Entry> level = ChunkList.entries(tree.id(), piece(what, tree.id()));
        for (int depth = tree.depth() - 1; depth > 0; depth--) {
            List<Entry> below = new ArrayList<>();
            for (Entry entry : level) {
                lists.accept(entry.id());
                for (byte[] list : pieces(what, List.of(entry))) {
                    below.addAll(ChunkList.entries(entry.id(), list));
                    requireFewerThan(what, below, bytes);
                }
            }
            level = below;
        }
        long sum = level.stream().mapToLong(Entry::length).sum();
        if (sum != bytes) {
            throw new StateDamagedException(what + ": its chunks have " + sum + " bytes where " + bytes + " are said");
        }
        return level;
    }

    /** A list that promises more chunks than the run has bytes is a lie that would take memory. */
    private static void requireFewerThan(String what, List<Entry> entries, long bytes) {
        if (entries.size() > Math.min(bytes, MOST_PIECES)) {
            throw new StateDamagedException(what + ": more chunks are listed than it can have");
        }
    }
}
