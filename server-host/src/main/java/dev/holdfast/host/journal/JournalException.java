package dev.holdfast.host.journal;

/** The journal's disk failed; the message says which file, and what to check. */
public sealed class JournalException extends RuntimeException permits JournalFullException {

    private static final long serialVersionUID = 1;

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }

    JournalException(String message) {
        super(message);
    }
}
