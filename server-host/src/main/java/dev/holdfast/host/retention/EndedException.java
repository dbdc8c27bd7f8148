package dev.holdfast.host.retention;

/** A round was interrupted before it was done, because the host stops. */
final class EndedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private EndedException() {
        super("told to end");
    }

    /** To be called between two requests, so that a stop waits for one request at most. */
    static void throwIfInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new EndedException();
        }
    }
}
