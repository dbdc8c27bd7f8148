package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/**
 * The right of one serializer to write into a directory: a lock of the operating system, which ends with the process,
 * however that ends, so that a stale lock is no obstacle.
 *
 * <p>Such a lock belongs to the process, and closing any descriptor of the file gives it up. Within one process a second
 * taker must therefore be refused before it opens the file. The register of what is taken is the system properties, the
 * one thing that all class loaders of a process share: the built-in {@code fs} and a dropped-in one may both be there.
 */
final class WriterLock implements AutoCloseable {

    private final String key;
    private final FileChannel channel;

    private WriterLock(String key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    /**
     * Takes the lock, or is refused at once.
     *
     * @param hidden where the lock's file lies
     * @param host this host's name, for the one who is refused
     * @throws StoreUnavailableException if another has it
     */
    static WriterLock take(Path hidden, String host) throws IOException {
        Path file = hidden.resolve("lock");
        if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
            Disk.writeInPlace(file, new byte[0], 0);
        }
        Object identity = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        String key = "dev.holdfast.plugin.fs.writer:" + (identity == null ? file.toRealPath() : identity);
        if (System.getProperties().putIfAbsent(key, host) != null) {
            throw refused(hidden);
        }
        boolean taken = false;
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw refused(hidden);
            }
            tell(hidden, host);
            taken = true;
            return new WriterLock(key, channel);
        } catch (OverlappingFileLockException e) {
            throw refused(hidden);
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                System.getProperties().remove(key);
            }
        }
    }

    /** Not in the lock's own file: whoever read it in this process would give up the lock by closing it. */
    private static void tell(Path hidden, String host) throws IOException {
        String owner = "process " + ProcessHandle.current().pid() + " of host " + host + "\n";
        Disk.writeInPlace(hidden.resolve("owner"), owner.getBytes(StandardCharsets.UTF_8), 0);
    }

    private static StoreUnavailableException refused(Path hidden) {
        String owner;
        try {
            owner = Files.readString(hidden.resolve("owner"))
                    .lines()
                    .findFirst()
                    .orElse("another process");
        } catch (IOException e) {
            owner = "another process";
        }
        return new StoreUnavailableException("Directory " + hidden.getParent() + " is being written by " + owner
                + ", and has one writer at a time: stop that one, or give this host a directory or a group of its own"
                + " (snapshot.fs.directory, snapshot_group)");
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            System.getProperties().remove(key);
        }
    }
}
