package dev.holdfast.host.operate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.operate.SnapshotFiles.Imported;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.transfer.DamagedBundleException;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotFilesTest {

    @TempDir
    private Path directory;

    private TestGroup here;
    private TestGroup there;
    private Path archives;
    private Path otherArchives;
    private Path file;
    private Snapshot saved;

    @BeforeEach
    void save() throws IOException {
        here = TestGroup.in(directory.resolve("here"));
        there = TestGroup.in(directory.resolve("there"));
        archives = Files.createDirectories(directory.resolve("archives"));
        otherArchives = directory.resolve("other-archives");
        file = directory.resolve("fraud.hfb");
        Files.createDirectories(archives.resolve("fraud.mar/code"));
        Files.writeString(archives.resolve("fraud.mar/manifest.json"), "{}");
        Files.writeString(archives.resolve("fraud.mar/code/model.py"), "pass");
        here.save("first", States.of("m"));
        saved = here.save("second", here.learned("fraud", 3_000_000, 1));
    }

    @AfterEach
    void close() {
        here.close();
        there.close();
    }

    private SnapshotFiles hereFiles() {
        return new SnapshotFiles(here.group, Optional.of(archives), Optional.empty());
    }

    private SnapshotFiles thereFiles() {
        return new SnapshotFiles(there.group, Optional.of(otherArchives), Optional.empty());
    }

    private byte[] exported(boolean withArchives) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        hereFiles().export(saved, withArchives, bytes);
        return bytes.toByteArray();
    }

    @Test
    void oneFileRebuildsAHost() throws IOException {
        hereFiles().export(saved, true, file, false);

        Imported imported = thereFiles().importFrom(file, false);

        SnapshotHeader header = SnapshotText.wholeHeader(imported.snapshot());
        assertThat(imported.isNew()).isTrue();
        assertThat(imported.archives()).isEqualTo(1);
        assertThat(header.name()).isEqualTo("second");
        assertThat(header.revision()).isEqualTo(1);
        assertThat(header.follows()).isEmpty();
        assertThat(header.history()).hasValue(header.saveId());
        assertThat(header.origin()).hasValue(saved.header().saveId());
        assertThat(header.state()).isEqualTo(SnapshotText.wholeHeader(saved).state());
        assertThat(SnapshotCheck.ofAll(there.group).problems()).isEmpty();
        assertThat(otherArchives.resolve("fraud.mar/code/model.py")).hasContent("pass");
        assertThat(otherArchives.resolve("fraud.mar/manifest.json")).hasContent("{}");
    }

    @Test
    void aSecondImportFindsItThereAndDoesNothing() throws IOException {
        hereFiles().export(saved, true, file, false);
        thereFiles().importFrom(file, false);

        Imported again = thereFiles().importFrom(file, false);

        assertThat(again.isNew()).isFalse();
        assertThat(again.snapshot().header().revision()).isEqualTo(1);
        assertThat(there.names()).containsExactly("second");
    }

    @Test
    void aSnapshotThatIsThereGetsTheArchivesAndChunksThatItLacks() throws IOException {
        hereFiles().export(saved, true, file, false);
        thereFiles().importFrom(file, false);
        Path thirdArchives = directory.resolve("third-archives");
        Files.delete(there.chunkFiles().get(0));

        Imported again =
                new SnapshotFiles(there.group, Optional.of(thirdArchives), Optional.empty()).importFrom(file, false);

        assertThat(again.isNew()).isFalse();
        assertThat(again.archives()).isEqualTo(1);
        assertThat(again.chunks()).isPositive();
        assertThat(thirdArchives.resolve("fraud.mar/code/model.py")).hasContent("pass");
        assertThat(SnapshotCheck.ofAll(there.group).problems()).isEmpty();
        assertThat(there.names()).containsExactly("second");
        assertThat(new SnapshotFiles(there.group, Optional.of(thirdArchives), Optional.empty())
                        .importFrom(file, false)
                        .archives())
                .isZero();
    }

    @Test
    void damageInAnArchiveIsDamageAlsoWhereTheModelStoreHasThatArchive() throws IOException {
        hereFiles().export(saved, true, file, false);
        byte[] bytes = Files.readAllBytes(file);
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        bytes[text.lastIndexOf("pass")] ^= 1;
        Files.write(file, bytes);

        assertThatExceptionOfType(DamagedBundleException.class)
                .isThrownBy(() -> hereFiles().importFrom(file, true))
                .withMessageContaining("The bundle is damaged");
    }

    @Test
    void whatIsImportedIsTheSameSaveWhereItCameFrom() throws IOException {
        hereFiles().export(saved, false, file, false);

        assertThat(hereFiles().importFrom(file, true).isNew()).isFalse();
    }

    @Test
    void anImportThatBrokeOffGoesOn() throws IOException {
        hereFiles().export(saved, true, file, false);
        thereFiles().importFrom(file, false);
        // As far as one comes that ends before the snapshot is saved, with half an archive.
        Files.delete(there.directory.resolve("second"));
        Files.delete(there.chunkFiles().get(0));
        Files.move(otherArchives.resolve("fraud.mar"), otherArchives.resolve(".holdfast-import-fraud.mar"));
        Files.writeString(otherArchives.resolve(".holdfast-import-fraud.mar/left-over"), "x");

        try (TestGroup again = TestGroup.in(directory.resolve("again"))) {
            Files.createDirectories(again.directory);
            Files.move(there.directory.resolve(".chunks"), again.directory.resolve(".chunks"));
            new SnapshotFiles(again.group, Optional.of(otherArchives), Optional.empty()).importFrom(file, false);

            assertThat(SnapshotCheck.ofAll(again.group).problems()).isEmpty();
        }
        assertThat(otherArchives.resolve("fraud.mar/left-over")).doesNotExist();
        assertThat(otherArchives.resolve("fraud.mar/manifest.json")).hasContent("{}");
    }

    @Test
    void damageAnywhereIsFoundBeforeAnythingIsStored() throws IOException {
        byte[] whole = exported(true);
        for (int at = 0; at < whole.length; at += Math.max(1, whole.length / 97)) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 1;
            Files.write(file, damaged);

            assertThatThrownBy(() -> thereFiles().importFrom(file, false))
                    .as("damaged at %s", at)
                    .isInstanceOf(DamagedBundleException.class);
        }
        for (int length = 0; length < whole.length; length += Math.max(1, whole.length / 31)) {
            Files.write(file, Arrays.copyOf(whole, length));

            assertThatThrownBy(() -> thereFiles().importFrom(file, false))
                    .as("cut at %s", length)
                    .isInstanceOf(DamagedBundleException.class);
        }
        assertThat(there.names()).isEmpty();
        assertThat(there.chunkFiles()).isEmpty();
        assertThat(otherArchives).doesNotExist();
    }

    @Test
    void aGroupWithSnapshotsIsRefusedUnlessItIsMeant() throws IOException {
        there.save("theirs", States.of("other"));
        hereFiles().export(saved, false, file, false);

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> thereFiles().importFrom(file, false))
                .withMessageContainingAll("theirs", "--as-newest", "--group");
        assertThat(there.names()).containsExactly("theirs");
        assertThat(there.chunkFiles()).isEmpty();

        thereFiles().importFrom(file, true);
        assertThat(there.names()).containsExactly("second", "theirs");
    }

    @Test
    void aNameThatIsTakenIsRefused() throws IOException {
        there.save("second", States.of("other"));
        hereFiles().export(saved, false, file, false);

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> thereFiles().importFrom(file, true))
                .withMessageContaining("another snapshot that is named second");
    }

    @Test
    void anotherArchiveOfTheSameNameIsRefusedAndNothingHasChanged() throws IOException {
        hereFiles().export(saved, true, file, false);
        Files.createDirectories(otherArchives.resolve("fraud.mar"));
        Files.writeString(otherArchives.resolve("fraud.mar/manifest.json"), "[]");

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> thereFiles().importFrom(file, false))
                .withMessageContainingAll("fraud.mar", "model.py differs");
        assertThat(there.names()).isEmpty();
        assertThat(there.chunkFiles()).isEmpty();
    }

    @Test
    void anImportFromAStreamLeavesNoTemporaryFile() throws IOException {
        Path work = directory.resolve("work");

        assertThat(thereFiles()
                        .importFrom(new ByteArrayInputStream(exported(false)), work, false)
                        .isNew())
                .isTrue();

        try (Stream<Path> left = Files.list(work)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aFileThatIsThereIsNotReplacedUnasked() throws IOException {
        Files.writeString(file, "mine");

        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> hereFiles().export(saved, false, file, false))
                .withMessageContaining("--force");
        assertThat(file).hasContent("mine");

        hereFiles().export(saved, false, file, true);
        assertThat(thereFiles().importFrom(file, false).isNew()).isTrue();
    }

    @Test
    void aDirectoryIsNoFileAndADirectoryThatIsNotThereIsNamed() {
        for (boolean replace : new boolean[] {false, true}) {
            assertThatThrownBy(() -> hereFiles().export(saved, false, directory, replace))
                    .hasMessage("it is a directory; name a file in it");
        }
        assertThatThrownBy(() -> hereFiles().export(saved, false, directory.resolve("no/x.hfb"), false))
                .hasMessage("there is no directory " + directory.resolve("no"));
    }

    @Test
    void anImportThatFailsLeavesNoHalfArchive() throws IOException {
        hereFiles().export(saved, true, file, false);
        // The chunks cannot be stored, when the first archives are written.
        Files.createDirectories(there.directory);
        Files.writeString(there.directory.resolve(".chunks"), "in the way");
        Files.createDirectories(otherArchives.resolve(".holdfast-import-fraud.mar"));

        assertThatThrownBy(() -> thereFiles().importFrom(file, false)).isInstanceOf(RuntimeException.class);

        assertThat(otherArchives).isEmptyDirectory();
    }

    @Test
    void aDamagedChunkIsNotExportedAndLeavesNoFile() throws IOException {
        TestGroup.damage(here.chunkFiles().get(0));

        assertThatExceptionOfType(StateDamagedException.class)
                .isThrownBy(() -> hereFiles().export(saved, false, file, false));
        assertThat(file).doesNotExist();
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(one -> one.getFileName().toString())).noneMatch(name -> name.endsWith(".tmp"));
        }
    }

    @Test
    void anArchiveThatIsGoneIsToldByName() throws IOException {
        Snapshot first = here.group.get("first");

        assertThatThrownBy(() -> hereFiles().export(first, true, file, false)).hasMessageContaining("m.mar");
        assertThat(file).doesNotExist();
    }

    @Test
    void namesThatLeadOutOfTheModelStoreAreDamage() {
        ModelArchives checking = new ModelArchives(otherArchives, Optional.empty());
        for (String name : List.of("../x", "/etc/passwd", "a/../../x", ".hidden", "a/./b", "a\\b")) {
            assertThatExceptionOfType(DamagedBundleException.class)
                    .as(name)
                    .isThrownBy(() -> checking.comparing().take(name, 0, new ByteArrayInputStream(new byte[0])));
        }
    }
}
