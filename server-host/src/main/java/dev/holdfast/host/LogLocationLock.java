package dev.holdfast.host;

import dev.holdfast.host.config.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The right of one host to a log location; the operating system takes it back from a process that dies. */
final class LogLocationLock implements AutoCloseable {

    private final FileChannel channel;

    private LogLocationLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the lock; makes the directory if it is not there.
     *
     * @throws ConfigException if another host has it, or the directory cannot be written to
     */
    static LogLocationLock take(Path logLocation) {
        Path file = logLocation.resolve("holdfast.lock");
        try {
            Files.createDirectories(logLocation);
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                channel.close();
                throw new ConfigException("Another host uses the log location " + logLocation
                        + "; stop it, or give this one its own with --log-location or LOG_LOCATION");
            }
            return new LogLocationLock(channel);
        } catch (IOException e) {
            throw new ConfigException("The log location " + logLocation + " cannot be written to: " + e, e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException("The lock of the log location cannot be let go of: " + e, e);
        }
    }
}
