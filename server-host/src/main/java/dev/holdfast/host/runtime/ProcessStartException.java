package dev.holdfast.host.runtime;

/** A worker's process that cannot be started, or cannot load its model; the message says why. */
public final class ProcessStartException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean outOfMemory;

    public ProcessStartException(String message, boolean outOfMemory) {
        super(message);
        this.outOfMemory = outOfMemory;
    }

    public ProcessStartException(String message, Throwable cause) {
        super(message, cause);
        this.outOfMemory = false;
    }

    /** Whether there was no memory for it. */
    public boolean isOutOfMemory() {
        return outOfMemory;
    }
}
