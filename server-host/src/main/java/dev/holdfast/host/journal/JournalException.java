package dev.holdfast.host.journal;

/** The journal's disk does not do what was asked; the message says which file, and what to look after. */
public sealed class JournalException extends RuntimeException permits JournalFullException {

    private static final long serialVersionUID = 1;

    JournalException(String message, Throwable cause) {
        super(message, cause);
    }

    JournalException(String message) {
        super(message);
    }
}
