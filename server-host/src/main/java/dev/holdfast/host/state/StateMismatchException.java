package dev.holdfast.host.state;

/** A state is undamaged, but does not fit this model or this host. */
public final class StateMismatchException extends StateException {

    private static final long serialVersionUID = 1;

    public StateMismatchException(String message) {
        super(message);
    }
}
