package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import dev.holdfast.host.state.StateReference.ChunkTree;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which chunks of a state a store lacks. The chunks below a missing list are unknown until the list is there, so the caller
 * brings the chunks and asks again until none is missing.
 */
public final class LackingChunks {

    private static final int TOGETHER = 64;

    private final ChunkStore store;
    private final ChunkReader reader;

    public LackingChunks(ChunkStore store, List<Codec> codecs) {
        this.store = store;
        this.reader = new ChunkReader(store, codecs);
    }

    /**
     * The chunks to bring next, in the order in which they are needed.
     *
     * @return empty if, and only if, every chunk of the state is there; a list that is there and damaged counts as lacking
     * @throws StateDamagedException if a list is whole and says what cannot be
     */
    public Set<String> of(StateReference reference) {
        Set<String> lacking = new LinkedHashSet<>();
        for (StateManifest.Part part : manifest(reference, lacking).parts()) {
            part.tree().ifPresent(tree -> lacking.addAll(absent(leaves(tree, lacking))));
        }
        return lacking;
    }

    /** The list of the parts; one without parts as long as some of its chunks are lacking. */
    private StateManifest manifest(StateReference reference, Set<String> lacking) {
        List<String> leaves = leaves(reference.root(), lacking);
        if (leaves.size() > StateManifest.MOST_CHUNKS) {
            throw new StateDamagedException("The list of the state's parts is longer than any list of parts");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String id : leaves) {
            read(id, lacking).ifPresent(bytes::writeBytes);
        }
        return lacking.isEmpty() ? StateManifest.of(bytes.toByteArray()) : new StateManifest(List.of());
    }

    /** The ids at the bottom of a tree, below the lists that are there. */
    private List<String> leaves(ChunkTree tree, Set<String> lacking) {
        List<String> level = List.of(tree.id());
        for (int depth = tree.depth(); depth > 0; depth--) {
            List<String> below = new ArrayList<>();
            for (String id : level) {
                read(id, lacking)
                        .ifPresent(list -> ChunkList.entries(id, list).stream()
                                .map(Entry::id)
                                .forEach(below::add));
            }
            level = below;
        }
        return level;
    }

    private Optional<byte[]> read(String id, Set<String> lacking) {
        try {
            return Optional.of(reader.piece("A list of chunks", id));
        } catch (StateDamagedException e) {
            lacking.add(id);
            return Optional.empty();
        }
    }

    private Set<String> absent(List<String> ids) {
        Set<String> absent = new LinkedHashSet<>();
        for (int start = 0; start < ids.size(); start += TOGETHER) {
            absent.addAll(store.missing(ids.subList(start, Math.min(ids.size(), start + TOGETHER))));
        }
        return absent;
    }
}
