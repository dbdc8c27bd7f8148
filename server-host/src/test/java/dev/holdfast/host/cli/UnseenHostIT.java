package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A host in another pid namespace, as in a container beside this one: its lock is taken and its notes are there, and the
 * process that they name is not to be seen.
 */
class UnseenHostIT {

    @TempDir
    private Path directory;

    private Typed typed;
    private RunFiles runFiles;
    private Path logs;
    private LockHolder host;

    @BeforeEach
    void aHostElsewhere() throws IOException {
        directory = directory.toRealPath();
        typed = new Typed(directory);
        runFiles = new RunFiles(directory.resolve("run"));
        logs = Files.createDirectories(directory.resolve("place"));
        host = LockHolder.start(logs);
        host.signAsSeenElsewhere(logs);
    }

    @AfterEach
    void endIt() {
        host.close();
    }

    @Test
    void stopSaysThatItCannotBeSeenAndNotThatNoneRuns() {
        assertThat(typed.run("--stop", "--log-location", logs.toString())).isEqualTo(1);

        assertThat(typed.out()).isEmpty();
        assertThat(typed.errLines())
                .singleElement()
                .asString()
                .contains(logs.toString(), "holdfast.lock", "pid 1", "another pid namespace", "SIGTERM");
    }

    @Test
    void stopSaysSoAlsoWhereThePlaceIsNotNamed() throws IOException {
        Path unnamed = Files.createDirectories(directory.resolve("logs"));
        try (LockHolder there = LockHolder.start(unnamed)) {
            there.signAsSeenElsewhere(unnamed);

            assertThat(typed.run("--stop")).isEqualTo(1);
            assertThat(typed.errLines()).singleElement().asString().contains(unnamed + ",", "cannot be seen from here");
        }
    }

    @Test
    void stopSaysSoAlsoFromAnotherDirectory() throws IOException {
        runFiles.write(note(logs));

        assertThat(typed.run("--stop")).isEqualTo(1);

        assertThat(typed.errLines()).singleElement().asString().contains(logs.toString(), "cannot be seen from here");
    }

    @Test
    void itIsOneOfSeveralThatMayBeMeant() throws IOException {
        runFiles.write(note(logs));
        Path others = Files.createDirectories(directory.resolve("others"));
        runFiles.write(new RunningHost(
                ProcessIdentity.current(),
                Instant.parse("2026-11-21T10:00:00Z"),
                "http://127.0.0.1:1",
                "http://127.0.0.1:1",
                "http://127.0.0.1:1",
                others,
                others.resolve("key_file.json")));

        assertThat(typed.run("--stop")).isEqualTo(1);

        assertThat(String.join("\n", typed.errLines()))
                .contains("Several hosts run", others.toString(), logs.toString());
    }

    @Test
    void snapshotsSaysSoToo() {
        assertThat(typed.run("snapshots", "list", "--log-location", logs.toString()))
                .isEqualTo(1);
        assertThat(typed.errLines()).singleElement().asString().contains("cannot be seen from here");
    }

    @Test
    void aHostThatIsReadyLeavesTheNoteOfTheOtherOne() throws IOException {
        runFiles.write(note(logs));
        Path others = Files.createDirectories(directory.resolve("others"));

        runFiles.write(note(others));

        assertThat(runFiles.unseen()).extracting(RunningHost::logLocation).containsExactly(logs);
    }

    @Test
    void aLockThatMayNotBeReadIsNotTakenForNone() throws IOException {
        Path lock = logs.resolve("holdfast.lock");
        Files.delete(lock);
        Files.createSymbolicLink(lock, lock);

        assertThat(typed.run("--stop", "--log-location", logs.toString())).isEqualTo(1);

        assertThat(typed.errLines()).singleElement().asString().contains("cannot be told", lock.toString());
    }

    @Test
    void afterItsEndNoneRuns() {
        host.close();

        assertThat(typed.run("--stop", "--log-location", logs.toString())).isZero();
        assertThat(typed.out().strip()).isEqualTo("Holdfast is not currently running.");
    }

    private static RunningHost note(Path logs) {
        return new RunningHost(
                LockHolder.elsewhere(),
                Instant.parse("2026-11-21T10:00:00Z"),
                "http://127.0.0.1:1",
                "http://127.0.0.1:1",
                "http://127.0.0.1:1",
                logs,
                logs.resolve("key_file.json"));
    }
}
