package dev.holdfast.host.cli;

/** A command that cannot do what it was asked; the message is the one line that the operator sees. Exit code 1. */
final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    CommandFailure(String message) {
        super(message);
    }

    CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
