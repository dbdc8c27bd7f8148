package dev.holdfast.host.state;

/** A stored state is incomplete or is not what it was: a chunk is missing, damaged, or another one. */
public final class StateDamagedException extends StateException {

    private static final long serialVersionUID = 1;

    public StateDamagedException(String message) {
        super(message);
    }

    public StateDamagedException(String message, Throwable cause) {
        super(message, cause);
    }
}
