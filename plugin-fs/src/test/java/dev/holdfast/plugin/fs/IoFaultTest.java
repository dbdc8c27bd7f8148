package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.holdfast.plugin.fs.Faults.Mutant;
import dev.holdfast.plugin.fs.Faults.Way;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every operation of a save, a removal and a read fails once: the n-th, for n from 1 until none fails any more. */
class IoFaultTest {

    /** Kept, for java.util.logging forgets a logger that nobody holds. */
    private static final Logger QUIET = Logger.getLogger("dev.holdfast.plugin.fs");

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    @BeforeAll
    static void beQuiet() {
        QUIET.setLevel(Level.OFF);
    }

    @AfterAll
    static void beLoud() {
        QUIET.setLevel(null);
    }

    @ParameterizedTest
    @CsvSource({
        "BEFORE, Input/output error",
        "AFTER, Input/output error",
        "FROM_THEN_ON, Input/output error",
        "BEFORE, No space left on device",
        "FROM_THEN_ON, No space left on device"
    })
    void aSaveThatMeetsAFaultIsWholeOrAbsentAndTheSameSaveAgainSettlesIt(Way way, String message) throws Exception {
        int faults = 0;
        for (int n = 1; ; n++) {
            Path directory =
                    Files.createDirectories(temp.resolve(way + "-" + n)).resolve("config");
            Snapshot second = TestSnapshots.snapshot("default", 2);
            try (FsSnapshotSerializer before = open(directory)) {
                before.save(TestSnapshots.snapshot("default", 1));
            }
            Faults disk = new Faults(Mutant.NONE);
            FsSnapshotSerializer serializer = open(new FaultyFileSystem(disk).wrap(directory));

            disk.failAt(n, way, message);
            Throwable failure = catchThrowable(() -> serializer.save(second));
            String fired = disk.fired();

            assertOldOrNew(directory, second, failure, "fault " + n + " at " + fired);
            disk.heal();
            serializer.save(second);
            serializer.save(TestSnapshots.snapshot("default", 3));
            serializer.close();
            assertRevisions(directory, 3L, 2L, 1L);
            assertThat(leftovers(directory)).as("after fault at " + fired).isEmpty();
            if (fired.isEmpty()) {
                break;
            }
            faults++;
        }
        assertThat(faults).as("operations that were failed").isGreaterThan(15);
    }

    private static void assertOldOrNew(Path directory, Snapshot second, Throwable failure, String what) {
        try (FsSnapshotSerializer reader = open(directory)) {
            Snapshot last = reader.getLast().orElseThrow();
            if (failure == null) {
                assertThat(last.toBytes()).as(what).isEqualTo(second.toBytes());
                return;
            }
            assertThat(failure).as(what).isInstanceOf(StoreUnavailableException.class);
            assertThat(last.header().revision()).as(what).isBetween(1L, 2L);
            assertThat(last.toBytes())
                    .isEqualTo(TestSnapshots.text(last.header().revision()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aReadThatMeetsAFaultIsRightOrUnavailable(Way way) throws Exception {
        Path directory = temp.resolve("config");
        try (FsSnapshotSerializer before = open(directory)) {
            for (int revision = 1; revision <= 3; revision++) {
                before.save(TestSnapshots.snapshot("default", revision));
            }
        }
        boolean fired = true;
        for (int n = 1; fired; n++) {
            Faults disk = new Faults(Mutant.NONE);
            FsSnapshotSerializer serializer = open(new FaultyFileSystem(disk).wrap(directory));
            disk.failAt(n, way, "Input/output error");

            Throwable failure = catchThrowable(() -> {
                assertThat(serializer.getLast().orElseThrow().header().revision())
                        .isEqualTo(3);
                assertThat(serializer.list(ListRequest.firstPage(10)).headers())
                        .as("what can be listed, which is not nothing")
                        .hasSizeBetween(way == Way.FROM_THEN_ON ? 1 : 3, 3);
            });

            fired = !disk.fired().isEmpty();
            if (way != Way.FROM_THEN_ON) {
                assertThat(failure)
                        .as("what fails once, at " + disk.fired() + ", is tried again")
                        .isNull();
            } else if (failure != null) {
                assertThat(failure).as("fault at " + disk.fired()).isInstanceOf(StoreUnavailableException.class);
            }
            disk.heal();
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aRemovalThatMeetsAFaultIsDoneOrNot(Way way) throws Exception {
        boolean fired = true;
        for (int n = 1; fired; n++) {
            Path directory =
                    Files.createDirectories(temp.resolve("delete-" + n)).resolve("config");
            Faults disk = new Faults(Mutant.NONE);
            FsSnapshotSerializer serializer = open(new FaultyFileSystem(disk).wrap(directory));
            for (int revision = 1; revision <= 3; revision++) {
                serializer.save(TestSnapshots.snapshot("default", revision));
            }
            disk.failAt(n, way, "Input/output error");

            Throwable failure = catchThrowable(() -> serializer.delete(TestSnapshots.name(3)));

            fired = !disk.fired().isEmpty();
            assertThat(failure == null || failure instanceof StoreUnavailableException)
                    .as("%s at %s", failure, disk.fired())
                    .isTrue();
            disk.heal();
            serializer.delete(TestSnapshots.name(3));
            serializer.close();
            assertRevisions(directory, 2L, 1L);
        }
    }

    private static FsSnapshotSerializer open(Path directory) {
        return new FsSnapshotSerializer(directory, "default", "here", "boot");
    }

    private static void assertRevisions(Path directory, Long... revisions) {
        try (FsSnapshotSerializer reader = open(directory)) {
            assertThat(reader.list(ListRequest.firstPage(10)).headers())
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(revisions);
            assertThat(reader.getLast().orElseThrow().header().revision()).isEqualTo(revisions[0]);
        }
    }

    private static List<Path> leftovers(Path directory) throws Exception {
        try (var files = Files.list(directory.resolve(".holdfast"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("temp-"))
                    .toList();
        }
    }
}
