package dev.holdfast.plugin.fs;

import java.io.IOException;

/** The index says what the files do not; the directory is then read instead. */
final class IndexDamagedException extends IOException {

    private static final long serialVersionUID = 1;

    IndexDamagedException(String message) {
        super(message);
    }
}
