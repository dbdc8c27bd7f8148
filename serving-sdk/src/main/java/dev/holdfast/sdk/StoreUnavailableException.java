package dev.holdfast.sdk;

/**
 * The store could not be reached, or refused: it is down, slow, full, read-only, not there, or access is denied. Worth
 * trying again, if need be after somebody has mended what the message names.
 */
public final class StoreUnavailableException extends SnapshotStoreException {

    private static final long serialVersionUID = 1;

    public StoreUnavailableException(String message) {
        super(message, null);
    }

    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
