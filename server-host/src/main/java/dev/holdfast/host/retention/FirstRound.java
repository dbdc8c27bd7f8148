package dev.holdfast.host.retention;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Whether a rule may remove already. The default may not before one round has told what it would remove, so that who updates
 * a host of many snapshots can still say otherwise; a rule that the operator asked for may at once.
 *
 * <p>A small file says that it was told: one for each log location, store and group.
 */
public final class FirstRound {

    private final Optional<Path> marker;

    private FirstRound(Optional<Path> marker) {
        this.marker = marker;
    }

    /** For a rule that the operator asked for: nothing needs to be told before. */
    public static FirstRound ofAskedRule() {
        return new FirstRound(Optional.empty());
    }

    /** For the default. */
    public static FirstRound markedBy(Path marker) {
        return new FirstRound(Optional.of(marker));
    }

    /** Where it cannot be seen whether it was told, it is told once more. */
    boolean isToTell() {
        return marker.isPresent() && !Files.exists(marker.get());
    }

    /** @throws UncheckedIOException if the marker cannot be written; then the next round tells it again */
    void told(String what) {
        if (!isToTell()) {
            return;
        }
        Path file = marker.orElseThrow();
        try {
            OwnFiles.createParent(file);
            OwnFiles.write(file, what + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "No old snapshot is removed, because it cannot be noted in " + file + " that this was told: " + e
                            + ". Make the file writable, or set snapshot_keep",
                    e);
        }
    }
}
