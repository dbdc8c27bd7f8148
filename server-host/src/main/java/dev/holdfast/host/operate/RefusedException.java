package dev.holdfast.host.operate;

/** What was asked for would lose something, or change what hosts serve, and was not said to be meant; nothing has changed. */
public final class RefusedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public RefusedException(String message) {
        super(message);
    }

    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
