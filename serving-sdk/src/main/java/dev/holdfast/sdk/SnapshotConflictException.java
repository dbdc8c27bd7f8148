package dev.holdfast.sdk;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The group already has a snapshot of the same or a higher revision: another host, or an older start of this one, saved
 * it. Or its newest snapshot is not the one that the refused one {@linkplain SnapshotHeader#follows follows}: the message
 * then names the snapshot, what it follows, and the newest one. Nothing was changed.
 */
public final class SnapshotConflictException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    private final long lastRevision;
    private final @Nullable String takenName;

    public SnapshotConflictException(String message) {
        this(message, -1, null, null);
    }

    public SnapshotConflictException(String message, Throwable cause) {
        this(message, -1, null, cause);
    }

    private SnapshotConflictException(
            String message, long lastRevision, @Nullable String takenName, @Nullable Throwable cause) {
        super(message, cause);
        this.lastRevision = lastRevision;
        this.takenName = takenName;
    }

    /** The highest revision of the group, where that is what the refused one met and the serializer said so. */
    public OptionalLong lastRevision() {
        return lastRevision < 0 ? OptionalLong.empty() : OptionalLong.of(lastRevision);
    }

    /** The name that is taken, where that is what the refused one met and the serializer said so. */
    public Optional<String> takenName() {
        return Optional.ofNullable(takenName);
    }

    /**
     * The usual message where the revision is taken.
     *
     * @param refused the snapshot that was to be saved
     * @param last the highest revision of its group
     */
    public static SnapshotConflictException ofRevision(SnapshotHeader refused, long last) {
        return new SnapshotConflictException(
                "Group " + refused.group() + " has revision " + last + " already; snapshot " + refused.name()
                        + " has revision " + refused.revision(),
                last,
                null,
                null);
    }

    /**
     * The usual message where the name is taken.
     *
     * @param refused the snapshot that was to be saved
     */
    public static SnapshotConflictException ofName(SnapshotHeader refused) {
        return new SnapshotConflictException(
                "Group " + refused.group() + " has a snapshot " + refused.name() + " already",
                -1,
                refused.name(),
                null);
    }
}
