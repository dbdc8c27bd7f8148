package dev.holdfast.host.plugins;

import dev.holdfast.host.text.OneLine;

/** A drop-in cannot be loaded; the message says why and, where somebody can act, what to do. */
final class RejectedException extends Exception {

    private static final long serialVersionUID = 1;

    RejectedException(String reason) {
        super(OneLine.of(reason));
    }

    RejectedException(String reason, Throwable cause) {
        super(OneLine.of(reason), cause);
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
