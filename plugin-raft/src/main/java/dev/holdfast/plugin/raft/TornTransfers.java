package dev.holdfast.plugin.raft;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a peer that was killed while it received a state has left behind.
 *
 * <pre>
 *   tmp/snapshot-…   received files; never looked at again, for a transfer begins anew
 *   sm  ─▶ sm.tmp…   the state before, moved aside   ◀── killed here, it is moved back
 *   tmp/snapshot-… ─▶ sm
 * </pre>
 */
final class TornTransfers {

    private static final Logger log = LoggerFactory.getLogger(TornTransfers.class);

    private TornTransfers() {}

    /**
     * @param state the directory of the state
     * @param received where Ratis puts what it receives
     */
    static void clean(Path state, Path received) throws IOException {
        Path root = state.toAbsolutePath().getParent();
        if (root == null) {
            throw new IOException(state + " has no directory above it");
        }
        for (Path aside : matching(root, state.getFileName() + ".tmp*")) {
            if (StateFile.all(state).isEmpty() && !StateFile.all(aside).isEmpty()) {
                log.warn("A transfer of the state was torn between two renames; {} is this peer's state again", aside);
                delete(state);
                Files.move(aside, state, StandardCopyOption.ATOMIC_MOVE);
            } else {
                delete(aside);
            }
        }
        for (Path half : matching(received, "snapshot-*")) {
            delete(half);
        }
    }

    private static List<Path> matching(Path directory, String names) throws IOException {
        List<Path> found = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, names)) {
                all.forEach(found::add);
            }
        }
        return found;
    }

    private static void delete(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            for (Path below : matching(path, "*")) {
                delete(below);
            }
        }
        Files.deleteIfExists(path);
    }
}
