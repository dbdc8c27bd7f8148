package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.JavaProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands about snapshots that are killed in their midst, and typed again. */
class KilledSnapshotCommandsIT {

    private static final int SNAPSHOTS = 400;
    private static final int STATE_BYTES = 60_000_000;

    @TempDir
    private Path directory;

    private Typed typed;

    @BeforeEach
    void type() throws IOException {
        directory = directory.toRealPath();
        typed = new Typed(directory);
    }

    private static SnapshotSerializer fs(Path logs) {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs).group("default").build());
    }

    private static StateReference store(SnapshotSerializer fs, int bytes) {
        byte[] state = new byte[bytes];
        new Random(1).nextBytes(state);
        try (StateStore store = new StateStore(fs.chunks().orElseThrow(), Codec.none(), List.of(Codec.none()), 2)) {
            return store.writer()
                    .write(GivenCapture.of(state), StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
        }
    }

    private void save(int count, int stateBytes) {
        try (SnapshotSerializer fs = fs(directory.resolve("logs"))) {
            ServingState state = ServingState.EMPTY.with(
                    "m", ServedModel.of("1.0", States.version("m.mar", 1, 1).withLearned(store(fs, stateBytes))));
            for (int revision = 1; revision <= count; revision++) {
                fs.save(SnapshotText.write(
                        States.header(revision, String.format(Locale.ROOT, "s%05d", revision), SnapshotKind.SNAPSHOT),
                        States.CONFIG,
                        state));
            }
        }
    }

    private static long count(Path files) throws IOException {
        if (!Files.isDirectory(files)) {
            return 0;
        }
        try (Stream<Path> all = Files.list(files)) {
            return all.filter(Files::isRegularFile).count();
        }
    }

    /** Starts a command, and kills it as soon as so many files are in a directory. */
    private void killed(Path directoryOfFiles, int files, String... line) throws Exception {
        ProcessBuilder builder = JavaProcess.of(Main.class, line)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("killed.out").toFile());
        // Else it finds the hosts of other tests.
        builder.environment().put("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
        Process process = builder.start();
        try {
            await().atMost(Duration.ofMinutes(2))
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> !process.isAlive() || count(directoryOfFiles) >= files);
        } finally {
            process.destroyForcibly();
            process.waitFor();
        }
    }

    @Test
    void anExportThatIsInterruptedLeavesNothing() throws Exception {
        save(1, STATE_BYTES);
        Path out = Files.createDirectory(directory.resolve("out"));
        ProcessBuilder builder = JavaProcess.interruptible(
                        Main.class,
                        "snapshots",
                        "export",
                        "latest",
                        out.resolve("x.hfb").toString())
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("interrupted.out").toFile());
        builder.environment().put("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
        Process process = builder.start();
        // Waits for a line, because a process that is started only then comes too late.
        Process killer = new ProcessBuilder("sh", "-c", "read line; kill -INT " + process.pid()).start();
        try (OutputStream toKiller = killer.getOutputStream()) {
            await().atMost(Duration.ofMinutes(2))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> !process.isAlive() || count(out) >= 1);
            toKiller.write('\n');
            toKiller.flush();
            await().atMost(Duration.ofMinutes(2)).until(() -> !process.isAlive());
            assertThat(process.exitValue())
                    .as("it was interrupted in its midst")
                    .isEqualTo(130);
        } finally {
            process.destroyForcibly();
        }
        assertThat(out).isEmptyDirectory();
    }

    @Test
    void aCopyThatIsKilledGoesOnWhereItWas() throws Exception {
        save(SNAPSHOTS, 1_000_000);
        String[] line = {"snapshots", "copy", "--from", "fs", "--to", "fs:#directory=" + directory + "/to", "--all"};
        killed(directory.resolve("to"), SNAPSHOTS / 4, line);
        long there = count(directory.resolve("to"));
        assertThat(there).as("it was killed in its midst").isBetween(1L, SNAPSHOTS - 1L);

        assertThat(typed.run(line)).as("%s", typed.errLines()).isZero();

        assertThat(typed.out()).contains("of " + SNAPSHOTS);
        assertThat(typed.run("snapshots", "verify", "--all", "--store", "fs:#directory=" + directory + "/to"))
                .as("%s", typed.out())
                .isZero();
        assertThat(typed.out()).contains(SNAPSHOTS + " snapshots");
        assertThat(typed.run(line)).isZero();
        assertThat(typed.out()).contains("Nothing to copy");
    }

    @Test
    void anImportThatIsKilledIsTypedAgain() throws Exception {
        save(1, STATE_BYTES);
        assertThat(typed.run("snapshots", "export", "latest", "x.hfb")).isZero();
        killed(
                directory.resolve("new/config/.chunks"),
                20,
                "snapshots",
                "import",
                "x.hfb",
                "--log-location",
                directory.resolve("new").toString());
        assertThat(count(directory.resolve("new/config")))
                .as("no snapshot before its chunks")
                .isZero();

        assertThat(typed.run("snapshots", "import", "x.hfb", "--log-location", "new"))
                .as("%s", typed.errLines())
                .isZero();

        assertThat(typed.run("snapshots", "verify", "--all", "--log-location", "new"))
                .as("%s", typed.out())
                .isZero();
        assertThat(typed.out()).contains("1 snapshot, 1 learned state");
    }

    @Test
    void anExportThatIsKilledLeavesNoFileUnderItsName() throws Exception {
        save(1, STATE_BYTES);
        Path out = Files.createDirectory(directory.resolve("out"));
        killed(out, 1, "snapshots", "export", "latest", out.resolve("x.hfb").toString());
        assertThat(out.resolve("x.hfb")).doesNotExist();

        assertThat(typed.run("snapshots", "export", "latest", "out/x.hfb")).isZero();
        assertThat(typed.run("snapshots", "import", "out/x.hfb", "--log-location", "new"))
                .isZero();
    }
}
