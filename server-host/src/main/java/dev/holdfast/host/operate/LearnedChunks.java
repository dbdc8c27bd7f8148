package dev.holdfast.host.operate;

import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The learned states in a store, read for an operator.
 *
 * @param codecs what chunks may have been packed with
 */
public record LearnedChunks(ChunkStore chunks, StateStore states, List<Codec> codecs) implements AutoCloseable {

    /** Those of a group; empty where its store keeps none. */
    public static Optional<LearnedChunks> of(StoreGroup group) {
        return group.chunks()
                .map(chunks -> new LearnedChunks(
                        chunks, new StateStore(chunks, Codec.none(), group.codecs(), threads()), group.codecs()));
    }

    private static int threads() {
        return Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
    }

    StateReader reader() {
        return states.reader();
    }

    /** How many chunks the second state needs that the first does not; empty where one of them cannot be read. */
    public Optional<Long> newChunks(StateReference first, StateReference second) {
        try {
            Set<String> before = reader().find(first).chunkIds();
            return Optional.of(reader().find(second).chunkIds().stream()
                    .filter(id -> !before.contains(id))
                    .count());
        } catch (StateException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        states.close();
    }
}
