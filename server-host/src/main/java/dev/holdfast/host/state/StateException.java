package dev.holdfast.host.state;

/** A state cannot be stored or restored; the message says which and why. */
public sealed class StateException extends RuntimeException permits StateDamagedException, StateMismatchException {

    private static final long serialVersionUID = 1;

    StateException(String message) {
        super(message);
    }

    StateException(String message, Throwable cause) {
        super(message, cause);
    }
}
