package dev.holdfast.host.state;

import java.util.regex.Pattern;

/**
 * Where a stored state lies, and its format: what a snapshot records of a model's state.
 *
 * @param format how the state is written
 * @param bytes how large all parts together are
 * @param chunks how many chunks are needed to restore it, each counted as often as it occurs
 * @param root the tree of chunks that holds the list of the parts
 */
public record StateReference(StateFormat format, long bytes, long chunks, ChunkTree root) {

    /**
     * A run of bytes as a tree of chunks.
     *
     * @param id the chunk at the top
     * @param depth 0 if that chunk holds the bytes; otherwise it is a list of chunks whose depth is one less
     */
    public record ChunkTree(String id, int depth) {

        private static final Pattern ID = Pattern.compile("[0-9a-f]{64}");
        /** Lists of lists: with 3,640 entries in each, more than any disk holds. */
        private static final int DEEPEST = 5;

        public ChunkTree {
            if (!ID.matcher(id).matches()) {
                throw new IllegalArgumentException("Chunk id '" + id + "' must match " + ID);
            }
            if (depth < 0 || depth > DEEPEST) {
                throw new IllegalArgumentException("Depth " + depth + " of a chunk tree must be 0 to " + DEEPEST);
            }
        }
    }

    public StateReference {
        if (bytes < 0 || chunks < 1) {
            throw new IllegalArgumentException("A state of " + bytes + " bytes in " + chunks + " chunks cannot be");
        }
    }
}
