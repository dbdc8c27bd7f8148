package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
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
 * What a save, the last one and a page cost, and whether that depends on how many snapshots there are.
 *
 * <p>{@code mvn -q -Pbench-jdbc -pl plugin-jdbc -am -DskipTests verify} runs it. On a busy machine compare medians of
 * several runs.
 *
 * <p>Target: 10,000 snapshots at most twice 100.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 2)
@State(Scope.Thread)
public class JdbcBenchmark {

    /** A text of about 60 KB, as a hundred models make it. */
    private static final byte[] TEXT = text();

    @Param({"sqlite", "postgresql"})
    private String database;

    @Param({"100", "10000"})
    private int snapshots;

    private SnapshotSerializer serializer;
    private long revision;

    private static byte[] text() {
        StringBuilder text = new StringBuilder();
        for (int model = 0; text.length() < 60_000; model++) {
            text.append("\"model-").append(model).append("\": {\"1.0\": {\"defaultVersion\": true, \"marName\": \"m-");
            text.append(Long.toHexString(model * 0x9E3779B97F4A7C15L)).append(".mar\", \"minWorkers\": 1}},\n");
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Setup(Level.Trial)
    public void fill() throws Exception {
        String url = database.equals("sqlite")
                ? "jdbc:sqlite:"
                        + Files.createTempDirectory(Path.of("target").toAbsolutePath(), "bench")
                                .resolve("snapshots.db")
                : Postgres.newDatabase();
        serializer = new JdbcSnapshotSerializerFactory().open(Configs.of(url, "default"));
        serializer.save(next());
        Settings settings = Settings.of(Configs.of(url, "default"));
        Dialect dialect = Dialect.of(settings.url(), settings.timeouts());
        SnapshotTable table = new SnapshotTable(settings.table(), "default", dialect);
        Codec gz = Codec.gz();
        Payload payload = Payload.of(next(), gz);
        try (Connection connection = new DriverSource(
                        Drivers.find(settings.url().database(), getClass().getClassLoader()), dialect, settings.login())
                .getConnection()) {
            connection.setAutoCommit(false);
            Deadline never = Deadline.in(Duration.ofDays(1));
            while (revision < snapshots - 1) {
                table.insert(
                        connection, List.of(new SnapshotTable.Entry(next().header(), payload)), gz.name(), never);
            }
            connection.commit();
        }
        serializer.save(next());
    }

    @TearDown(Level.Trial)
    public void close() {
        serializer.close();
    }

    private Snapshot next() {
        revision++;
        return TestSnapshots.snapshot("default", revision, TestSnapshots.name(revision), TEXT);
    }

    @Benchmark
    public void save() {
        serializer.save(next());
    }

    @Benchmark
    public Snapshot getLast() {
        return serializer.getLast().orElseThrow();
    }

    @Benchmark
    public SnapshotPage listOnePage() {
        return serializer.list(ListRequest.firstPage(50));
    }
}
