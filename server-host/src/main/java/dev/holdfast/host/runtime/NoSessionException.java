package dev.holdfast.host.runtime;

/** A request that goes on with a session which is not there. */
public final class NoSessionException extends InvalidInputException {

    private static final long serialVersionUID = 1;

    public NoSessionException(String message) {
        super(message);
    }
}
