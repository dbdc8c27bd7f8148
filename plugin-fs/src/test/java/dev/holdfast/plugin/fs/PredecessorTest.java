package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.plugin.fs.Faults.Mutant;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a snapshot follows, where the files say it or do not. */
class PredecessorTest {

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    private Path directory() {
        return temp.resolve("config");
    }

    private FsSnapshotSerializer open() {
        return new FsSnapshotSerializer(directory(), "default", "here", "boot");
    }

    private static Snapshot following(String saveId, long revision) {
        return Snapshot.create(TestSnapshots.header("default", revision).follows(saveId), TestSnapshots.text(revision));
    }

    @Test
    void aSaveThatSaysWhatItFollowsReadsNothingMore() {
        Faults disk = new Faults(Mutant.NONE);
        try (FsSnapshotSerializer serializer =
                new FsSnapshotSerializer(new FaultyFileSystem(disk).wrap(directory()), "default", "here", "boot")) {
            Snapshot first = TestSnapshots.snapshot("default", 1);
            serializer.save(first);
            List<String> plain = operations(disk, () -> serializer.save(TestSnapshots.snapshot("default", 2)));
            Snapshot third = TestSnapshots.snapshot("default", 3);
            serializer.save(third);

            List<String> following = operations(
                    disk, () -> serializer.save(following(third.header().saveId(), 4)));

            assertThat(following).hasSameSizeAs(plain);
            assertThat(following)
                    .doesNotContain(
                            "open " + TestSnapshots.name(3),
                            "open " + first.header().name());
        }
    }

    private static List<String> operations(Faults disk, Runnable work) {
        List<String> operations = new ArrayList<>();
        disk.onOperation(operations::add);
        work.run();
        disk.onOperation(any -> {});
        return operations;
    }

    @Test
    void theRefusalNamesTheSnapshotWhatItFollowsAndTheNewest() {
        Snapshot newest = TestSnapshots.snapshot("default", 8);
        try (FsSnapshotSerializer serializer = open()) {
            serializer.save(newest);
        }
        try (FsSnapshotSerializer serializer = open()) {
            assertThatThrownBy(() -> serializer.save(following("id-of-ten", 11)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessage(
                            "Snapshot " + TestSnapshots.name(11) + " follows save-id id-of-ten, and the last one in "
                                    + directory() + " is " + newest.header().name() + " of revision 8, save-id "
                                    + newest.header().saveId());
        }
    }

    @Test
    void aNewestFileThatWasReplacedByHandIsTheOneThatCounts() throws IOException {
        Snapshot second = TestSnapshots.snapshot("default", 2);
        Path kept = temp.resolve("kept");
        try (FsSnapshotSerializer serializer = open()) {
            serializer.save(TestSnapshots.snapshot("default", 1));
            serializer.save(second);
        }
        Path file = directory().resolve(second.header().name());
        Files.move(file, kept);
        try (FsSnapshotSerializer serializer = open()) {
            Snapshot other = Snapshot.create(TestSnapshots.header("default", 2).name("other"), TestSnapshots.text(2));
            serializer.save(other);
            Files.delete(directory().resolve("other"));
            Files.move(kept, file);

            assertThatThrownBy(() -> serializer.save(following(other.header().saveId(), 3)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining(second.header().saveId());
            serializer.save(following(second.header().saveId(), 3));
        }
    }

    @Test
    void whereTheLastLineOfTheNewestIsDamagedTheRevisionAloneDecides() throws IOException {
        for (boolean index : List.of(true, false)) {
            try (FsSnapshotSerializer serializer = open()) {
                serializer.save(TestSnapshots.snapshot("default", 1));
                serializer.save(TestSnapshots.snapshot("default", 2));
            }
            Path newest = directory().resolve(TestSnapshots.name(2));
            byte[] bytes = Files.readAllBytes(newest);
            bytes[bytes.length - 20] ^= 1;
            Files.write(newest, bytes);
            if (!index) {
                CrashStates.delete(directory().resolve(".holdfast"));
            }

            try (FsSnapshotSerializer serializer = open()) {
                serializer.save(following("whatever", 3));
                assertThat(serializer.getLast().orElseThrow().header().revision())
                        .isEqualTo(3);
                assertThat(serializer.count()).as("with the ruin").hasValue(3);
                assertThat(serializer.list(ListRequest.firstPage(9)).headers())
                        .extracting(SnapshotHeader::revision)
                        .containsExactly(3L, 1L);
                assertThatThrownBy(() -> serializer.save(following("whatever", 4)))
                        .isInstanceOf(SnapshotConflictException.class);
            }
            CrashStates.delete(directory());
        }
    }

    @Test
    void aSnapshotOfTorchServeIsFollowedByTheSaveIdThatItsReaderGot() throws IOException {
        Files.createDirectories(directory());
        Files.writeString(
                directory().resolve("20250102030405006-startup.cfg"),
                "#Saving snapshot\nmodel_snapshot={\\n \"modelCount\"\\: 1}\nversion=0.12.0\n");
        try (FsSnapshotSerializer serializer = open()) {
            Snapshot last = serializer.getLast().orElseThrow();
            assertThatThrownBy(() -> serializer.save(following("another", 1)))
                    .isInstanceOf(SnapshotConflictException.class)
                    .hasMessageContaining("20250102030405006-startup.cfg of revision 0");

            serializer.save(following(last.header().saveId(), 1));

            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(1);
            assertThat(serializer.count()).hasValue(2);
        }
    }

    @Test
    void foreignFilesAreNotCounted() throws IOException {
        try (FsSnapshotSerializer serializer = open()) {
            assertThat(serializer.count()).hasValue(0);
            serializer.save(TestSnapshots.snapshot("default", 1));
            Path file = directory().resolve(TestSnapshots.name(1));
            Files.copy(file, directory().resolve("backup.cfg"));
            Files.writeString(directory().resolve("README"), "about");
            Files.createDirectory(directory().resolve("another-group"));

            assertThat(serializer.count()).hasValue(1);
        }
    }
}
