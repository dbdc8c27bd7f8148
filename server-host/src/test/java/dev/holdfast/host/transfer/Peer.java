package dev.holdfast.host.transfer;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** One side of a transfer: chunks in memory, and the snapshots that it made. */
final class Peer {

    private static final List<Codec> CODECS = List.of(Codec.none(), Codec.gz());

    private final Chunks chunks = new Chunks();

    /** A snapshot with the one state that it refers to. */
    record Saved(Snapshot snapshot, StateReference reference, byte[] state, StoredState stored) {}

    private static final class Chunks implements ChunkStore {

        private final TreeMap<String, byte[]> contents = new TreeMap<>();
        private int puts;

        @Override
        public int maxChunkBytes() {
            return 300_000;
        }

        @Override
        public void put(Map<String, byte[]> all) {
            puts += all.size();
            contents.putAll(all);
        }

        @Override
        public Map<String, byte[]> get(Collection<String> ids) {
            Map<String, byte[]> found = new HashMap<>(contents);
            found.keySet().retainAll(new HashSet<>(ids));
            return found;
        }

        @Override
        public SortedMap<String, Instant> list(String after, int limit) {
            throw new UnsupportedOperationException("a transfer does not list");
        }

        @Override
        public int delete(Collection<String> ids, Instant putBefore) {
            throw new UnsupportedOperationException("a transfer removes nothing");
        }
    }

    Saved save(long revision, int bytes, long seed) {
        byte[] state = new byte[bytes];
        new Random(seed).nextBytes(state);
        return save(revision, state, StoredState.NONE);
    }

    private Saved save(long revision, byte[] state, StoredState base) {
        Snapshot snapshot = TestSnapshots.snapshot("default", revision);
        try (StateStore store = store()) {
            StoredState stored =
                    store.writer().write(GivenCapture.of(state), base).state();
            StateReference reference = stored.reference().orElseThrow();
            return new Saved(snapshot, reference, state, stored);
        }
    }

    private StateStore store() {
        return new StateStore(chunks, Codec.none(), CODECS, 1);
    }

    boolean hasOnlyWholeChunks() {
        ChunkContent content = new ChunkContent(CODECS);
        return chunks.contents.entrySet().stream().allMatch(chunk -> content.isPiece(chunk.getKey(), chunk.getValue()));
    }

    ChunkStore chunkStore() {
        return chunks;
    }

    Set<String> chunksOf(Saved saved) {
        try (StateStore store = store()) {
            return store.reader().find(saved.reference()).chunkIds();
        }
    }

    /** The chunks of a snapshot are removed, as by a collector. */
    void forget(Saved saved) {
        chunks.contents.keySet().removeAll(chunksOf(saved));
    }

    /** Damages all chunks but a few of the largest. */
    void damageAllBut(Saved saved, int whole) {
        chunksOf(saved).stream()
                .sorted((one, other) -> chunks.contents.get(other).length - chunks.contents.get(one).length)
                .skip(whole)
                .filter(id -> chunks.contents.get(id).length > 100_000)
                .forEach(this::damage);
    }

    private void damage(String id) {
        byte[] content = chunks.contents.get(id).clone();
        content[content.length / 2] ^= 1;
        chunks.contents.put(id, content);
    }

    void verify(Saved saved) {
        try (StateStore store = store()) {
            store.reader().find(saved.reference()).verify();
        }
    }

    /** What this peer would restore. */
    byte[] state(Saved saved) {
        try (StateStore store = store();
                InputStream stream = store.reader().find(saved.reference()).open("numbers")) {
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int puts() {
        return chunks.puts;
    }
}
