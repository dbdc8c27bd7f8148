package dev.holdfast.sdk;

/**
 * The group already has a snapshot of the same or a higher revision: another host, or an older start of this one, saved
 * it. Or its newest snapshot is not the one that the refused one {@linkplain SnapshotHeader#follows follows}: the message
 * then names the snapshot, what it follows, and the newest one. Nothing was changed.
 */
public final class SnapshotConflictException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    public SnapshotConflictException(String message) {
        super(message, null);
    }

    public SnapshotConflictException(String message, Throwable cause) {
        super(message, cause);
    }

    /**
     * The usual message where the revision is taken.
     *
     * @param refused the snapshot that was to be saved
     * @param last the highest revision of its group
     */
    public static SnapshotConflictException ofRevision(SnapshotHeader refused, long last) {
        return new SnapshotConflictException("Group " + refused.group() + " has revision " + last
                + " already; snapshot " + refused.name() + " has revision " + refused.revision());
    }

    /**
     * The usual message where the name is taken.
     *
     * @param refused the snapshot that was to be saved
     */
    public static SnapshotConflictException ofName(SnapshotHeader refused) {
        return new SnapshotConflictException(
                "Group " + refused.group() + " has a snapshot " + refused.name() + " already");
    }
}
