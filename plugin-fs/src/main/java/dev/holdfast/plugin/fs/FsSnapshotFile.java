package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One file, read by its path, wherever it lies and whatever its name: a snapshot that {@code fs} wrote, or a foreign text
 * such as a configuration file or a snapshot of TorchServe.
 */
public final class FsSnapshotFile {

    private final Optional<Snapshot> snapshot;
    private final byte[] text;

    private FsSnapshotFile(Optional<Snapshot> snapshot, byte[] text) {
        this.snapshot = snapshot;
        this.text = text;
    }

    /**
     * Reads a file; a link is followed, for the operator has named it.
     *
     * @throws NoSuchFileException if it is not there
     * @throws IOException if it cannot be read, or is a directory
     * @throws SnapshotCorruptException if it is a snapshot of {@code fs} and damaged; a text that begins as Holdfast's
     *     and has no last line of {@code fs} at all is given as foreign, for it may have been copied out
     */
    public static FsSnapshotFile read(Path file) throws IOException {
        Path real = file.toRealPath();
        byte[] content = SnapshotFile.readBounded(real);
        Optional<Snapshot> snapshot = SnapshotFile.parse(real, content);
        return new FsSnapshotFile(snapshot, snapshot.map(Snapshot::toBytes).orElse(content));
    }

    /** The snapshot with its header, checked; empty for a foreign text. */
    public Optional<Snapshot> snapshot() {
        return snapshot;
    }

    /** The text without what {@code fs} has added to it; the caller's own copy. */
    public byte[] toBytes() {
        return text.clone();
    }
}
