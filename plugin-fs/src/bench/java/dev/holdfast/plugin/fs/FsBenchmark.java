package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Whether opening, the last one and a page depend on how many snapshots there are.
 *
 * <p>{@code mvn -q -Pbench-fs -pl plugin-fs -am -DskipTests verify} runs it. On a busy machine compare medians of several
 * runs.
 *
 * <p>Target: 100,000 snapshots at most twice 100.
 */
@BenchmarkMode({Mode.SampleTime})
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 4, time = 2)
public class FsBenchmark {

    private static Path temporary() throws IOException {
        return Files.createTempDirectory(Path.of("target").toAbsolutePath(), "bench");
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    /** A directory with many snapshots, written without fsync. */
    @State(Scope.Thread)
    public static class Many {

        @Param({"100", "10000", "100000"})
        private int snapshots;

        private Path directory;

        @Setup(Level.Trial)
        public void fill() throws IOException {
            directory = temporary();
            for (int revision = 1; revision < snapshots; revision++) {
                Snapshot snapshot = TestSnapshots.snapshot("default", revision);
                Files.write(directory.resolve(snapshot.header().name()), SnapshotFile.encode(snapshot, List.of()));
            }
            try (FsSnapshotSerializer serializer = serializer()) {
                serializer.save(TestSnapshots.snapshot("default", snapshots));
            }
        }

        @TearDown(Level.Trial)
        public void empty() throws IOException {
            delete(directory);
        }

        FsSnapshotSerializer serializer() {
            return new FsSnapshotSerializer(directory, "default", "here", FsSnapshotSerializerFactory.bootId());
        }
    }

    @Benchmark
    public Snapshot openAndGetLast(Many many) {
        try (FsSnapshotSerializer serializer = many.serializer()) {
            return serializer.getLast().orElseThrow();
        }
    }

    @Benchmark
    public SnapshotPage openAndListOnePage(Many many) {
        try (FsSnapshotSerializer serializer = many.serializer()) {
            return serializer.list(ListRequest.firstPage(50));
        }
    }
}
