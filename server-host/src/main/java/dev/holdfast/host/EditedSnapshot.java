package dev.holdfast.host;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.plugin.fs.FsSnapshotFile;
import dev.holdfast.plugin.fs.FsSnapshotFormat;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A snapshot that somebody has changed by hand on purpose, so that its checksums no longer fit: read as it is, and sealed
 * anew.
 */
public final class EditedSnapshot {

    private EditedSnapshot() {}

    /**
     * Seals a file anew, where it lies; it is never half written.
     *
     * @return the snapshot that it holds now; empty if its checksums are right as they are
     * @throws IOException if it cannot be read or written
     * @throws dev.holdfast.sdk.SnapshotStoreException if it is not one of Holdfast's, or what it says cannot be served; the file
     *     is left as it is
     */
    public static Optional<SnapshotHeader> accept(Path file) throws IOException {
        Path real = file.toRealPath();
        if (isSound(real)) {
            return Optional.empty();
        }
        if (Files.size(real) > Snapshot.MOST_BYTES) {
            throw new SnapshotCorruptException("File " + file + " has " + Files.size(real) + " bytes, more than the "
                    + Snapshot.MOST_BYTES + " that a snapshot may have");
        }
        String text = new String(Files.readAllBytes(real), StandardCharsets.UTF_8);
        Snapshot sealed = SnapshotText.seal("in " + file, text);
        replace(real, FsSnapshotFormat.encodeInPlaceOf(real, sealed));
        return Optional.of(sealed.header());
    }

    private static boolean isSound(Path file) throws IOException {
        try {
            FsSnapshotFile found = FsSnapshotFile.read(file);
            SnapshotText.parse(String.valueOf(file), new String(found.toBytes(), StandardCharsets.UTF_8));
            return true;
        } catch (SnapshotCorruptException e) {
            return false;
        }
    }

    private static void replace(Path file, byte[] content) throws IOException {
        Path fresh = Files.createTempFile(file.resolveSibling("").toAbsolutePath(), ".accepted", ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
                OwnFiles.writeAll(channel, content);
                channel.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
    }
}
