package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is in the directory besides sound snapshots: damage, foreign files, TorchServe's, a wrong index. */
class FsDirectoryTest {

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    private Path directory() {
        return temp.resolve("config");
    }

    private FsSnapshotSerializer open() {
        return new FsSnapshotSerializer(directory(), "default", "here", "boot");
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

    private Path file(int revision) {
        return directory().resolve(TestSnapshots.name(revision));
    }

    private List<Long> revisions() {
        try (FsSnapshotSerializer serializer = open()) {
            return serializer.list(ListRequest.firstPage(100)).headers().stream()
                    .map(SnapshotHeader::revision)
                    .toList();
        }
    }

    private long last() {
        try (FsSnapshotSerializer serializer = open()) {
            return serializer.getLast().orElseThrow().header().revision();
        }
    }

    private void assertLastIsDamaged(String name) {
        try (FsSnapshotSerializer serializer = open()) {
            assertThatThrownBy(serializer::getLast)
                    .isInstanceOf(SnapshotCorruptException.class)
                    .hasMessageContaining(name);
        }
    }

    private void forgetIndex() throws IOException {
        CrashStates.delete(directory().resolve(".holdfast"));
    }

    // The file

    @Test
    void aSnapshotFileIsStillAPropertiesFile() throws IOException {
        save(1, 1);

        String file = Files.readString(file(1));
        Properties properties = new Properties();
        properties.load(new StringReader(file));

        assertThat(file).startsWith(snapshot(1).text());
        assertThat(file.substring(snapshot(1).text().length())).matches("#holdfast\\.fs name=.* crc32c=[0-9a-f]{8}\n");
        assertThat(properties).containsOnlyKeys("revision", "model_snapshot");
    }

    @Test
    void directoriesAndFilesAreTheOwnersAlone() throws IOException {
        save(1, 2);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory())))
                .isEqualTo("rwx------");
        try (var files = Files.walk(directory())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .as(file.toString())
                        .isEqualTo("rw-------");
            }
        }
    }

    @Test
    void readingMakesNothing() {
        assertThat(open().getLast()).isEmpty();
        assertThat(directory()).doesNotExist();
    }

    // Damage

    @Test
    void aFlippedBitAtAnyByteOfTheLastFileIsNoticed() throws IOException {
        save(1, 3);
        byte[] sound = Files.readAllBytes(file(3));

        for (boolean index : List.of(true, false)) {
            for (int at = 0; at < sound.length; at++) {
                byte[] flipped = sound.clone();
                flipped[at] ^= (byte) (1 << (at % 8));
                Files.write(file(3), flipped);
                if (!index) {
                    forgetIndex();
                    Files.createDirectory(directory().resolve(".holdfast"));
                }
                assertLastIsDamaged(TestSnapshots.name(3));
            }
        }
    }

    @Test
    void aLastFileCutAtAnyByteIsNoticedAndMendedByTheNextSave() throws IOException {
        save(1, 3);
        byte[] sound = Files.readAllBytes(file(3));
        forgetIndex();

        for (int length = 0; length < sound.length; length++) {
            Files.write(file(3), Arrays.copyOf(sound, length));
            assertLastIsDamaged(TestSnapshots.name(3));
        }

        save(4, 4);
        assertThat(last()).isEqualTo(4);
    }

    @Test
    void aFileOfZeroBytesSaysSo() throws IOException {
        save(1, 2);
        Files.write(file(2), new byte[0]);

        assertThatThrownBy(open()::getLast)
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContaining("zero bytes");
        assertThatThrownBy(() -> open().get(TestSnapshots.name(2))).isInstanceOf(SnapshotCorruptException.class);
    }

    @Test
    void anOldFileThatLostItsEndDoesNotHideTheLast() throws IOException {
        save(1, 3);
        Files.writeString(file(1), "#Holdfast snapshot format=1\nrev");
        forgetIndex();

        assertThat(last()).isEqualTo(3);
        assertThat(revisions()).containsExactly(3L, 2L);
    }

    @Test
    void aDamagedFileWhoseNameSortsLastIsPassedOverOnceANewerOneIsSaved() throws IOException {
        save(1, 1);
        try (FsSnapshotSerializer serializer = open()) {
            serializer.save(TestSnapshots.snapshot("default", 2, "zz-baseline"));
        }
        Files.writeString(directory().resolve("zz-baseline"), "#Holdfast snapshot format=1\nrev");
        forgetIndex();
        assertLastIsDamaged("zz-baseline");

        save(3, 3);

        assertThat(last()).isEqualTo(3);
        forgetIndex();
        assertThat(last()).isEqualTo(3);
    }

    @Test
    void aLaterFormatIsTooNewAndNotDamaged() throws IOException {
        save(1, 1);
        String line = "#holdfast.fs/2 " + snapshot(2).header().toLine();
        Files.writeString(file(2), snapshot(2).text() + line + " crc32c=" + SnapshotFile.crc32c(line) + "\n");

        assertThatThrownBy(open()::getLast).isInstanceOf(SnapshotFormatTooNewException.class);
    }

    // The index

    @Test
    void anIndexDamagedAtAnyByteChangesNoAnswer() throws IOException {
        save(1, 7);
        Path hidden = directory().resolve(".holdfast");
        List<Path> files;
        try (var all = Files.list(hidden)) {
            files = all.filter(file -> file.getFileName().toString().matches("state|index-.*"))
                    .toList();
        }
        assertThat(files).hasSize(2);

        for (Path file : files) {
            byte[] sound = Files.readAllBytes(file);
            for (int at = 0; at < sound.length; at++) {
                byte[] flipped = sound.clone();
                flipped[at] ^= (byte) (1 << (at % 7));
                Files.write(file, at % 2 == 0 ? flipped : Arrays.copyOf(sound, at));
                assertThat(last()).as("%s at %d", file, at).isEqualTo(7);
                assertThat(revisions()).as("%s at %d", file, at).containsExactly(7L, 6L, 5L, 4L, 3L, 2L, 1L);
            }
            Files.write(file, sound);
        }
        forgetIndex();
        assertThat(last()).isEqualTo(7);
        save(8, 8);
        assertThat(revisions()).hasSize(8);
    }

    @Test
    void anIndexDamagedUnderAWriterAtAnyByteHindersNoSave() throws IOException {
        int length = 0;
        for (int at = 0; at == 0 || at < length; at++) {
            try (FsSnapshotSerializer serializer = open()) {
                serializer.save(snapshot(1));
                serializer.save(snapshot(2));
                Path index = indexFile();
                byte[] bytes = Files.readAllBytes(index);
                length = bytes.length;
                bytes[at] ^= 1;
                Files.write(index, bytes);

                Snapshot third = snapshot(3);
                serializer.save(third);

                assertThat(serializer.getLast()).as("byte %s", at).contains(third);
                assertThat(serializer.delete(TestSnapshots.name(1))).isTrue();
            }
            assertThat(revisions()).containsExactly(3L, 2L);
            CrashStates.delete(directory());
        }
    }

    private Path indexFile() throws IOException {
        try (Stream<Path> all = Files.list(directory().resolve(".holdfast"))) {
            return all.filter(file -> file.getFileName().toString().startsWith("index-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void theHiddenDirectoryRemovedUnderAWriterHindersNoSave() throws IOException {
        try (FsSnapshotSerializer serializer = open()) {
            serializer.save(snapshot(1));
            forgetIndex();

            Snapshot second = snapshot(2);
            serializer.save(second);

            assertThat(serializer.getLast()).contains(second);
            try (FsSnapshotSerializer other = open()) {
                assertThatThrownBy(() -> other.save(snapshot(3)))
                        .as("there is still one writer only")
                        .isInstanceOf(StoreUnavailableException.class);
            }
            forgetIndex();
            assertThat(serializer.delete(TestSnapshots.name(1))).isTrue();
        }
        assertThat(revisions()).containsExactly(2L);
    }

    @Test
    void filesCopiedInAndTakenOutByHandAreNoticed() throws IOException {
        save(1, 4);
        Path kept = Files.copy(file(4), temp.resolve("kept"));
        try (FsSnapshotSerializer reader = open()) {
            for (int round = 0; round < 50; round++) {
                Files.delete(file(4));
                assertThat(reader.getLast().orElseThrow().header().revision()).isEqualTo(3);
                Files.copy(kept, file(4));
                assertThat(reader.getLast().orElseThrow().header().revision()).isEqualTo(4);
            }
        }
    }

    @Test
    void aFileCopiedInBetweenTwoSavesIsNoticedByTheWriter() throws IOException {
        save(1, 5);
        Path kept = temp.resolve("kept");
        Files.move(file(5), kept);
        try (FsSnapshotSerializer writer = open()) {
            writer.save(TestSnapshots.snapshot("default", 5, "another-five"));
            Files.delete(directory().resolve("another-five"));
            Files.copy(kept, file(5));

            writer.save(snapshot(6));

            assertThat(writer.list(ListRequest.firstPage(9)).headers())
                    .extracting(SnapshotHeader::revision)
                    .containsExactly(6L, 5L, 4L, 3L, 2L, 1L);
        }
    }

    @Test
    void anotherStartOfTheMachineDoesNotTrustTheIndex() throws IOException {
        save(1, 3);
        Index index = new Index(directory().resolve(".holdfast"), "boot");
        Index after = new Index(directory().resolve(".holdfast"), "another boot");

        try (View view = index.view(Stamp.of(directory()))) {
            assertThat(view).isNotNull();
        }
        assertThat(after.view(Stamp.of(directory()))).isNull();
    }

    // Others' files

    @Test
    void foreignFilesDirectoriesAndLinksAreIgnoredAndLeftAlone() throws IOException {
        save(1, 2);
        Path outside = Files.copy(file(2), temp.resolve("99999999999999999-snapshot.cfg"));
        Files.writeString(directory().resolve("README"), "about");
        Files.writeString(directory().resolve("zz.properties"), "a=b\n");
        Files.writeString(directory().resolve(".DS_Store"), "x");
        Files.copy(file(2), directory().resolve("backup.cfg"));
        Files.copy(file(2), directory().resolve(TestSnapshots.name(2) + "~"));
        Files.createDirectory(directory().resolve("zz-directory"));
        Files.createSymbolicLink(directory().resolve("zz-link"), outside);
        Files.createSymbolicLink(directory().resolve("99999999999999998-snapshot.cfg"), temp.resolve("nowhere"));

        assertThat(last()).isEqualTo(2);
        assertThat(revisions()).containsExactly(2L, 1L);
        for (String name : List.of("README", "backup.cfg", "zz-directory", "zz-link")) {
            assertThatThrownBy(() -> open().get(name)).as(name).isInstanceOf(SnapshotNotFoundException.class);
            try (FsSnapshotSerializer serializer = open()) {
                assertThat(serializer.delete(name)).as(name).isFalse();
            }
        }
        save(3, 3);
        assertThat(directory().resolve("README")).hasContent("about");
        assertThat(Files.isSymbolicLink(directory().resolve("zz-link"))).isTrue();
    }

    @Test
    void aLinkPlantedUnderTheNameOfASaveIsNotFollowed() throws IOException {
        save(1, 1);
        Path victim = Files.writeString(temp.resolve("victim"), "precious");
        Files.createSymbolicLink(file(2), victim);

        assertThat(catchThrowable(() -> save(2, 2))).isNotNull();

        assertThat(victim).hasContent("precious");
    }

    @Test
    void aLinkInPlaceOfTheHiddenDirectoryIsRefused() throws IOException {
        Files.createDirectories(directory());
        Files.createSymbolicLink(directory().resolve(".holdfast"), Files.createDirectory(temp.resolve("elsewhere")));

        assertThatThrownBy(() -> save(1, 1)).isInstanceOf(StoreUnavailableException.class);
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsUnavailableAndNotEmpty() throws IOException {
        Files.writeString(directory(), "a file");

        assertThatThrownBy(open()::getLast).isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> save(1, 1)).isInstanceOf(StoreUnavailableException.class);
    }

    @Test
    void leftoversOfDeadProcessesAreClearedByTheNextWriter() throws IOException {
        save(1, 1);
        Path leftover = Files.writeString(directory().resolve(".holdfast/temp-dead"), "half");

        assertThat(revisions()).containsExactly(1L);
        save(2, 2);

        assertThat(leftover).doesNotExist();
    }

    @Test
    void theSecondWriterIsToldWhoTheFirstIs() {
        try (FsSnapshotSerializer first = open();
                FsSnapshotSerializer second = open()) {
            first.save(snapshot(1));

            assertThatThrownBy(() -> second.save(snapshot(2)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining(directory().toString())
                    .hasMessageContaining("process " + ProcessHandle.current().pid() + " of host here");
        }
    }

    // TorchServe

    private void torchServe(String name, int models) throws IOException {
        Files.createDirectories(directory());
        Files.writeString(
                directory().resolve(name),
                "#Saving snapshot\n#Sat Nov 21 09:30:00 UTC 2026\nmodel_snapshot={\\n  \"name\"\\: \"" + name
                        + "\",\\n  \"modelCount\"\\: " + models + ",\\n  \"models\"\\: {}\\n}\nversion=0.12.0\n");
    }

    @Test
    void snapshotsOfTorchServeAreOfRevisionZeroInTheOrderOfTheirNames() throws IOException {
        torchServe("20250102030405006-startup.cfg", 1);
        torchServe("20250102030405007-snapshot.cfg", 3);

        Snapshot last = open().getLast().orElseThrow();

        assertThat(last.header().name()).isEqualTo("20250102030405007-snapshot.cfg");
        assertThat(last.header().revision()).isZero();
        assertThat(last.header().kind()).isEqualTo(SnapshotKind.SNAPSHOT);
        assertThat(last.header().createdOn()).isEqualTo(Instant.parse("2025-01-02T03:04:05.007Z"));
        assertThat(last.header().modelCount()).isEqualTo(3);
        assertThat(last.header().host()).isEqualTo("torchserve");
        assertThat(last.toBytes()).isEqualTo(Files.readAllBytes(directory().resolve("20250102030405007-snapshot.cfg")));
        save(1, 1);
        assertThat(revisions()).containsExactly(1L, 0L, 0L);
    }

    @Test
    void oursWinsOverALaterOneOfTorchServe() throws IOException {
        save(1, 1);
        torchServe("20990102030405006-snapshot.cfg", 1);

        assertThat(last()).isEqualTo(1);
        assertThat(open().get("20990102030405006-snapshot.cfg").header().revision())
                .isZero();
    }

    // One file by its path

    @Test
    void aFileIsReadByItsPathWhateverItsName() throws IOException {
        save(1, 1);
        Path copy = Files.copy(file(1), temp.resolve("copy.txt"));
        Path foreign = Files.writeString(temp.resolve("config.properties"), "a=b\n");

        assertThat(FsSnapshotFile.read(copy).snapshot().orElseThrow()).isEqualTo(open().get(TestSnapshots.name(1)));
        assertThat(FsSnapshotFile.read(copy).toBytes()).isEqualTo(snapshot(1).toBytes());
        assertThat(FsSnapshotFile.read(foreign).snapshot()).isEmpty();
        assertThat(FsSnapshotFile.read(foreign).toBytes()).isEqualTo("a=b\n".getBytes(StandardCharsets.UTF_8));
        byte[] damaged = Files.readAllBytes(copy);
        damaged[5] ^= 1;
        Files.write(copy, damaged);
        assertThatThrownBy(() -> FsSnapshotFile.read(copy)).isInstanceOf(SnapshotCorruptException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rwxrwxrwx", "rwx----wx"})
    void aDirectoryThatEveryoneMayWriteIsRefused(String mode) throws Exception {
        Path open = Files.createDirectories(temp.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString(mode));
        SerializerConfig config = SerializerConfig.builder("fs", temp)
                .values(Map.of("directory", open.toString()))
                .group("blue")
                .build();

        assertThatThrownBy(() -> new FsSnapshotSerializerFactory().open(config))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(open + " may be written by everyone")
                .hasMessageContaining("chmod o-w " + open);
    }

    @Test
    void theDirectoryOfAGroupThatHasNothingIsRemovedWithItsNotes() throws IOException {
        Path blue = directory().resolve("blue");
        try (FsSnapshotSerializer serializer = new FsSnapshotSerializer(blue, "blue", "here", "boot")) {
            serializer.save(TestSnapshots.snapshot("blue", 1));
            serializer.removeEmptyGroup();
            assertThat(serializer.getLast()).isPresent();
            serializer.delete(TestSnapshots.name(1));
            Path note = Files.writeString(blue.resolve("notes.txt"), "of somebody");
            serializer.removeEmptyGroup();
            assertThat(note).exists();
            Files.delete(note);

            serializer.removeEmptyGroup();
        }

        assertThat(blue).doesNotExist();
        assertThat(directory()).isDirectory();
    }

    @Test
    void theDirectoryOfGroupDefaultIsTheOperators() {
        save(1, 1);
        try (FsSnapshotSerializer serializer = open()) {
            serializer.delete(TestSnapshots.name(1));

            serializer.removeEmptyGroup();
        }

        assertThat(directory()).isDirectory();
    }

    @Test
    void aFileInThePlaceOfTheNotesIsNamedWithTheCure() throws IOException {
        Files.createDirectories(directory());
        Files.writeString(directory().resolve(".holdfast"), "x");

        try (FsSnapshotSerializer serializer = open()) {
            assertThatThrownBy(() -> serializer.save(snapshot(1)))
                    .isInstanceOf(StoreUnavailableException.class)
                    .hasMessageContaining(directory().resolve(".holdfast").toString())
                    .hasMessageEndingWith(
                            ". A file or a link stands where a directory belongs: remove it, or put the directory back");
        }
    }
}
