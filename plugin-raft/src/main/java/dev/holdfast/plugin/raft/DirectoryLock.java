package dev.holdfast.plugin.raft;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The right of one process to be the peer of a directory: a lock of the operating system, which ends with the process.
 *
 * <p>Closing any descriptor of the file gives it up, so a second taker of the same process is refused before it opens the
 * file. The register of what is taken is the system properties, which all class loaders of a process share.
 */
final class DirectoryLock implements AutoCloseable {

    private static final String KEY = "dev.holdfast.plugin.raft.peer:";

    private final String key;
    private final FileChannel channel;

    private DirectoryLock(String key, FileChannel channel) {
        this.key = key;
        this.channel = channel;
    }

    /** @return empty if another has it */
    static Optional<DirectoryLock> take(Path directory) throws IOException {
        String key = KEY + directory.toRealPath();
        if (System.getProperties().putIfAbsent(key, "taken") != null) {
            return Optional.empty();
        }
        FileChannel channel = null;
        boolean taken = false;
        try {
            channel = FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            taken = lock != null;
            return taken ? Optional.of(new DirectoryLock(key, channel)) : Optional.empty();
        } catch (OverlappingFileLockException e) {
            return Optional.empty();
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                System.getProperties().remove(key);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        System.getProperties().remove(key);
    }
}
