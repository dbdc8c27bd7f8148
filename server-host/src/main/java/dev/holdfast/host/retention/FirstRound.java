package dev.holdfast.host.retention;

import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Whether a rule may remove snapshots yet. A rule that the operator set may at once. The default rule first logs in one round
 * what it would remove, so that an operator who updates a host with many snapshots can still change the rule.
 *
 * <p>A small marker file, one for each log location, store and group, says that this was logged.
 */
public final class FirstRound {

    private final Optional<Path> marker;

    private FirstRound(Optional<Path> marker) {
        this.marker = marker;
    }

    /** For a rule that the operator set: it may remove at once. */
    public static FirstRound ofAskedRule() {
        return new FirstRound(Optional.empty());
    }

    /** For the default. */
    public static FirstRound markedBy(Path marker) {
        return new FirstRound(Optional.of(marker));
    }

    /** If the marker cannot be read, it is logged once more. */
    boolean isToTell() {
        return marker.isPresent() && !Files.exists(marker.get());
    }

    /** @throws UncheckedIOException if the marker cannot be written; the next round then logs it again */
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
