package dev.holdfast.host.journal;

/** There is no room for a snapshot, on the disk or within the bound. What was kept is not lost. */
public final class JournalFullException extends JournalException {

    private static final long serialVersionUID = 1;

    JournalFullException(String message, Throwable cause) {
        super(message, cause);
    }

    JournalFullException(String message) {
        super(message);
    }
}
