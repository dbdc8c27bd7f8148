package dev.holdfast.host.common;

import java.io.IOException;

/**
 * A file or directory of the host's own was made by others, or could have been; the message names it, the reason and the cure.
 */
public final class UnsafePlaceException extends IOException {

    private static final long serialVersionUID = 1;

    UnsafePlaceException(String message) {
        super(message);
    }

    /** The message alone: it is a whole sentence, and where it is quoted its class says nothing more. */
    @Override
    @SuppressWarnings(
            "OverrideThrowableToString") // Messages quote their causes, and those of the JDK need their class.
    public String toString() {
        return String.valueOf(getMessage());
    }
}
