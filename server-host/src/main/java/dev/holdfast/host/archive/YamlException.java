package dev.holdfast.host.archive;

/** A text is no YAML, or more of it than is read; the message says what and where, without naming the file. */
public final class YamlException extends RuntimeException {

    private static final long serialVersionUID = 1;

    YamlException(String message, Throwable cause) {
        super(message, cause);
    }

    YamlException(String message) {
        super(message);
    }
}
