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
class LockFileTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private Path logs;

    @Test
    void theLockOfOneWhoEndsIsWaitedFor() throws Exception {
        try (FileChannel channel = LockFile.open(logs);
                Holder holder = Holder.start(logs)) {
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
                Holder holder = Holder.start(logs)) {
            LockFile.sign(channel, ProcessIdentity.of(holder.process().pid()).orElseThrow());
            long begin = System.nanoTime();

            assertThat(LockFile.take(channel, logs, PATIENCE)).isEmpty();

            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(PATIENCE);
        }
    }

    private Optional<FileLock> take(FileChannel channel) {
        try {
            return LockFile.take(channel, logs, PATIENCE);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A process that has the lock until it is killed. */
    private record Holder(Process process) implements AutoCloseable {

        static Holder start(Path logs) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Main.class.getName(),
                            logs.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            Holder holder = new Holder(process);
            String said = process.inputReader().readLine();
            if (!"locked".equals(said)) {
                holder.close();
                throw new IOException("The process that was to take the lock said " + said);
            }
            return holder;
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }

    /** What runs in the process of its own. */
    static final class Main {

        private Main() {}

        public static void main(String[] arguments) throws Exception {
            try (FileChannel channel = LockFile.open(Path.of(arguments[0]));
                    FileLock lock = channel.lock()) {
                System.out.println(lock.isValid() ? "locked" : "not locked");
                Thread.currentThread().join();
            }
        }
    }
}
