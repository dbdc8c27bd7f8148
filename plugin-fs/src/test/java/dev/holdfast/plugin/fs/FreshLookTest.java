package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A directory that this serializer knows nothing of but its files: copied from elsewhere, or without its hidden part. */
class FreshLookTest {

    @TempDir
    private Path temp;

    private FsSnapshotSerializer open(String group) {
        return (FsSnapshotSerializer) new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", temp).group(group).build());
    }

    private Path directory() {
        return temp.resolve("config");
    }

    /** With a text as a host writes it, whose header says the revision. */
    private static Snapshot named(String name, long revision) {
        SnapshotHeader.Builder header = SnapshotHeader.builder()
                .name(name)
                .kind(SnapshotKind.SAVE)
                .createdOn(Instant.parse("2026-11-21T09:30:00Z"))
                .group("default")
                .revision(revision)
                .host("h");
        String text = "#Holdfast snapshot format=1\nholdfast.header=name=" + name
                + " kind=save createdOn=2026-11-21T09:30:00Z group=default revision=" + revision
                + " host=h modelCount=0 saveId=x\nmodel_snapshot={}\n#sha256=0\n";
        return Snapshot.create(header, text.getBytes(StandardCharsets.UTF_8));
    }

    private void save(Snapshot... snapshots) {
        try (FsSnapshotSerializer serializer = open("default")) {
            for (Snapshot snapshot : snapshots) {
                serializer.save(snapshot);
            }
        }
    }

    private void forgetTheIndex() throws IOException {
        try (Stream<Path> all = Files.walk(directory().resolve(".holdfast"))) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private void cutLastLine(String name) throws IOException {
        Path file = directory().resolve(name);
        String text = Files.readString(file);
        Files.writeString(file, text.substring(0, text.length() - 12));
    }

    @Test
    void aDamagedOldSaveBesideASoundNewestOneIsNotTakenForTheLastOne() throws IOException {
        save(named("before-upgrade", 3), TestSnapshots.snapshot("default", 4));
        cutLastLine("before-upgrade");
        forgetTheIndex();

        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer serializer = open("default")) {
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(4);
            serializer.getLast();

            assertThat(warnings.lines())
                    .singleElement()
                    .asString()
                    .contains("before-upgrade is damaged: it has a damaged last line. It is not the last one, by the"
                            + " revision in its text, 3");
            serializer.save(TestSnapshots.snapshot("default", 5));
            assertThat(serializer.getLast().orElseThrow().header().revision()).isEqualTo(5);
        }
    }

    @Test
    void aDamagedSaveThatIsTheLastOneIsSaidByTheRevisionInItsText() throws IOException {
        save(TestSnapshots.snapshot("default", 4), named("before-upgrade", 5));
        cutLastLine("before-upgrade");
        forgetTheIndex();

        try (FsSnapshotSerializer serializer = open("default")) {
            assertThatExceptionOfType(SnapshotCorruptException.class)
                    .isThrownBy(serializer::getLast)
                    .withMessageContaining("By the revision in its text, 5, it is the last one");
        }
    }

    @Test
    void aSaveOfWhichNothingIsLeftMayBeTheLastOne() throws IOException {
        save(named("before-upgrade", 3), TestSnapshots.snapshot("default", 4));
        Files.writeString(directory().resolve("before-upgrade"), "\0\0\0#holdfast.fs \0\0");
        forgetTheIndex();

        try (FsSnapshotSerializer serializer = open("default")) {
            assertThatExceptionOfType(SnapshotCorruptException.class)
                    .isThrownBy(serializer::getLast)
                    .withMessageContaining("By its name it is the last one");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#holdfast.fs/2 zstd of 93 bytes, blake3 abcdef\n",
                "#holdfast.fs/17 name=x\n",
                "#holdfast.fs/2 \n",
                "#holdfast.fs/2 name=NAME kind=checkpoint crc32c=00000000\n"
            })
    void aLastLineOfALaterFormatIsTooNewAndNotDamaged(String line) throws IOException {
        save(TestSnapshots.snapshot("default", 4));
        Path later = directory().resolve("20991121093000123-snapshot.cfg");
        Files.writeString(later, "what=ever\n" + line.replace("NAME", String.valueOf(later.getFileName())));

        assertTooNew(later);
    }

    @Test
    void aKindOfALaterVersionIsTooNewAndNotDamaged() throws IOException {
        save(TestSnapshots.snapshot("default", 4), TestSnapshots.snapshot("default", 5));
        Path later = directory()
                .resolve(TestSnapshots.snapshot("default", 5).header().name());
        String text = Files.readString(later);
        int at = text.lastIndexOf("#holdfast.fs");
        String line = text.substring(at, text.lastIndexOf(" crc32c=")).replaceFirst("kind=[a-z]+", "kind=checkpoint");
        Files.writeString(later, text.substring(0, at) + line + " crc32c=" + SnapshotFile.crc32c(line) + "\n");
        forgetTheIndex();

        assertTooNew(later);
    }

    private void assertTooNew(Path later) {
        try (FsSnapshotSerializer serializer = open("default")) {
            assertThatExceptionOfType(SnapshotFormatTooNewException.class)
                    .isThrownBy(serializer::getLast)
                    .withMessageContaining(later.toString())
                    .withMessageNotContaining("damaged");
            assertThatExceptionOfType(SnapshotFormatTooNewException.class)
                    .isThrownBy(() -> serializer.get(String.valueOf(later.getFileName())));
            assertThat(serializer.list(ListRequest.firstPage(10)).headers())
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(4L);
        }
    }

    @Test
    void whereAGroupHasNothingTheOthersAreNamed() {
        save(TestSnapshots.snapshot("default", 1));
        try (FsSnapshotSerializer blue = open("blue")) {
            blue.save(TestSnapshots.snapshot("blue", 1));
        }
        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer green = open("green")) {
            assertThat(green.getLast()).isEmpty();
            assertThat(green.getLast()).isEmpty();

            assertThat(warnings.notes())
                    .containsExactly(
                            "Group green has no snapshot in " + directory()
                                    + ", where there are some of: blue, default. The key snapshot_group says which group a host is of");
        }
    }

    @Test
    void aCopyOfAnotherGroupsSnapshotIsNamedWhereNothingElseIsThere() throws IOException {
        try (FsSnapshotSerializer blue = open("blue")) {
            blue.save(TestSnapshots.snapshot("blue", 1));
        }
        String name = TestSnapshots.snapshot("blue", 1).header().name();
        Path copy = Files.copy(
                directory().resolve("blue").resolve(name), directory().resolve(name));

        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer serializer = open("default")) {
            assertThat(serializer.getLast()).isEmpty();

            assertThat(warnings.lines())
                    .containsExactly(copy + " is a copy of snapshot " + name + " of group blue, and so none of group"
                            + " default: files are known by their names. To start from it: --snapshot " + copy);
        }
    }

    @Test
    void aCopyUnderAnotherNameIsNamedToo() throws IOException {
        save(TestSnapshots.snapshot("default", 1));
        Path file = directory()
                .resolve(TestSnapshots.snapshot("default", 1).header().name());
        Path renamed = Files.move(file, directory().resolve("last-good.cfg"));

        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer serializer = open("default")) {
            assertThat(serializer.getLast()).isEmpty();

            assertThat(warnings.lines()).singleElement().asString().contains(renamed + " is a copy of snapshot ");
        }
    }

    @Test
    void anEmptyDirectoryIsAFirstStartWithoutAWord() {
        try (Warnings warnings = new Warnings();
                FsSnapshotSerializer serializer = open("blue")) {
            assertThat(serializer.getLast()).isEmpty();

            assertThat(warnings.lines()).isEmpty();
            assertThat(warnings.notes()).isEmpty();
        }
    }
}
