package dev.holdfast.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a host of a test finds its models, and where it writes.
 *
 * @param store there, and empty
 * @param logs made by the host
 */
record HostDirectories(Path store, Path logs) {

    /** Side by side in a directory. */
    static HostDirectories in(Path directory) {
        try {
            return new HostDirectories(Files.createDirectories(directory.resolve("store")), directory.resolve("logs"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
