package dev.holdfast.host.common;

import java.io.IOException;

/** A file or directory of the host's own that others have made, or could; the message names it, the reason and the cure. */
public final class UnsafePlaceException extends IOException {

    private static final long serialVersionUID = 1;

    UnsafePlaceException(String message) {
        super(message);
    }

    /** The message alone: it is a whole sentence, and where it is quoted its class says nothing more. */
    @Override
    public String toString() {
        return getMessage();
    }
}
