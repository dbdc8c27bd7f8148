package dev.holdfast.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A snapshot is there and cannot be read: it is damaged, or of a newer format. Which of the two, the subclass says; trying
 * again helps with neither.
 */
public abstract sealed class SnapshotUnreadableException extends SnapshotStoreException
        permits SnapshotCorruptException, SnapshotFormatTooNewException {

    private static final long serialVersionUID = 1;

    SnapshotUnreadableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
