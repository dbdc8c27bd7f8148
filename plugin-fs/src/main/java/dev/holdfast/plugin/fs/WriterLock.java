package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The right of one serializer to write into a directory: a lock of the operating system, which ends with the process,
 * however that ends, so that a stale lock is no obstacle.
 *
 * <p>Such a lock belongs to the process, and closing any descriptor of the file gives it up. Within one process a second
 * taker must therefore be refused before it opens the file, even to make it: by the path, and once the file is there by
 * the file, for two paths may lead to it. The register of what is taken is the system properties, the one thing that all
 * class loaders of a process share: the built-in {@code fs} and a dropped-in one may both be there.
 */
final class WriterLock implements AutoCloseable {

    private static final Logger LOG = System.getLogger(WriterLock.class.getName());
    private static final String KEY = "dev.holdfast.plugin.fs.writer:";

    private final List<String> keys;
    private final FileChannel channel;

    private WriterLock(List<String> keys, FileChannel channel) {
        this.keys = List.copyOf(keys);
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
        List<String> keys = new ArrayList<>();
        boolean taken = false;
        FileChannel channel = null;
        try {
            register(KEY + hidden.toRealPath(), keys, hidden, host);
            if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
                Disk.writeInPlace(file, new byte[0], 0);
            }
            Object identity =
                    Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            if (identity != null) {
                register(KEY + identity, keys, hidden, host);
            }
            channel = FileChannel.open(file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw refused(hidden);
            }
            tell(hidden, host);
            taken = true;
            return new WriterLock(keys, channel);
        } catch (OverlappingFileLockException e) {
            throw refused(hidden);
        } finally {
            if (!taken) {
                if (channel != null) {
                    channel.close();
                }
                keys.forEach(System.getProperties()::remove);
            }
        }
    }

    private static void register(String key, List<String> keys, Path hidden, String host) {
        if (System.getProperties().putIfAbsent(key, host) != null) {
            throw refused(hidden);
        }
        keys.add(key);
    }

    /** Not in the lock's own file: whoever read it in this process would give up the lock by closing it. */
    private static void tell(Path hidden, String host) {
        Path file = hidden.resolve("owner");
        byte[] owner = ("process " + ProcessHandle.current().pid() + " of host " + host + "\n")
                .getBytes(StandardCharsets.UTF_8);
        try {
            try {
                Disk.writeInPlace(file, owner, 0);
            } catch (IOException e) {
                // Of another user, from an earlier start.
                Files.deleteIfExists(file);
                Disk.writeInPlace(file, owner, 0);
            }
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "{0} could not be written ({1}), so who is refused by this host will not be told its name: remove"
                            + " that file",
                    file,
                    e);
        }
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
            keys.forEach(System.getProperties()::remove);
        }
    }
}
