package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * File systems of our own, whose power is cut and which fill up. Needs root, loop devices and the tools; elsewhere it is
 * skipped, and says why.
 */
class RealDiskIT {

    private static final int ROUNDS = 3;

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    @ParameterizedTest
    @ValueSource(strings = {"mkfs.ext4 -q -F", "mkfs.xfs -q -f"})
    void aPowerCutLosesNothingThatWasAcknowledged(String format) throws Exception {
        Path image = temp.resolve("image");
        Path mount = Files.createDirectory(temp.resolve("mount"));
        require("truncate -s 320M " + image);
        require(format + " " + image);
        for (int round = 1; round <= ROUNDS; round++) {
            require("mount -o loop " + image + " " + mount);
            SavingProcess process = new SavingProcess(mount.resolve("config"));
            long acknowledged;
            try (process) {
                long before = process.acknowledged.get();
                await().until(() -> process.acknowledged.get() >= before + 20 || !process.isAlive());
                // Not what is acknowledged while the cut goes on: XFS lets go of what it has not written, and tells an
                // fsync that comes just then that there is nothing left to write. A machine without power tells
                // nothing.
                acknowledged = process.acknowledged.get();
                require("xfs_io -x -c shutdown " + mount);
            } finally {
                run("umount " + mount);
            }

            require("mount -o loop " + image + " " + mount);
            try (FsSnapshotSerializer serializer = open(mount.resolve("config"))) {
                long last = serializer.getLast().orElseThrow().header().revision();
                System.out.println(format + ", round " + round + ": acknowledged " + acknowledged
                        + ", there after the cut " + last);
                assertThat(last).isBetween(acknowledged, process.acknowledged.get() + 1);
                for (long revision = 1; revision <= last; revision++) {
                    assertThat(serializer.get(TestSnapshots.name(revision)).toBytes())
                            .isEqualTo(TestSnapshots.text(revision));
                }
            } finally {
                run("umount " + mount);
            }
        }
    }

    @Test
    void aFullDiskRefusesASaveLosesNothingAndRecovers() throws Exception {
        Path mount = Files.createDirectory(temp.resolve("full"));
        require("mount -t tmpfs -o size=256k,mode=700 tmpfs " + mount);
        try (FsSnapshotSerializer serializer = open(mount.resolve("config"))) {
            byte[] text = TestSnapshots.noise(50_000, 1);
            int saved = 0;
            StoreUnavailableException full = null;
            while (full == null) {
                try {
                    serializer.save(snapshot(saved + 1, text));
                    saved++;
                } catch (StoreUnavailableException e) {
                    full = e;
                }
            }

            assertThat(full).hasMessageContaining("No space left").hasMessageContaining("make room");
            assertThat(saved).isBetween(2, 5);
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(saved);
            int next = saved + 1;
            assertThatThrownBy(() -> serializer.save(snapshot(next, text)))
                    .isInstanceOf(StoreUnavailableException.class);
            serializer.delete(TestSnapshots.name(1));
            serializer.save(snapshot(next, text));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(next);
        } finally {
            run("umount " + mount);
        }
    }

    @Test
    void aFullDiskRefusesChunksAndKeepsThoseThatItHas() throws Exception {
        Path mount = Files.createDirectory(temp.resolve("full-of-chunks"));
        require("mount -t tmpfs -o size=512k,mode=700 tmpfs " + mount);
        try (FsSnapshotSerializer serializer = open(mount.resolve("config"))) {
            ChunkStore chunks = serializer.chunks().orElseThrow();
            List<String> stored = new ArrayList<>();
            StoreUnavailableException full = null;
            for (int i = 0; full == null; i++) {
                String id = String.format(Locale.ROOT, "%064x", i);
                try {
                    chunks.put(Map.of(id, TestSnapshots.noise(100_000, i)));
                    stored.add(id);
                } catch (StoreUnavailableException e) {
                    full = e;
                }
            }

            assertThat(full).hasMessageContaining("No space left").hasMessageContaining("make room");
            assertThat(chunks.list("", 100)).containsOnlyKeys(stored);
            for (int i = 0; i < stored.size(); i++) {
                assertThat(chunks.get(List.of(stored.get(i))).get(stored.get(i)))
                        .isEqualTo(TestSnapshots.noise(100_000, i));
            }
            assertThat(chunks.delete(stored.subList(0, 1), Instant.MAX)).isEqualTo(1);
            chunks.put(Map.of("f".repeat(64), TestSnapshots.noise(100_000, 99)));
        } finally {
            run("umount " + mount);
        }
    }

    @Test
    void aDirectoryMountedReadOnlyIsReadWithoutAnIndex() throws Exception {
        Path mount = Files.createDirectory(temp.resolve("read-only"));
        require("mount -t tmpfs -o size=1m,mode=700 tmpfs " + mount);
        try {
            try (FsSnapshotSerializer serializer = open(mount.resolve("config"))) {
                serializer.save(snapshot(1, TestSnapshots.text(1)));
                serializer.save(snapshot(2, TestSnapshots.text(2)));
            }
            CrashStates.delete(mount.resolve("config/.holdfast"));
            require("mount -o remount,ro " + mount);
            try (FsSnapshotSerializer serializer = open(mount.resolve("config"))) {
                assertThat(serializer.getLast().orElseThrow().header().revision())
                        .isEqualTo(2);
                assertThatThrownBy(() -> serializer.save(snapshot(3, TestSnapshots.text(3))))
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("Read-only");
            }
        } finally {
            run("umount " + mount);
        }
    }

    private static FsSnapshotSerializer open(Path directory) {
        return new FsSnapshotSerializer(directory, "default", "here", FsSnapshotSerializerFactory.bootId());
    }

    private static Snapshot snapshot(int revision, byte[] text) {
        return TestSnapshots.snapshot("default", revision, TestSnapshots.name(revision), text);
    }

    /** Runs a command, or skips the test with the reason. */
    private static void require(String command) throws Exception {
        String failure = run(command);
        if (!failure.isEmpty()) {
            System.out.println("RealDiskIT is skipped: " + failure);
            Assumptions.abort(failure);
        }
    }

    /** Empty if it went well. */
    private static String run(String command) throws Exception {
        try {
            Process process = new ProcessBuilder(List.of(command.split(" ")))
                    .redirectErrorStream(true)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            return ended && process.exitValue() == 0 ? "" : "'" + command + "' failed: " + output.strip();
        } catch (java.io.IOException e) {
            return "'" + command + "' cannot be run: " + e.getMessage();
        }
    }
}
