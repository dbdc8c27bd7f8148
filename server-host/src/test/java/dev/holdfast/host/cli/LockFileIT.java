package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who gets the lock of a log location that another process has. */
class LockFileIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path logs;

    @Test
    void theLockOfOneWhoEndsIsWaitedFor() throws Exception {
        try (FileChannel channel = LockFile.open(logs);
                LockHolder holder = LockHolder.start(logs)) {
            // As after a kill: what the text names runs no more, and the lock is not free yet.
            Process killed = new ProcessBuilder("sleep", "60").start();
            ProcessIdentity named = ProcessIdentity.of(killed.pid()).orElseThrow();
            killed.destroyForcibly().waitFor();
            LockFile.sign(channel, named);

            assertThat(LockFile.take(channel, logs, Duration.ZERO)).isEmpty();
            CompletableFuture<Optional<FileLock>> lock = CompletableFuture.supplyAsync(() -> take(channel));
            holder.close();

            assertThat(lock.get(1, TimeUnit.MINUTES)).isPresent();
        }
    }

    @Test
    void oneWhoGoesOnKeepsItsLockAndIsNotWaitedFor() throws Exception {
        try (FileChannel channel = LockFile.open(logs);
                LockHolder holder = LockHolder.start(logs)) {
            LockFile.sign(channel, ProcessIdentity.of(holder.process().pid()).orElseThrow());
            long begin = System.nanoTime();

            assertThat(LockFile.take(channel, logs, PATIENCE)).isEmpty();

            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(PATIENCE);
        }
    }

    @Test
    void aLookAtTheLockIsNoHost() throws Exception {
        try (FileChannel channel = LockFile.open(logs);
                LockHolder look = LockHolder.start(logs)) {
            CompletableFuture<Optional<FileLock>> lock = CompletableFuture.supplyAsync(() -> take(channel));
            look.close();

            assertThat(lock.get(1, TimeUnit.MINUTES)).isPresent();
        }
    }

    private Optional<FileLock> take(FileChannel channel) {
        try {
            return LockFile.take(channel, logs, PATIENCE);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
