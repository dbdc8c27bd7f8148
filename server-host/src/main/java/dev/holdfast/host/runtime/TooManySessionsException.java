package dev.holdfast.host.runtime;

/** A request that would begin a session where there are as many as there may be: not its fault, and not for ever. */
public final class TooManySessionsException extends InvalidInputException {

    private static final long serialVersionUID = 1;

    public TooManySessionsException(String message) {
        super(message);
    }
}
