package dev.holdfast.host.transfer;

import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One side of a transfer: chunks in memory, the snapshots that it made, and those that it took over. */
final class Peer implements Receiver.Target {

    private static final List<Codec> CODECS = List.of(Codec.none(), Codec.gz());
    /** What the snapshots of all peers refer to: here it need not stand in their texts. */
    private static final Map<String, StateReference> REFERENCES = new HashMap<>();

    private final Chunks chunks = new Chunks();
    private final List<SnapshotHeader> installed = new ArrayList<>();
    private @Nullable RuntimeException failure;

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

    /** The state of an earlier snapshot, of which a few bytes have changed. */
    Saved saveChanged(Saved before, long revision) {
        byte[] state = before.state().clone();
        state[state.length / 2] ^= 1;
        return save(revision, state, before.stored());
    }

    private Saved save(long revision, byte[] state, StoredState base) {
        Snapshot snapshot = TestSnapshots.snapshot("default", revision);
        try (StateStore store = store()) {
            StoredState stored =
                    store.writer().write(GivenCapture.of(state), base).state();
            StateReference reference = stored.reference().orElseThrow();
            REFERENCES.put(snapshot.header().saveId(), reference);
            return new Saved(snapshot, reference, state, stored);
        }
    }

    private StateStore store() {
        return new StateStore(chunks, Codec.none(), CODECS, 1);
    }

    Sender sender(Saved saved) {
        return new Sender(saved.snapshot(), chunks);
    }

    Receiver receiver() {
        return new Receiver(chunks, CODECS, this);
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

    void damageSharedChunk(Saved one, Saved other) {
        Set<String> shared = new HashSet<>(chunksOf(one));
        Set<String> here = chunks.contents.keySet();
        shared.removeIf(
                id -> !here.contains(id) || id.equals(other.reference().root().id()));
        // Not a list, which would be found to be damaged at once.
        String id = shared.stream()
                .filter(one2 -> chunks.contents.get(one2).length > 100_000)
                .findFirst()
                .orElseThrow();
        damage(id);
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

    int chunks() {
        return chunks.contents.size();
    }

    int puts() {
        return chunks.puts;
    }

    List<SnapshotHeader> installed() {
        return installed;
    }

    void failNextInstall(RuntimeException with) {
        failure = with;
    }

    @Override
    public long revision() {
        return installed.isEmpty() ? 0 : installed.get(installed.size() - 1).revision();
    }

    @Override
    public List<StateReference> states(Snapshot snapshot) {
        return Optional.ofNullable(REFERENCES.get(snapshot.header().saveId()))
                .map(List::of)
                .orElseThrow();
    }

    @Override
    public void install(Snapshot snapshot) {
        RuntimeException planned = failure;
        failure = null;
        if (planned != null) {
            throw planned;
        }
        try (StateStore store = store()) {
            StateReader reader = store.reader();
            states(snapshot).forEach(reference -> reader.find(reference).verify());
        }
        installed.add(snapshot.header());
    }
}
