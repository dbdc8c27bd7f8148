package dev.holdfast.host.cli;

/** A value on the command line that breaks its rule, found where picocli does not look. */
final class WrongLine extends RuntimeException {

    private static final long serialVersionUID = 1;

    WrongLine(String message) {
        super(message);
    }
}
