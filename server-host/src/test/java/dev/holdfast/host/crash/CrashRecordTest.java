package dev.holdfast.host.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.crash.CrashRecord.Here;
import dev.holdfast.host.crash.CrashRecord.Suspicion;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A record that is not closed is what a process leaves that ends unexpectedly. */
class CrashRecordTest {

    private static final ModelFile A = new ModelFile("a", "1.0", "a.onnx", "a".repeat(64));
    private static final ModelFile B = new ModelFile("b", "1.0", "b.onnx", "b".repeat(64));
    private static final String REPORT = """
            #
            # A fatal error has been detected by the Java Runtime Environment:
            #
            #  SIGFPE (0x8) at pc=0x00007fb4bb44c644, pid=41, tid=29644
            #
            # Problematic frame:
            # C  [libonnxruntime.so+0x104c644]
            #
            Current thread (0x00007fb4b4003c20):  JavaThread "%s" daemon [_thread_in_native, id=29644, stack(0x00,0x01)]
            """;

    @RegisterExtension
    final LogLines log = new LogLines(CrashRecord.class);

    @TempDir
    private Path directory;

    private Path logs;
    private Path started;

    @BeforeEach
    void places() throws IOException {
        logs = Files.createDirectories(directory.resolve("logs"));
        started = Files.createDirectories(directory.resolve("started in"));
    }

    @Test
    void aFirstStartKnowsNothing() {
        CrashRecord record = open(1);

        assertThat(record.suspicion(A)).isEqualTo(Suspicion.CLEAR);
        assertThat(record.notices()).isEmpty();
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void whatWasBeingLoadedIsSuspectAndWhatWasLoadedIsNot() {
        CrashRecord record = open(1);
        record.loading(A);
        record.loading(B).close();

        CrashRecord next = open(2);

        assertThat(next.suspicion(A)).isEqualTo(Suspicion.SUSPECT);
        assertThat(next.suspicion(B)).isEqualTo(Suspicion.CLEAR);
    }

    @Test
    void theReportIsFoundInTheLogLocationAndNamed() throws IOException {
        open(41).loading(A);
        Path report = report(logs, 41, "load-a-1.0");

        CrashRecord next = open(42);

        assertThat(next.notices().get(0))
                .isEqualTo("The host before, process 41, ended unexpectedly: SIGFPE in libonnxruntime.so, crash report "
                        + report);
        assertThat(log.warnings()).hasSize(2);
    }

    @Test
    void theReportIsFoundWhereTheProcessWasStartedToo() throws IOException {
        open(41).loading(A);
        Path report = report(started, 41, "load-a-1.0");

        assertThat(open(42).notices().get(0)).endsWith("crash report " + report);
    }

    @Test
    void theReportOfAnOlderProcessWithTheSameNumberIsNotTakenForThisOnes() throws IOException {
        Path report = report(logs, 41, "load-a-1.0");
        Files.setLastModifiedTime(report, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
        open(41).loading(A);

        assertThat(open(42).notices()).singleElement().asString().contains("killed, or ended without a crash report");
    }

    @Test
    void theSecondCrashAccusesOverStartsAndOrderlyStopsUntilTheOperatorsCall() throws IOException {
        crash(41);
        CrashRecord second = open(42);
        second.loading(A);
        report(logs, 42, "load-a-1.0");

        CrashRecord third = open(43);
        assertThat(third.suspicion(A)).isEqualTo(Suspicion.ACCUSED);
        assertThat(third.accusation(A)).contains("model a version 1.0 was being loaded", A.sha256(), "/models/a/retry");
        third.serves((model, version) -> true);
        third.close();

        CrashRecord fourth = open(44);
        assertThat(fourth.suspicion(A)).isEqualTo(Suspicion.ACCUSED);
        fourth.tryOnceMore(A);
        fourth.loading(A).close();
        fourth.loaded(A);
        assertThat(fourth.suspicion(A)).isEqualTo(Suspicion.CLEAR);
    }

    @Test
    void aRunThatEndsTheProcessIsKnown() throws IOException {
        CrashRecord record = open(41);
        Runs runs = record.runs(A);
        runs.begin().ended(true);
        runs.begin();
        record.runs(B).begin().ended(true);
        report(logs, 41, "worker-a-1.0-9001");

        CrashRecord next = open(42);

        assertThat(next.suspicion(A)).isEqualTo(Suspicion.SUSPECT);
        assertThat(next.suspicion(B)).isEqualTo(Suspicion.CLEAR);
        next.loaded(A);
        assertThat(next.suspicion(A)).as("to be loaded proves nothing").isEqualTo(Suspicion.SUSPECT);
    }

    @Test
    void anOrderlyEndWithRunsThatHangSuspectsNobody() {
        CrashRecord record = open(1);
        record.serves((model, version) -> true);
        record.runs(A).begin();
        record.close();

        assertThat(open(2).suspicion(A)).isEqualTo(Suspicion.CLEAR);
    }

    @Test
    void aStartThatIsToldToEndSuspectsNobody() {
        open(1).loading(A);
        CrashRecord.givenUp(logs);

        CrashRecord next = open(2);

        assertThat(next.suspicion(A)).isEqualTo(Suspicion.CLEAR);
        assertThat(next.notices()).isEmpty();
    }

    @Test
    void afterAPowerCutAllThatWasPlannedIsLoadedWithCare() {
        CrashRecord record = open(1);
        record.planned(List.of(A, B));

        CrashRecord next = CrashRecord.open(logs, new Here(2, "another boot", started), Clock.systemUTC());

        assertThat(next.suspicion(A)).isEqualTo(Suspicion.SUSPECT);
        assertThat(next.suspicion(B)).isEqualTo(Suspicion.SUSPECT);
    }

    @Test
    void aSuspectThatIsNotToBeServedIsForgotten() {
        CrashRecord first = open(1);
        first.loading(A);
        first.loading(B);
        CrashRecord second = open(2);

        second.serves((model, version) -> model.equals(B.model()));

        assertThat(second.notices()).hasSize(2);
        assertThat(second.notices().get(0))
                .startsWith("Model a version 1.0 (archive ")
                .contains(") was being loaded when this host ended unexpectedly (")
                .endsWith("); it is not among the models to be served, and is not loaded");
        assertThat(second.notices().get(1)).endsWith("); it is loaded after all others, alone");
        assertThat(open(3).suspicion(A)).isEqualTo(Suspicion.CLEAR);
    }

    @Test
    void hundredsOfModelsAndRunsAtOnceAreNoted() {
        CrashRecord record = open(1);
        List<ModelFile> files = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            ModelFile file = new ModelFile("m" + i, "1.0", "m.onnx", "a".repeat(64));
            files.add(file);
            record.runs(file).begin();
        }

        CrashRecord next = open(2);

        assertThat(files).allMatch(file -> next.suspicion(file) == Suspicion.SUSPECT);
    }

    @Test
    void theRecordDoesNotGrowWithTheNumberOfLoadsAndRuns() throws IOException {
        CrashRecord record = open(1);
        for (int i = 0; i < 2000; i++) {
            record.loading(A).close();
            Runs runs = record.runs(A);
            runs.begin().ended(true);
            runs.close();
        }

        assertThat(Files.size(logs.resolve("crash/work"))).isLessThanOrEqualTo(32 << 10);
    }

    @Test
    void filesThatADiskHasDamagedAccuseNobodyAndStopNoStart() throws IOException {
        crash(41);
        Path work = logs.resolve("crash/work");
        byte[] bytes = Files.readAllBytes(work);
        for (int i = 0; i < bytes.length; i += 7) {
            bytes[i] ^= 0x55;
        }
        Files.write(work, bytes);
        Files.writeString(logs.resolve("crash/suspects"), "accused\tload\t1\tx\n\0\0\naccused\t../x\n");

        CrashRecord next = open(42);

        assertThat(next.suspicion(A)).isEqualTo(Suspicion.CLEAR);
        assertThat(log.warnings()).hasSize(3).allMatch(line -> line.contains("damaged and passed over"));
    }

    @Test
    void aLogLocationThatCannotBeWrittenToCostsTheRecordAlone() throws IOException {
        Files.writeString(logs.resolve("crash"), "a file in the way");

        CrashRecord record = open(1);
        record.loading(A).close();
        record.runs(A).begin().ended(true);
        record.planned(List.of(A)).close();

        assertThat(record.suspicion(A)).isEqualTo(Suspicion.CLEAR);
        assertThat(log.warnings()).singleElement().asString().contains("cannot be written");
        record.close();
    }

    @Test
    void aJvmThatOnlyRanOutOfMemoryIsNoCrashOfAModel() {
        CrashReport report = CrashReport.of(Path.of("r"), """
                #
                # There is insufficient memory for the Java Runtime Environment to continue.
                # Native memory allocation (mmap) failed to map 1024 bytes
                #  Out of Memory Error (os_linux.cpp:2798), pid=1, tid=2
                """);

        assertThat(report.isFault()).isFalse();
    }

    private void crash(long pid) throws IOException {
        open(pid).loading(A);
        report(logs, pid, "load-a-1.0");
    }

    private CrashRecord open(long pid) {
        return CrashRecord.open(logs, new Here(pid, "boot", started), Clock.systemUTC());
    }

    private static Path report(Path place, long pid, String thread) throws IOException {
        return Files.writeString(place.resolve("hs_err_pid" + pid + ".log"), REPORT.formatted(thread));
    }
}
