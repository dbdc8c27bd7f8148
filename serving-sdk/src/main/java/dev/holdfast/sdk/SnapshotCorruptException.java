package dev.holdfast.sdk;

/**
 * A snapshot is there and is not what was saved: bytes are missing, added or different. Trying again does not help; an
 * older snapshot may.
 */
public final class SnapshotCorruptException extends SnapshotUnreadableException {

    private static final long serialVersionUID = 1;

    public SnapshotCorruptException(String message) {
        super(message, null);
    }

    public SnapshotCorruptException(String message, Throwable cause) {
        super(message, cause);
    }
}
