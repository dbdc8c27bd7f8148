package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;

/** Reads stored states, checking every chunk. Safe for use by several threads. */
public final class StateReader {

    private final ChunkReader chunks;
    private final ExecutorService threads;

    /** @param threads threads that read ahead, decompress and compute digests */
    StateReader(ChunkStore store, List<Codec> codecs, ExecutorService threads) {
        this.chunks = new ChunkReader(store, codecs);
        this.threads = threads;
    }

    /**
     * A stored state whose lists have been read and checked; its parts are read when they are opened.
     *
     * @throws StateDamagedException if a list is missing or damaged
     * @throws dev.holdfast.sdk.StoreUnavailableException if the store does not answer
     */
    public Found find(StateReference reference) {
        Set<String> ids = new HashSet<>();
        StateManifest manifest = StateManifest.of(manifest(reference, ids));
        Map<String, List<Entry>> layout = new LinkedHashMap<>();
        int pieces = 0;
        for (StateManifest.Part part : manifest.parts()) {
            List<Entry> entries = part.tree()
                    .map(tree -> chunks.leaves("Part " + part.name(), tree, part.size(), ids::add))
                    .orElse(List.of());
            pieces += entries.size();
            if (pieces > ChunkReader.MOST_PIECES) {
                throw new StateDamagedException("The state lists more chunks than it can have");
            }
            entries.forEach(entry -> ids.add(entry.id()));
            layout.put(part.name(), entries);
        }
        if (manifest.bytes() != reference.bytes()) {
            throw new StateDamagedException("The parts of the state have " + manifest.bytes()
                    + " bytes where its reference says " + reference.bytes());
        }
        return new Found(reference, manifest, layout, ids);
    }

    /** The list of the parts; the reference does not hold its length. */
    private byte[] manifest(StateReference reference, Set<String> ids) {
        String what = "The list of the state's parts";
        ids.add(reference.root().id());
        byte[] top = chunks.piece(what, reference.root().id());
        if (reference.root().depth() == 0) {
            return top;
        }
        List<Entry> entries = ChunkList.entries(reference.root().id(), top);
        if (reference.root().depth() > 1 || entries.size() > StateManifest.MOST_CHUNKS) {
            throw new StateDamagedException(what + " is longer than any list of parts");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Entry entry : entries) {
            ids.add(entry.id());
            bytes.writeBytes(chunks.pieces(what, List.of(entry)).get(0));
        }
        return bytes.toByteArray();
    }

    /** A stored state that was found. */
    public final class Found implements StateSource {

        private final StateReference reference;
        private final StateManifest manifest;
        private final Map<String, List<Entry>> layout;
        private final Set<String> ids;

        private Found(
                StateReference reference, StateManifest manifest, Map<String, List<Entry>> layout, Set<String> ids) {
            this.reference = reference;
            this.manifest = manifest;
            this.layout = layout;
            this.ids = ids;
        }

        @Override
        public StateFormat format() {
            return reference.format();
        }

        @Override
        public List<StateSource.Part> parts() {
            return manifest.parts().stream()
                    .map(part -> new StateSource.Part(part.name(), part.size()))
                    .toList();
        }

        @Override
        public InputStream open(String part) {
            List<Entry> entries = layout.get(part);
            if (entries == null) {
                throw new StateMismatchException(
                        "The state has no part " + part + ", only " + String.join(", ", layout.keySet()));
            }
            return new PieceStream(chunks, "Part " + part + " of the state", entries, threads);
        }

        /** Every chunk that the state needs. */
        public Set<String> chunkIds() {
            return Set.copyOf(ids);
        }

        /** Reads and checks every chunk, keeping none. Returns normally only if the state can be restored. */
        public void verify() {
            for (StateManifest.Part part : manifest.parts()) {
                try (InputStream stream = open(part.name())) {
                    stream.transferTo(OutputStream.nullOutputStream());
                } catch (IOException e) {
                    throw new UncheckedIOException("A stream of chunks throws no such exception", e);
                }
            }
        }

        /** This state as the base of the next one that is stored; its chunks must have been read. */
        public StoredState asBase() {
            return new StoredState(Optional.of(reference), 0, new HashMap<>(layout), chunkIds());
        }
    }
}
