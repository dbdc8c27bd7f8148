package dev.holdfast.plugin.fs;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Reads that are tried again where a disk or a file server fails for a moment: three times within some milliseconds, for
 * somebody waits. What is not there, or not allowed, stays so.
 */
final class Patience {

    private static final int TRIES = 3;
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private Patience() {}

    static <T> T with(FsSnapshotSerializer.Work<T> reading) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return reading.run();
            } catch (NoSuchFileException | NotDirectoryException | AccessDeniedException | IndexDamagedException e) {
                throw e;
            } catch (IOException e) {
                if (tries == TRIES) {
                    throw e;
                }
                LockSupport.parkNanos(tries * PAUSE_NANOS);
            }
        }
    }
}
