package dev.holdfast.host.archive;

/** An archive that cannot be had or opened: missing, damaged, too big, or not safe; the message says which. */
public final class ArchiveException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public ArchiveException(String message) {
        super(message);
    }

    public ArchiveException(String message, Throwable cause) {
        super(message, cause);
    }
}
