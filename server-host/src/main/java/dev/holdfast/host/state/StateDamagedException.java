package dev.holdfast.host.state;

/** A stored state is incomplete or damaged: a chunk is missing, or does not match its id. */
public final class StateDamagedException extends StateException {

    private static final long serialVersionUID = 1;

    public StateDamagedException(String message) {
        super(message);
    }

    public StateDamagedException(String message, Throwable cause) {
        super(message, cause);
    }
}
