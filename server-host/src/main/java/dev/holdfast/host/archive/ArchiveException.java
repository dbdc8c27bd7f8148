package dev.holdfast.host.archive;

/** An archive that cannot be found, fetched or opened; the reason says what failed, the message what to do. */
public final class ArchiveException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** What stands in the way, for a program to act on. */
    public enum Reason {
        /** There is no such archive. */
        NOT_FOUND,
        /** The location is one that this host may not read: outside the store, or a URL that the operator did not allow. */
        NOT_ALLOWED,
        /** The archive is damaged, contradicts itself, or holds names that are not safe. */
        INVALID,
        /** The archive, or what it unpacks to, is over a limit. */
        TOO_BIG,
        /** The server that a URL names did not deliver. */
        UNREACHABLE,
        /** The store has a file of that name already, and fetching never replaces one. */
        ALREADY_EXISTS,
        /** This host's own disc failed; neither the caller nor the archive is at fault. */
        FAILED
    }

    private final Reason reason;

    /** A damaged archive. */
    public ArchiveException(String message) {
        this(Reason.INVALID, message);
    }

    /** A damaged archive. */
    public ArchiveException(String message, Throwable cause) {
        this(Reason.INVALID, message, cause);
    }

    public ArchiveException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public ArchiveException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
