package dev.holdfast.host.transfer;

import java.io.IOException;

/** Bytes that are no message, or no bundle; nothing of them is used. */
public final class DamagedMessageException extends IOException {

    private static final long serialVersionUID = 1;

    DamagedMessageException(String message) {
        super(message);
    }

    DamagedMessageException(String message, Throwable cause) {
        super(message, cause);
    }
}
