package dev.holdfast.sdk;

/**
 * The group already has a snapshot of the same or a higher revision: another host, or an older start of this one, saved
 * it. Nothing was changed.
 */
public final class SnapshotConflictException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    public SnapshotConflictException(String message) {
        super(message, null);
    }

    public SnapshotConflictException(String message, Throwable cause) {
        super(message, cause);
    }
}
