package dev.holdfast.dist;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/** The snapshots of one group in their store, as they are there: read, spoiled and removed behind the back of all hosts. */
interface Group {

    /** @param link a path that is free, for the ways that are one */
    Way way(Path link) throws Exception;

    /** The models that the newest snapshot holds; empty where none is stored, or its text is not what its checksum says. */
    default Optional<Set<String>> newestModels() throws Exception {
        return newestText().flatMap(SnapshotTexts::models);
    }

    /** The text of the newest snapshot, sound or not. */
    Optional<String> newestText() throws Exception;

    int count() throws Exception;

    /** Changes bytes in the midst of the newest snapshot, wherever the store has them. */
    void damageNewest() throws Exception;

    /** The newest snapshot is gone as if it had never been. */
    void removeNewest() throws Exception;
}
