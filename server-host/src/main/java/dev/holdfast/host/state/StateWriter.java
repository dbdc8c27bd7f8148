package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import dev.holdfast.host.state.StateReference.ChunkTree;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;

/**
 * Stores captured states in chunks, writing only those that the store lacks.
 *
 * <pre>
 *   part ─ cut ─▶ piece ─ SHA-256 ─▶ known? ─ no ─▶ pack ─▶ gather ─▶ put
 *    │                                                                 │
 *    └─ a range that has not changed: the piece of before ─────────────┴─▶ list of the chunks ─▶ … ─▶ reference
 * </pre>
 *
 * <p>When it returns, every chunk of the state is durable, so that a snapshot that refers to it may be saved. After a
 * failure some chunks are there that no snapshot refers to; they are removed in time. Takes about 40 MB of memory
 * whatever the size of the state, and what {@link StoredState} takes.
 */
public final class StateWriter {

    private final ChunkStore store;
    private final Codec codec;
    private final Cutter cutter;
    private final ExecutorService packers;

    /** @param packers threads that compute digests, compress, and put */
    StateWriter(ChunkStore store, Codec codec, Cutter cutter, ExecutorService packers) {
        this.store = store;
        this.codec = codec;
        this.cutter = cutter;
        this.packers = packers;
    }

    /**
     * What was stored.
     *
     * @param state the state, and the base of the next one
     * @param newChunks how many chunks were put
     * @param newBytes their bytes, packed
     */
    public record Result(StoredState state, long newChunks, long newBytes) {}

    /**
     * Stores a state.
     *
     * @param base the state that was stored before, to store the differences from; {@link StoredState#NONE} for none
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store failed
     */
    public Result write(StateCapture capture, StoredState base) {
        Packing packing = new Packing(store, codec, base, packers);
        try {
            List<StateManifest.Part> parts = new ArrayList<>();
            Map<String, List<Entry>> layout = new HashMap<>();
            for (StatePart part : capture.parts()) {
                List<Entry> entries = packing.finish(cut(part, capture.number(), base, packing));
                layout.put(part.name(), entries);
                parts.add(new StateManifest.Part(part.name(), part.size(), tree(entries, packing)));
            }
            StateManifest manifest = new StateManifest(parts);
            ChunkTree root = tree(packing.finish(pieces(manifest.toBytes(), packing)), packing)
                    .orElseThrow();
            packing.flush();
            StateReference reference = new StateReference(capture.format(), manifest.bytes(), packing.referred(), root);
            StoredState stored = new StoredState(Optional.of(reference), capture.number(), layout, packing.chunks());
            return new Result(stored, packing.newChunks(), packing.newBytes());
        } finally {
            packing.end();
        }
    }

    private List<Packing.Piece> cut(StatePart part, long capture, StoredState base, Packing packing) {
        List<Packing.Piece> pieces = new ArrayList<>();
        byte[] window = new byte[(int) Math.min(cutter.longest(), part.size())];
        long offset = 0;
        while (offset < part.size()) {
            Optional<Entry> same = unchanged(part, offset, capture, base);
            if (same.isPresent()) {
                pieces.add(packing.known(same.get()));
                offset += same.get().length();
                continue;
            }
            int available = (int) Math.min(window.length, part.size() - offset);
            part.read(offset, window, available);
            int length = cutter.cut(window, available);
            pieces.add(packing.add(Arrays.copyOf(window, length)));
            offset += length;
        }
        return pieces;
    }

    /** The piece that was cut here last time, if the model knows that its bytes have not changed. */
    private static Optional<Entry> unchanged(StatePart part, long offset, long capture, StoredState base) {
        if (capture == 0 || base.capture() == 0) {
            return Optional.empty();
        }
        return base.pieceAt(part.name(), offset)
                .filter(entry -> offset + entry.length() <= part.size()
                        && part.unchangedSince(base.capture(), offset, entry.length()));
    }

    /** The tree over the chunks of a run: lists of chunks, and lists of those, until there is one; empty for no bytes. */
    private static Optional<ChunkTree> tree(List<Entry> run, Packing packing) {
        List<Entry> level = run;
        int depth = 0;
        while (level.size() > 1) {
            level = packing.finish(pieces(ChunkList.bytes(level), packing));
            depth++;
        }
        int top = depth;
        return level.stream().findFirst().map(entry -> new ChunkTree(entry.id(), top));
    }

    private static List<Packing.Piece> pieces(byte[] bytes, Packing packing) {
        int longest = ChunkList.ENTRIES * ChunkList.ENTRY_BYTES;
        List<Packing.Piece> pieces = new ArrayList<>();
        for (int start = 0; start < bytes.length; start += longest) {
            pieces.add(packing.add(Arrays.copyOfRange(bytes, start, Math.min(bytes.length, start + longest))));
        }
        return pieces;
    }
}
