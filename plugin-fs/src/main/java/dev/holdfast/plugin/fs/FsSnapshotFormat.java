package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * The file format of {@code fs} for who keeps snapshots in files of his own, under names of his own. A hard link to a file
 * of {@code fs} is such a file too. Links are not followed. All methods may be called by several threads.
 */
public final class FsSnapshotFormat {

    private FsSnapshotFormat() {}

    /** The bytes of a snapshot's file: the text, and a last line with the header and a checksum. */
    public static byte[] encode(Snapshot snapshot) {
        return SnapshotFile.encode(snapshot, List.of());
    }

    /** The same for a snapshot that takes a file's place: it comes after all that the one before came after. */
    public static byte[] encodeInPlaceOf(Path file, Snapshot snapshot) {
        return SnapshotFile.encode(snapshot, SnapshotFile.of(file, "").after());
    }

    /**
     * The header of a file, by one small read of its end; the text is not checked.
     *
     * @throws NoSuchFileException if the file is not there
     * @throws SnapshotCorruptException if it is no regular file, or has no sound last line, as those of TorchServe have none
     * @throws dev.holdfast.sdk.StoreUnavailableException if it cannot be read now
     */
    public static SnapshotHeader header(Path file) throws IOException {
        // No group is called "": a file with a sound last line is thus one of another place, with its header.
        SnapshotFile found = SnapshotFile.of(file, "").accessible();
        if (found.state() == SnapshotFile.State.ABSENT) {
            throw new NoSuchFileException(file.toString());
        }
        SnapshotHeader header = found.header();
        if (header == null || found.state() != SnapshotFile.State.FOREIGN) {
            throw new SnapshotCorruptException("File " + file + " is no snapshot of Holdfast: it "
                    + (found.reason().isEmpty() ? "has no last line" : found.reason()));
        }
        return header;
    }

    /**
     * The snapshot of a file, checked by its size, SHA-256 and CRC-32C.
     *
     * @throws NoSuchFileException if the file is not there
     * @throws SnapshotCorruptException if it is damaged, or no snapshot that {@code fs} or {@link #encode} wrote
     * @throws SnapshotFormatTooNewException if a later version wrote it
     */
    public static Snapshot read(Path file) throws IOException {
        header(file);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new NoSuchFileException(file.toString());
        }
        return SnapshotFile.parse(file, SnapshotFile.readBounded(file))
                .orElseThrow(() -> new SnapshotCorruptException("File " + file + " is no snapshot of Holdfast"));
    }
}
