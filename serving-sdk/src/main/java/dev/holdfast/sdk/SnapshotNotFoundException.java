package dev.holdfast.sdk;

/**
 * There is no snapshot of the name that was asked for.
 */
public final class SnapshotNotFoundException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    public SnapshotNotFoundException(String message) {
        super(message, null);
    }

    public SnapshotNotFoundException(String message, Throwable cause) {
        super(message, cause);
    }
}
