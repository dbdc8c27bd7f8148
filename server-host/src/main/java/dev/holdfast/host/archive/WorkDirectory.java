package dev.holdfast.host.archive;

import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where archives are unpacked.
 *
 * <pre>
 *   host-ID.lock   locked while the host lives; its lock falls when the host is killed
 *   host-ID/       private to the host
 *     UUID.part/     being unpacked
 *     UUID/          whole
 * </pre>
 *
 * <p>The lock is made before the directory and removed after it, so a directory whose lock is free or gone belongs to
 * nobody, and hosts may share one work directory.
 */
final class WorkDirectory implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WorkDirectory.class);
    private static final Pattern OURS = Pattern.compile("host-[0-9a-f-]{36}(\\.lock)?");
    private static final String LOCK = ".lock";

    private final Path root;
    private @Nullable Path mine;
    private @Nullable FileChannel lock;

    WorkDirectory(Path root) {
        this.root = root.toAbsolutePath().normalize();
    }

    /** A new, empty directory to unpack into. */
    Path directory() {
        return root;
    }

    synchronized Path stage() throws IOException {
        if (mine == null) {
            mine = claim();
        }
        Path staged = mine.resolve(UUID.randomUUID() + ".part");
        OwnFiles.createDirectory(staged);
        return staged;
    }

    /** Gives a staged directory its final name, now that it is whole. */
    Path publish(Path staged) throws IOException {
        String name = staged.getFileName().toString();
        Path whole = staged.resolveSibling(name.substring(0, name.length() - ".part".length()));
        return Files.move(staged, whole, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Removes what hosts that no longer live have left. */
    synchronized void clean() throws IOException {
        if (!Files.isDirectory(root)) {
            return;
        }
        int removed = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (OURS.matcher(name).matches() && !name.endsWith(LOCK) && isAbandoned(entry)) {
                    FileTrees.delete(entry);
                    Files.deleteIfExists(lockOf(entry));
                    removed++;
                }
            }
        }
        if (removed > 0) {
            LOG.info(
                    "Removed the unpacked archives of {} from {}",
                    removed == 1 ? "an earlier host" : removed + " earlier hosts",
                    root);
        }
    }

    /** Removes this host's own directory. */
    @Override
    public synchronized void close() throws IOException {
        if (mine == null) {
            return;
        }
        FileTrees.delete(mine);
        Files.deleteIfExists(lockOf(mine));
        if (lock != null) {
            lock.close();
        }
        mine = null;
    }

    private Path claim() throws IOException {
        OwnFiles.createDirectories(root);
        Path directory = root.resolve("host-" + UUID.randomUUID());
        FileChannel channel = OwnFiles.open(lockOf(directory), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() == null) {
                throw new IOException("Cannot lock " + lockOf(directory));
            }
            OwnFiles.createDirectory(directory);
        } catch (IOException e) {
            channel.close();
            Files.deleteIfExists(lockOf(directory));
            throw e;
        }
        lock = channel;
        return directory;
    }

    private static boolean isAbandoned(Path directory) throws IOException {
        try (FileChannel channel = OwnFiles.open(lockOf(directory), StandardOpenOption.WRITE);
                FileLock free = channel.tryLock()) {
            return free != null;
        } catch (OverlappingFileLockException e) {
            return false;
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    private static Path lockOf(Path directory) {
        return directory.resolveSibling(directory.getFileName() + LOCK);
    }
}
