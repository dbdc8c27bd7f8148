package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGKILL of a process while it saves: the lock is free at once, and nothing acknowledged is lost. */
class KilledWriterIT {

    private static final int ROUNDS = 20;

    @TempDir
    private Path temp;

    @Test
    void aKilledWriterLosesNothingAndLeavesNoLock() throws Exception {
        long seed = System.nanoTime();
        System.out.println("KilledWriterIT seed " + seed);
        Random random = new Random(seed);
        Path directory = temp.resolve("config");
        for (int round = 1; round <= ROUNDS; round++) {
            long before = last(directory);
            SavingProcess process = new SavingProcess(directory);
            try (process) {
                await().until(() -> process.acknowledged.get() >= before + 2 || !process.isAlive());
                // Somewhere in the middle of what comes next.
                await().pollDelay(Duration.ofNanos(random.nextInt(20_000_000))).until(() -> true);
            }

            long acknowledged = process.acknowledged.get();
            try (FsSnapshotSerializer serializer = open(directory)) {
                long last = serializer.getLast().orElseThrow().header().revision();
                assertThat(last).as("round %d", round).isBetween(acknowledged, acknowledged + 1);
                assertThat(acknowledged).isGreaterThan(before);
                serializer.save(TestSnapshots.snapshot("default", last + 1));
                List<SnapshotHeader> listed =
                        serializer.list(ListRequest.firstPage(1000)).headers();
                assertThat(listed.get(0).revision()).isEqualTo(last + 1);
                assertThat(listed).hasSize((int) Math.min(1000, last + 1));
            }
            try (var left = Files.list(directory.resolve(".holdfast"))) {
                assertThat(left.map(file -> file.getFileName().toString())).noneMatch(name -> name.startsWith("temp-"));
            }
        }
    }

    private static long last(Path directory) {
        try (FsSnapshotSerializer serializer = open(directory)) {
            return serializer.getLast().map(one -> one.header().revision()).orElse(0L);
        }
    }

    private static FsSnapshotSerializer open(Path directory) {
        return new FsSnapshotSerializer(directory, "default", "here", FsSnapshotSerializerFactory.bootId());
    }
}
