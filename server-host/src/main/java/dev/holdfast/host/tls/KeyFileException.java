package dev.holdfast.host.tls;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A file with a certificate or a key cannot be used; the message names its configuration key, the file and what is wrong. */
final class KeyFileException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param problem what the file has or is, as the rest of a sentence */
    KeyFileException(String key, Path file, String problem) {
        super(key + " " + OneLine.name(file.toString()) + " " + problem);
    }

    KeyFileException(String message) {
        super(message);
    }

    static KeyFileException unreadable(String key, Path file, IOException e) {
        return new KeyFileException(
                key, file, e instanceof NoSuchFileException ? "is not there" : "cannot be read: " + OneLine.of(e));
    }
}
