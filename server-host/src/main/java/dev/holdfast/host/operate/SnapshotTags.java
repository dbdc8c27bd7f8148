package dev.holdfast.host.operate;

import dev.holdfast.host.snapshot.KeepMark;
import dev.holdfast.host.snapshot.SnapshotElsewhere;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.Optional;

/** What a {@link SnapshotSource} has to know of tags and texts, wherever it is. */
public final class SnapshotTags {

    private SnapshotTags() {}

    /**
     * The name of the snapshot that is the tag of another.
     *
     * @throws IllegalArgumentException if the name is too long for one
     */
    public static String of(String name) {
        return KeepMark.of(name);
    }

    /** The name of the snapshot that this one tags, if it is a tag. */
    public static Optional<String> kept(SnapshotHeader header) {
        return KeepMark.kept(header);
    }

    /** Why a tagged snapshot is not deleted. */
    public static String refusal(String name) {
        return "Snapshot " + name + " is not deleted: it is tagged to be kept. First: holdfast snapshots tag " + name
                + " --no-keep";
    }

    /**
     * The snapshot that a text is.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if it is damaged, or of a later format
     */
    public static Snapshot ofText(String name, byte[] text) {
        return SnapshotElsewhere.ofText(name, text);
    }
}
