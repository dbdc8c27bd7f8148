package dev.holdfast.sdk;

import org.jspecify.annotations.Nullable;

/**
 * A failure of a snapshot store. The subclass says whose problem it is, and so what a host does next; there is no other
 * kind.
 *
 * <p>A message names the thing, what is wrong with it and, where somebody can act, what to do.
 */
public abstract sealed class SnapshotStoreException extends RuntimeException
        permits SnapshotNotFoundException,
                SnapshotUnreadableException,
                SnapshotConflictException,
                StoreUnavailableException {

    private static final long serialVersionUID = 1;

    SnapshotStoreException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
