package dev.holdfast.host.retention;

/** A round was told to end before it was done, by an interrupt of its thread: the host stops. */
final class EndedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private EndedException() {
        super("told to end");
    }

    /** To be called between two requests, so that a stop waits for one of them at the most. */
    static void throwIfInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new EndedException();
        }
    }
}
