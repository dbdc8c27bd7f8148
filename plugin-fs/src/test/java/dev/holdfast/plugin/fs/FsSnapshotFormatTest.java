package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FsSnapshotFormatTest {

    private static final Snapshot SNAPSHOT = Snapshot.create(
            SnapshotHeader.builder()
                    .name("20261121093000123-snapshot.cfg")
                    .kind(SnapshotKind.SNAPSHOT)
                    .createdOn(Instant.parse("2026-11-21T09:30:00.123Z"))
                    .group("default")
                    .revision(7)
                    .host("here")
                    .follows("before"),
            "a=b".getBytes(StandardCharsets.UTF_8));

    @TempDir
    private Path directory;

    @Test
    void aFileOfAnyNameIsReadWithItsHeader() throws IOException {
        Path file = Files.write(directory.resolve("000000000012-x"), FsSnapshotFormat.encode(SNAPSHOT));

        assertThat(FsSnapshotFormat.header(file)).isEqualTo(SNAPSHOT.header());
        assertThat(FsSnapshotFormat.header(file).follows()).contains("before");
        assertThat(FsSnapshotFormat.read(file).text()).isEqualTo("a=b");
    }

    @Test
    void aFileThatTheSerializerWroteIsReadToo() throws IOException {
        Snapshot first = Snapshot.create(
                SnapshotHeader.builder()
                        .name("20261121093000124-snapshot.cfg")
                        .kind(SnapshotKind.SNAPSHOT)
                        .createdOn(Instant.parse("2026-11-21T09:30:00.124Z"))
                        .group("default")
                        .revision(1)
                        .host("here"),
                "a=b".getBytes(StandardCharsets.UTF_8));
        try (SnapshotSerializer fs = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", directory).build())) {
            fs.save(first);
        }
        Path file = directory.resolve("config").resolve(first.header().name());

        assertThat(FsSnapshotFormat.header(file)).isEqualTo(first.header());
        assertThat(FsSnapshotFormat.read(file)).isEqualTo(first);
        assertThat(Files.readAllBytes(file)).isEqualTo(FsSnapshotFormat.encode(first));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 20, 300})
    void aFlippedBitIsFound(int at) throws IOException {
        byte[] content = FsSnapshotFormat.encode(SNAPSHOT);
        content[at] ^= 1;
        Path file = Files.write(directory.resolve("file"), content);

        assertThatExceptionOfType(SnapshotCorruptException.class).isThrownBy(() -> FsSnapshotFormat.read(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "notes", "#Holdfast snapshot format=1\na=b\n", "model_snapshot={}\n"})
    void whatIsNoSnapshotOfHoldfastIsToldAsDamaged(String text) throws IOException {
        Path file = Files.writeString(directory.resolve("20261121093000123-snapshot.cfg"), text);

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> FsSnapshotFormat.header(file))
                .withMessageContaining(file.toString());
        assertThatExceptionOfType(SnapshotCorruptException.class).isThrownBy(() -> FsSnapshotFormat.read(file));
    }

    @Test
    void linksAndDirectoriesAreNotFollowedAndAnAbsentFileIsNotDamaged() throws IOException {
        Path file = Files.write(directory.resolve("file"), FsSnapshotFormat.encode(SNAPSHOT));
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);

        assertThatExceptionOfType(SnapshotCorruptException.class).isThrownBy(() -> FsSnapshotFormat.header(link));
        assertThatExceptionOfType(SnapshotCorruptException.class).isThrownBy(() -> FsSnapshotFormat.read(directory));
        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> FsSnapshotFormat.read(directory.resolve("absent")));
    }

    @Test
    void aLaterFormatIsNotDamaged() throws IOException {
        String line = "#holdfast.fs/2 " + SNAPSHOT.header().toLine();
        Path file = Files.writeString(
                directory.resolve("file"), "a=b\n" + line + " crc32c=" + SnapshotFile.crc32c(line) + "\n");

        assertThat(FsSnapshotFormat.header(file)).isEqualTo(SNAPSHOT.header());
        assertThatExceptionOfType(SnapshotFormatTooNewException.class).isThrownBy(() -> FsSnapshotFormat.read(file));
    }

    @Test
    void whatIsLargerThanAnySnapshotIsNotRead() throws IOException {
        Path file = directory.resolve("000000000012-x");
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(1L << 40);
        }

        assertThatThrownBy(() -> FsSnapshotFile.read(file))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContaining("1099511627776 bytes, more than a snapshot may have");
        assertThatThrownBy(() -> FsSnapshotFormat.read(file)).isInstanceOf(SnapshotCorruptException.class);
    }
}
