package dev.holdfast.host.runtime;

/** A request that the model cannot take; the message says what it wants. The caller's mistake. */
public sealed class InvalidInputException extends RuntimeException
        permits NoSessionException, TooManySessionsException {

    private static final long serialVersionUID = 1;

    public InvalidInputException(String message) {
        super(message);
    }

    public InvalidInputException(String message, Throwable cause) {
        super(message, cause);
    }
}
