package dev.holdfast.plugin.fs;

import java.util.Locale;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What a durable save costs above the bare system calls on the same bytes, about 60 KB as a hundred models make them. The two
 * take turns, save by save: a disk has moods that last for seconds, and what is measured one after the other compares them.
 * Prints a table; asserts nothing.
 *
 * <p>{@code mvn -q -Pbench-fs -pl plugin-fs -am -DskipTests verify} runs it. Target: at most 1.3 times the bare one.
 */
public final class SaveBenchmark {

    private static final int ROUNDS = 6;
    private static final int SAVES = 4000;
    private static final byte[] TEXT = TestSnapshots.noise(60_000, 1);

    private long revision;

    private SaveBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "bench");
        try {
            new SaveBenchmark().measure(directory);
        } finally {
            try (var files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private void measure(Path directory) throws IOException {
        Path bare = Files.createDirectory(directory.resolve("bare"));
        System.out.println("a durable save, p50      fs      bare     ratio");
        for (int round = 0; round < ROUNDS; round++) {
            Path saved = directory.resolve("fs" + round);
            long[] ours = new long[SAVES];
            long[] theirs = new long[SAVES];
            try (FsSnapshotSerializer serializer =
                    new FsSnapshotSerializer(saved, "default", "here", FsSnapshotSerializerFactory.bootId())) {
                for (int i = 0; i < SAVES; i++) {
                    Snapshot snapshot = next();
                    long begin = System.nanoTime();
                    serializer.save(snapshot);
                    ours[i] = System.nanoTime() - begin;
                    snapshot = next();
                    begin = System.nanoTime();
                    bareSave(bare, snapshot);
                    theirs[i] = System.nanoTime() - begin;
                }
            }
            Arrays.sort(ours);
            Arrays.sort(theirs);
            double ratio = (double) ours[SAVES / 2] / theirs[SAVES / 2];
            System.out.printf(Locale.ROOT, 
                    "%s %13.2f ms %6.2f ms %7.2f%n",
                    round == 0 ? "warm-up    " : "round " + round + "    ",
                    ours[SAVES / 2] / 1e6,
                    theirs[SAVES / 2] / 1e6,
                    ratio);
        }
    }

    private Snapshot next() {
        revision++;
        return TestSnapshots.snapshot("default", revision, TestSnapshots.name(revision), TEXT);
    }

    /** The least that makes a new file durable: write, fsync, rename, fsync of the directory. */
    private static void bareSave(Path directory, Snapshot snapshot) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(SnapshotFile.encode(snapshot, List.of()));
        Path temp = directory.resolve(".temp");
        try (FileChannel file =
                FileChannel.open(temp, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (bytes.hasRemaining()) {
                file.write(bytes);
            }
            file.force(true);
        }
        Files.move(temp, directory.resolve(snapshot.header().name()), StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel entries = FileChannel.open(directory, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }
}
