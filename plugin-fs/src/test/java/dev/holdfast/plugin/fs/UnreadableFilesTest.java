package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.plugin.fs.Faults.Mutant;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One file that cannot be read: what only saves time is done without, and a snapshot is never taken for absent. */
class UnreadableFilesTest {

    private static final int ALWAYS = Integer.MAX_VALUE;

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    private final Faults disk = new Faults(Mutant.NONE);

    private Path directory() {
        return temp.resolve("config");
    }

    private FsSnapshotSerializer open() {
        return new FsSnapshotSerializer(new FaultyFileSystem(disk).wrap(directory()), "default", "here", "boot");
    }

    private static Snapshot snapshot(int revision) {
        return TestSnapshots.snapshot("default", revision);
    }

    private void save(int from, int to) {
        try (FsSnapshotSerializer serializer = open()) {
            for (int revision = from; revision <= to; revision++) {
                serializer.save(snapshot(revision));
            }
        }
    }

    private List<Long> revisions() {
        try (FsSnapshotSerializer serializer = open()) {
            return revisions(serializer);
        }
    }

    private static List<Long> revisions(FsSnapshotSerializer serializer) {
        return serializer.list(ListRequest.firstPage(100)).headers().stream()
                .map(SnapshotHeader::revision)
                .toList();
    }

    private Path inHidden(String prefix) throws IOException {
        try (Stream<Path> all = Files.list(directory().resolve(".holdfast"))) {
            return all.filter(file -> file.getFileName().toString().startsWith(prefix))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private boolean isIndexed() throws IOException {
        try (View view =
                new DirectoryListing(directory(), "default", directory().resolve(".holdfast"), "boot").view()) {
            return view.indexed();
        }
    }

    private enum Harm {
        GARBAGE,
        EMPTY_FILE,
        DIRECTORY,
        FULL_DIRECTORY;

        void in(Path file) throws IOException {
            Files.delete(file);
            switch (this) {
                case GARBAGE -> Files.writeString(file, "garbage\n".repeat(100));
                case EMPTY_FILE -> Files.createFile(file);
                case DIRECTORY -> Files.createDirectory(file);
                case FULL_DIRECTORY ->
                    Files.writeString(Files.createDirectory(file).resolve("x"), "x");
            }
        }
    }

    // The index

    @ParameterizedTest
    @EnumSource
    void aStateOfNoUseIsPassedOverToldOnceAndReplacedByTheNextSave(Harm harm) throws IOException {
        assertPassedOverAndReplaced("state", harm, harm != Harm.FULL_DIRECTORY);
    }

    @ParameterizedTest
    @EnumSource
    void anIndexOfNoUseIsPassedOverToldOnceAndReplacedByTheNextSave(Harm harm) throws IOException {
        assertPassedOverAndReplaced("index-", harm, true);
    }

    private void assertPassedOverAndReplaced(String prefix, Harm harm, boolean replaced) throws IOException {
        save(1, 3);
        Path file = inHidden(prefix);
        harm.in(file);
        try (Warnings warnings = new Warnings()) {
            try (FsSnapshotSerializer reader = open()) {
                assertThat(reader.getLast()).contains(snapshotOf(reader, 3));
                assertThat(revisions(reader)).containsExactly(3L, 2L, 1L);
                assertThat(reader.count()).hasValue(3);
                assertThat(reader.getLast().orElseThrow().header().revision()).isEqualTo(3);
            }
            assertThat(warnings.lines())
                    .singleElement()
                    .asString()
                    .contains(file.toString(), "Snapshots are safe", "or remove it");
        }
        try (Warnings unheard = new Warnings();
                FsSnapshotSerializer writer = open()) {
            writer.save(snapshot(4));
            writer.save(snapshot(5));
            assertThat(writer.getLast().orElseThrow().header().revision()).isEqualTo(5);
            assertThat(unheard.lines()).hasSizeLessThan(4);
        }
        assertThat(isIndexed()).isEqualTo(replaced);
        assertThat(revisions()).containsExactly(5L, 4L, 3L, 2L, 1L);
    }

    private static Snapshot snapshotOf(FsSnapshotSerializer serializer, int revision) {
        return serializer.get(TestSnapshots.name(revision));
    }

    @ParameterizedTest
    @CsvSource({"state, true", "index-1, true", "state, false", "index-1, false"})
    void anIndexOfAnotherUserOrABadSectorIsPassedOver(String name, boolean denied) throws IOException {
        save(1, 3);
        Path file = directory().resolve(".holdfast").resolve(name);
        Supplier<IOException> how =
                () -> denied ? new AccessDeniedException(file.toString()) : new IOException("Input/output error");
        disk.failOn("open " + name, ALWAYS, how);
        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer serializer = open()) {
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(3);
            assertThat(revisions(serializer)).containsExactly(3L, 2L, 1L);
            serializer.save(snapshot(4));
            serializer.save(snapshot(5));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(5);
            assertThat(warnings.lines().get(0)).contains(file.toString(), "give");
        }
        disk.heal();
        save(6, 6);
        assertThat(revisions()).containsExactly(6L, 5L, 4L, 3L, 2L, 1L);
        assertThat(isIndexed()).isTrue();
    }

    @Test
    void anIndexWithABadSectorIsPassedOver() throws IOException {
        save(1, 3);
        disk.failOn("read index-1", ALWAYS, () -> new IOException("Input/output error"));

        assertThat(revisions()).containsExactly(3L, 2L, 1L);
    }

    @Test
    void whatElseLiesInTheHiddenDirectoryHindersNoSave() throws IOException {
        save(1, 1);
        Path hidden = directory().resolve(".holdfast");
        for (String name : List.of("temp-dead", "temp-probe", "temp-probe-link")) {
            Files.writeString(Files.createDirectory(hidden.resolve(name)).resolve("x"), "x");
        }
        Files.delete(hidden.resolve("owner"));
        Files.writeString(Files.createDirectory(hidden.resolve("owner")).resolve("x"), "x");
        try (Warnings warnings = new Warnings()) {
            save(2, 3);

            assertThat(warnings.lines()).anySatisfy(line -> assertThat(line).contains("temp-dead"));
            assertThat(warnings.lines()).anySatisfy(line -> assertThat(line).contains("owner", "remove"));
        }
        assertThat(revisions()).containsExactly(3L, 2L, 1L);
    }

    @Test
    void ofADirectoryThatIsGoneNobodyIsToldThatItsSnapshotsAreSafe() throws IOException {
        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer writer = open();
                FsSnapshotSerializer reader = open()) {
            writer.save(snapshot(1));
            assertThat(reader.getLast()).isPresent();
            CrashStates.delete(directory());

            assertThatThrownBy(() -> writer.save(snapshot(2)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining(directory() + " is gone");
            Files.writeString(directory(), "in the way");
            assertThatThrownBy(reader::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining(directory().toString());

            assertThat(warnings.lines())
                    .noneMatch(line -> line.toLowerCase(Locale.ROOT).contains("snapshots are safe"));
        }
    }

    // A snapshot

    private static IOException failure(boolean denied) {
        return denied ? new AccessDeniedException("config/x") : new IOException("Input/output error");
    }

    @ParameterizedTest
    @CsvSource({"true, true", "true, false", "false, true", "false, false"})
    void aNewestFileThatCannotBeReadIsUnavailableAndNoOlderOneTakesItsPlace(boolean denied, boolean indexed)
            throws IOException {
        save(1, 3);
        if (!indexed) {
            CrashStates.delete(directory().resolve(".holdfast"));
        }
        String newest = TestSnapshots.name(3);
        disk.failOn("open " + newest, ALWAYS, () -> failure(denied));
        try (FsSnapshotSerializer serializer = open()) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining("Snapshot file " + directory().resolve(newest) + " cannot be read")
                    .hasMessageContaining("owner and mode");
            assertThat(revisions(serializer)).containsExactly(2L, 1L);
            assertThat(serializer.get(TestSnapshots.name(2)).header().revision())
                    .isEqualTo(2);
            assertThatThrownBy(() -> serializer.get(newest)).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> serializer.delete(newest)).isInstanceOf(StoreUnavailableException.class);
            assertThatThrownBy(() -> serializer.save(snapshot(4)))
                    .as("what it would come after is not known")
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining(newest);
            assertThat(serializer.count())
                    .as("with the one that cannot be read")
                    .hasValue(3);

            disk.heal();

            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(3);
            serializer.save(snapshot(4));
        }
        assertThat(revisions()).containsExactly(4L, 3L, 2L, 1L);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anOlderFileThatCannotBeReadHindersNothing(boolean indexed) throws IOException {
        save(1, 3);
        if (!indexed) {
            CrashStates.delete(directory().resolve(".holdfast"));
        }
        disk.failOn("open " + TestSnapshots.name(2), ALWAYS, () -> failure(true));
        try (FsSnapshotSerializer serializer = open()) {
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(3);
            serializer.save(snapshot(4));
            try (Warnings warnings = new Warnings()) {
                assertThat(revisions(serializer)).containsExactly(4L, 3L, 1L);
                assertThat(revisions(serializer)).containsExactly(4L, 3L, 1L);
                assertThat(warnings.lines())
                        .singleElement()
                        .asString()
                        .contains("Lists leave out", TestSnapshots.name(2), "owner and mode");
            }
            assertThat(serializer.count()).hasValue(4);
            disk.heal();
            assertThat(revisions(serializer)).containsExactly(4L, 3L, 2L, 1L);
        }
        assertThat(revisions()).containsExactly(4L, 3L, 2L, 1L);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void whatFailsForAMomentIsReadAllTheSame(int times) {
        save(1, 3);
        for (String operation :
                List.of("list config", "stat config", "open state", "open index-1", "open " + TestSnapshots.name(3))) {
            disk.failOn(operation, times, () -> new IOException("Input/output error"));
            try (FsSnapshotSerializer serializer = open()) {
                assertThat(serializer.getLast().orElseThrow().header().revision())
                        .as(operation)
                        .isEqualTo(3);
                assertThat(revisions(serializer)).as(operation).containsExactly(3L, 2L, 1L);
            }
        }
    }

    // The file is looked at again after it was made durable

    @ParameterizedTest
    @CsvSource({"GONE, 100", "CUT, 100", "OTHER, 100", "GONE, 3000000", "CUT, 3000000", "OTHER, 3000000"})
    void aFileThatIsNotThereAfterItsFsyncIsNoSaveAndTheSameSaveAgainSettlesIt(String what, int length)
            throws IOException {
        save(1, 1);
        Snapshot second = TestSnapshots.snapshot("default", 2, TestSnapshots.name(2), TestSnapshots.noise(length, 1));
        Path file = directory().resolve(TestSnapshots.name(2));
        try (FsSnapshotSerializer serializer = open()) {
            disk.onOperation(operation -> {
                if (operation.equals("fsync config") && Files.exists(file)) {
                    harm(file, what);
                }
            });
            assertThatThrownBy(() -> serializer.save(second))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining(file.toString())
                    .hasMessageContaining("check the disk");
            disk.onOperation(any -> {});
            if (!what.equals("GONE")) {
                // Somebody has to take away what is damaged there; what has just vanished may be saved at once.
                Files.delete(file);
            }

            serializer.save(second);

            assertThat(serializer.getLast()).contains(second);
        }
    }

    private static void harm(Path file, String what) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            switch (what) {
                case "GONE" -> Files.delete(file);
                case "CUT" -> Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 5));
                default -> {
                    bytes[bytes.length - 3] ^= 1;
                    Files.write(file, bytes);
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
