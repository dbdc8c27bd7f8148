package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Notes of hosts; this very process stands for a host that runs. */
class RunFilesTest {

    @TempDir
    private Path directory;

    private RunFiles runFiles;
    private Path logs;

    @BeforeEach
    void open() throws IOException {
        directory = directory.toRealPath();
        runFiles = new RunFiles(directory.resolve("run"));
        logs = Files.createDirectories(directory.resolve("logs"));
    }

    static RunningHost host(ProcessIdentity process, Path logs) {
        return new RunningHost(
                process,
                Instant.parse("2026-11-21T10:00:00Z"),
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8081",
                "http://127.0.0.1:8082",
                logs,
                logs.resolve("key_file.json"));
    }

    private static RunningHost alive(Path logs) {
        return host(ProcessIdentity.current(), logs);
    }

    @Test
    void aRunningHostIsFoundByItsLogLocationAndFromAnywhere() throws IOException {
        runFiles.write(alive(logs));

        assertThat(runFiles.of(logs)).contains(alive(logs));
        assertThat(runFiles.all()).containsExactly(alive(logs));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(logs.resolve("holdfast.run"))))
                .isEqualTo("rw-------");
        assertThat(find("elsewhere", false)).isEqualTo(alive(logs).toLine());
    }

    @Test
    void aLogLocationThatTheCommandLineNamesMeansNoOtherHost() throws IOException {
        runFiles.write(alive(logs));

        assertThat(find("elsewhere", true)).isEqualTo("none");
    }

    @Test
    void aLogLocationWhoseHostWasKilledMeansNoOtherHost() throws IOException {
        runFiles.write(alive(logs));
        String boot = ProcessIdentity.current().birth().replaceFirst("\\+.*", "");
        ProcessIdentity killed = new ProcessIdentity(ProcessHandle.current().pid(), boot + "+1");
        runFiles.write(host(killed, Files.createDirectories(directory.resolve("killed"))));

        assertThat(find("killed", false)).isEqualTo("none");
        assertThat(find("elsewhere", false)).isEqualTo(alive(logs).toLine());
    }

    private String find(String name, boolean named) {
        return new HostFinder(runFiles)
                .find(new LogLocation(directory.resolve(name), named), "--stop")
                .map(RunningHost::toLine)
                .orElse("none");
    }

    @Test
    void ofSeveralHostsTheOneOfTheLogLocationIsMeantElseTheyAreListed() throws IOException {
        Path others = Files.createDirectories(directory.resolve("others"));
        runFiles.write(alive(logs));
        runFiles.write(alive(others));

        assertThat(find("others", false)).isEqualTo(alive(others).toLine());
        assertThatThrownBy(() -> find("elsewhere", false))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContainingAll(logs.toString(), others.toString(), "--log-location");
    }

    @Test
    void removingLeavesTheNoteOfAnotherHost() throws IOException {
        RunningHost gone = host(new ProcessIdentity(1, "long ago"), logs);
        runFiles.write(alive(logs));

        runFiles.remove(gone);
        assertThat(runFiles.of(logs)).isPresent();

        runFiles.remove(alive(logs));
        assertThat(runFiles.of(logs)).isEmpty();
        assertThat(runFiles.all()).isEmpty();
        assertThat(logs.resolve("holdfast.run")).doesNotExist();
    }

    @Test
    void anotherProcessWithTheSameNumberIsNoHost() throws IOException {
        String boot = ProcessIdentity.current().birth().replaceFirst("\\+.*", "");
        ProcessIdentity earlier = new ProcessIdentity(ProcessHandle.current().pid(), boot + "+1");
        runFiles.write(host(earlier, logs));

        assertThat(runFiles.of(logs)).isEmpty();
        assertThat(runFiles.all()).isEmpty();
    }

    @Test
    void theNextHostSweepsUpAfterOnesThatWereKilled() throws IOException {
        String boot = ProcessIdentity.current().birth().replaceFirst("\\+.*", "");
        Path others = Files.createDirectories(directory.resolve("others"));
        runFiles.write(host(new ProcessIdentity(ProcessHandle.current().pid(), boot + "+1"), others));
        runFiles.write(host(new ProcessIdentity(7, "another boot+1"), directory.resolve("others")));
        runFiles.write(host(new ProcessIdentity(ProcessHandle.current().pid(), boot + "+1"), others));

        runFiles.write(alive(logs));

        try (var files = Files.list(directory.resolve("run"))) {
            assertThat(files).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "12345", "{}", "[]", "null", "{\"pid\": \"one\"}", "\u0000\u0000"})
    void aDamagedNoteIsNoObstacle(String text) throws IOException {
        Files.writeString(logs.resolve("holdfast.run"), text);
        assertThat(runFiles.of(logs)).isEmpty();

        runFiles.write(alive(logs));
        assertThat(runFiles.of(logs)).isPresent();
    }

    @Test
    void aNoteThatOthersCouldHaveWrittenIsNotBelieved() throws IOException {
        runFiles.write(alive(logs));
        Files.setPosixFilePermissions(logs.resolve("holdfast.run"), PosixFilePermissions.fromString("rw-rw-rw-"));

        assertThat(runFiles.of(logs)).isEmpty();
    }

    @Test
    void aNoteInAnotherPlaceThanItSaysIsNotBelieved() throws IOException {
        Path copied = Files.createDirectories(directory.resolve("copied"));
        runFiles.write(alive(logs));
        Files.copy(logs.resolve("holdfast.run"), copied.resolve("holdfast.run"));

        assertThat(runFiles.of(copied)).isEmpty();
    }

    @Test
    void aRunDirectoryThatCannotBeWrittenIsNoObstacle() throws IOException {
        Files.writeString(directory.resolve("file"), "");
        RunFiles elsewhere = new RunFiles(directory.resolve("file").resolve("run"));

        elsewhere.write(alive(logs));

        assertThat(elsewhere.of(logs)).isPresent();
        assertThat(elsewhere.all()).isEmpty();
    }

    @Test
    void aRunDirectoryThatIsNoDirectoryToReadIsNoObstacle() throws IOException {
        Files.createSymbolicLink(directory.resolve("loop"), directory.resolve("loop"));
        RunFiles elsewhere = new RunFiles(directory.resolve("loop"));

        elsewhere.write(alive(logs));

        assertThat(elsewhere.of(logs)).isPresent();
    }

    @Test
    void aLogLocationThatTakesNoNoteIsNoObstacle() throws IOException {
        Path inTheWay = Files.createDirectories(logs.resolve("holdfast.run").resolve("in-the-way"));

        runFiles.write(alive(logs));

        assertThat(inTheWay).exists();
        assertThat(runFiles.all()).containsExactly(alive(logs));
        assertThat(runFiles.of(logs)).contains(alive(logs));
    }

    @Test
    void aZombieAndAnOddProcessNameAreReadRightly() throws IOException {
        Path proc = proc();
        stat(proc, 10, "10 (a) b ( c) S 1 10 10 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n");
        stat(proc, 11, "11 (java) Z 1 11 11 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4712 0 0\n");

        assertThat(ProcessIdentity.ofLinux(10, proc)).contains(new ProcessIdentity(10, "boot+4711"));
        assertThat(ProcessIdentity.ofLinux(11, proc)).isEmpty();
        assertThat(ProcessIdentity.ofLinux(12, proc)).isEmpty();
    }

    @Test
    void aProcessWhoseLastThreadHasNotEndedIsThereAndEnds() throws IOException {
        Path proc = proc();
        stat(proc, 10, "10 (java) Z 1 10 10 0 -1 0 0 0 0 0 0 0 0 0 20 0 2 0 4711 0 0\n");
        stat(proc, 11, "11 (java) D 1 11 11 0 -1 0 0 0 0 0 0 0 0 0 20 0 17 0 4712 0 0\n");
        status(proc, 11, "0000000000000000", "0000000000004100");
        stat(proc, 12, "12 (java) S 1 12 12 0 -1 0 0 0 0 0 0 0 0 0 20 0 17 0 4713 0 0\n");
        status(proc, 12, "0000000000000100", "0000000000004200");

        assertThat(ProcessIdentity.ofLinux(10, proc)).contains(new ProcessIdentity(10, "boot+4711"));
        assertThat(ProcessIdentity.isEndingOnLinux(10, proc))
                .as("its first thread has ended")
                .isTrue();
        assertThat(ProcessIdentity.isEndingOnLinux(11, proc))
                .as("it was killed")
                .isTrue();
        assertThat(ProcessIdentity.isEndingOnLinux(12, proc))
                .as("it has other signals to take")
                .isFalse();
        assertThat(ProcessIdentity.isEndingOnLinux(13, proc))
                .as("there is none")
                .isFalse();
        assertThat(ProcessIdentity.current().isEnding()).isFalse();
    }

    /** The files of a Linux that was started as {@code boot}, without a process. */
    private Path proc() throws IOException {
        Path proc = directory.resolve("proc");
        Files.createDirectories(proc.resolve("sys/kernel/random"));
        Files.writeString(proc.resolve("sys/kernel/random/boot_id"), "boot\n");
        return proc;
    }

    private static void status(Path proc, long pid, String ofThread, String ofProcess) throws IOException {
        Files.writeString(
                proc.resolve(Long.toString(pid)).resolve("status"),
                "Name:\tjava\nSigPnd:\t" + ofThread + "\nShdPnd:\t" + ofProcess + "\nSigBlk:\t0000000000000100\n");
    }

    private static void stat(Path proc, long pid, String text) throws IOException {
        Path of = Files.createDirectories(proc.resolve(Long.toString(pid)));
        Files.writeString(of.resolve("stat"), text);
    }
}
