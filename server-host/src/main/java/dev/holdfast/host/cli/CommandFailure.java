package dev.holdfast.host.cli;

/** A command that cannot do what it was asked; the message is the one line that the operator sees. Exit code 1. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    public CommandFailure(String message) {
        super(message);
    }

    public CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
