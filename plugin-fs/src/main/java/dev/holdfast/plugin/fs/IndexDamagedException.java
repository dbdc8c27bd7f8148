package dev.holdfast.plugin.fs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The index says what the files do not, or cannot be read; the directory is then read instead. */
final class IndexDamagedException extends IOException {

    private static final long serialVersionUID = 1;

    private final transient Optional<Path> file;

    IndexDamagedException(String message) {
        super(message);
        file = Optional.empty();
    }

    /** @param file of the index, which somebody has to mend where the next writer cannot */
    IndexDamagedException(Path file, String what, @Nullable IOException cause) {
        super(file + " " + what, cause);
        this.file = Optional.of(file);
    }

    /** The file that is of no use; empty where the index is sound and only not right any more. */
    Optional<Path> file() {
        return file;
    }
}
