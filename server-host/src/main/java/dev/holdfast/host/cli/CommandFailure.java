package dev.holdfast.host.cli;

/** A command that cannot do what it was asked; the message is the one line that the operator sees. */
public final class CommandFailure extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int exitCode;

    public CommandFailure(String message) {
        super(message);
        this.exitCode = 1;
    }

    public CommandFailure(String message, Throwable cause) {
        super(message, cause);
        this.exitCode = 1;
    }

    /** One with an exit code of its own. */
    CommandFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    /** What the process ends with; 1 unless something else was said. */
    int exitCode() {
        return exitCode;
    }
}
