package dev.holdfast.host.transfer;

import java.io.IOException;

/** Bytes that are no bundle, or a damaged one. */
public final class DamagedBundleException extends IOException {

    private static final long serialVersionUID = 1;

    DamagedBundleException(String message) {
        super(message);
    }

    DamagedBundleException(String message, Throwable cause) {
        super(message, cause);
    }
}
