package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.plugin.fs.Faults.Mutant;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chunk on its way, written and not yet under its id, while something else becomes of the writer. */
class ChunksBesideTheWriterTest {

    private static final String ID = "a".repeat(64);

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    private final Faults disk = new Faults(Mutant.NONE);
    private final AtomicInteger moves = new AtomicInteger();
    private final CountDownLatch moving = new CountDownLatch(1);
    private final CountDownLatch mayMove = new CountDownLatch(1);

    @AfterEach
    void letItGo() {
        mayMove.countDown();
    }

    private Path directory() {
        return temp.resolve("config");
    }

    private static FsSnapshotSerializer open(Path directory) {
        return new FsSnapshotSerializer(directory, "default", "here", "boot");
    }

    private static ChunkStore chunks(FsSnapshotSerializer of) {
        return of.chunks().orElseThrow();
    }

    private FsSnapshotSerializer openWithAPause() {
        disk.onOperation(operation -> {
            if (operation.equals("rename " + ID)) {
                moves.incrementAndGet();
                moving.countDown();
                try {
                    mayMove.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        return open(new FaultyFileSystem(disk).wrap(directory()));
    }

    private FutureTask<?> startPut(FsSnapshotSerializer serializer) throws InterruptedException {
        FutureTask<?> put = new FutureTask<>(() -> chunks(serializer).put(Map.of(ID, new byte[] {1})), true);
        new Thread(put).start();
        assertThat(moving.await(60, TimeUnit.SECONDS)).isTrue();
        return put;
    }

    /** Until it has ended or waits for another thread. */
    private static Thread startAndSettle(Runnable work) {
        Thread thread = new Thread(work);
        thread.start();
        await().until(() -> thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TERMINATED);
        return thread;
    }

    @Test
    void aCloseKeepsTheLockUntilTheChunkIsPut() throws Exception {
        FsSnapshotSerializer serializer = openWithAPause();
        FutureTask<?> put = startPut(serializer);

        Thread close = startAndSettle(serializer::close);

        try (FsSnapshotSerializer other = open(directory())) {
            assertThatThrownBy(() -> other.save(TestSnapshots.snapshot("default", 1)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("is being written by");
            mayMove.countDown();
            put.get(60, TimeUnit.SECONDS);
            close.join();
            other.save(TestSnapshots.snapshot("default", 1));
            assertThat(chunks(other).missing(List.of(ID))).isEmpty();
        }
    }

    @Test
    void aWriterThatBeginsAnewDoesNotClearTheChunkAway() throws Exception {
        try (FsSnapshotSerializer serializer = openWithAPause()) {
            // Makes the directory of chunks, after which no put changes what the index looks at.
            chunks(serializer).put(Map.of("b".repeat(64), new byte[] {2}));
            serializer.save(TestSnapshots.snapshot("default", 1));
            FutureTask<?> put = startPut(serializer);
            damageTheIndex();

            Thread save = startAndSettle(() -> serializer.save(TestSnapshots.snapshot("default", 2)));
            mayMove.countDown();
            put.get(60, TimeUnit.SECONDS);
            save.join();

            assertThat(moves).as("tries to put the chunk").hasValue(1);
            assertThat(chunks(serializer).missing(List.of(ID))).isEmpty();
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(2);
        }
    }

    @Test
    void anInterruptedPutEndsWhenItsChunksHave() throws Exception {
        try (FsSnapshotSerializer serializer = openWithAPause()) {
            FutureTask<?> put = new FutureTask<>(() -> chunks(serializer).put(Map.of(ID, new byte[] {1})), true);
            Thread thread = new Thread(put);
            thread.start();
            assertThat(moving.await(60, TimeUnit.SECONDS)).isTrue();

            thread.interrupt();

            await().until(() -> thread.getState() == Thread.State.TERMINATED
                    || (!thread.isInterrupted() && thread.getState() == Thread.State.WAITING));
            assertThat(put).isNotDone();
            mayMove.countDown();
            thread.join();
            assertThat(chunks(serializer).missing(List.of(ID))).isEmpty();
        }
    }

    private void damageTheIndex() {
        try (var files = Files.newDirectoryStream(directory().resolve(".holdfast"), "index-*")) {
            for (Path index : files) {
                byte[] bytes = Files.readAllBytes(index);
                bytes[0] ^= 1;
                Files.write(index, bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
