package dev.holdfast.sdk;

/**
 * A newer version wrote what is to be read. Nothing is damaged: a newer host or plugin can read it.
 */
public final class SnapshotFormatTooNewException extends SnapshotUnreadableException {

    private static final long serialVersionUID = 1;

    public SnapshotFormatTooNewException(String message) {
        super(message, null);
    }

    public SnapshotFormatTooNewException(String message, Throwable cause) {
        super(message, cause);
    }
}
