package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.util.Optional;

/**
 * The tag by which an operator keeps a snapshot: another one, saved under the name {@code keep-NAME}, which serves what the
 * newest one serves. So a store needs no place for tags, hosts of older versions pass over it, and it is never half set.
 */
public final class KeepMark {

    private static final String PREFIX = "keep-";

    private KeepMark() {}

    /**
     * The name of the mark.
     *
     * @throws IllegalArgumentException if the name is too long for one
     */
    public static String of(String name) {
        String mark = PREFIX + name;
        if (!SnapshotHeader.isName(mark)) {
            throw new IllegalArgumentException("Snapshot " + name + " cannot be tagged: its tag would be named " + mark
                    + ", and a name has at most 128 characters");
        }
        return mark;
    }

    /** The name of the snapshot that this one keeps, if it is a mark. */
    public static Optional<String> kept(SnapshotHeader header) {
        return header.kind() == SnapshotKind.SAVE && header.name().startsWith(PREFIX)
                ? Optional.of(header.name().substring(PREFIX.length()))
                : Optional.empty();
    }
}
