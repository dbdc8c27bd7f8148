package dev.holdfast.host.transfer;

import java.io.IOException;

/** Bytes that are no bundle, or a damaged one. */
public final class DamagedBundleException extends IOException {

    private static final long serialVersionUID = 1;

    public DamagedBundleException(String message) {
        super(message);
    }

    public DamagedBundleException(String message, Throwable cause) {
        super(message, cause);
    }
}
