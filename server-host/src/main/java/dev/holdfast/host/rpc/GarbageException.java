package dev.holdfast.host.rpc;

/** Bytes that are no message, or none that is taken: the connection ends. */
final class GarbageException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    GarbageException(String message) {
        super(message, null, false, false);
    }
}
