package dev.holdfast.plugin.jdbc;

import static dev.holdfast.testkit.TestSnapshots.name;
import static dev.holdfast.testkit.TestSnapshots.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A database's file that is gone, alone or with its directory, is no empty store: nothing is told of it, and nothing made. */
class VanishedDatabaseTest {

    private static final String ID = "a".repeat(64);

    @TempDir
    private Path temp;

    private Path disk() {
        return temp.resolve("disk");
    }

    private Path kept() {
        return temp.resolve("kept");
    }

    private SnapshotSerializer open(String kind) {
        return new JdbcSnapshotSerializerFactory().open(Configs.of(kind + disk().resolve("x"), "default"));
    }

    private enum Way {
        REMOVED,
        EMPTY_IN_ITS_PLACE,
        EMPTIED
    }

    private void takeAway(Way way) throws IOException {
        if (way == Way.EMPTIED) {
            Files.createDirectory(kept());
            for (Path file : list(disk())) {
                Files.move(file, kept().resolve(file.getFileName()));
            }
            return;
        }
        Files.move(disk(), kept());
        if (way == Way.EMPTY_IN_ITS_PLACE) {
            Files.createDirectory(disk());
        }
    }

    private void putBack() throws IOException {
        Files.deleteIfExists(disk());
        Files.move(kept(), disk());
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.toList();
        }
    }

    private static Map<String, ThrowingCallable> operations(SnapshotSerializer store) {
        ChunkStore chunks = store.chunks().orElseThrow();
        Map<String, ThrowingCallable> all = new LinkedHashMap<>();
        all.put("getLast", store::getLast);
        all.put("get", () -> store.get(name(1)));
        all.put("list", () -> store.list(ListRequest.firstPage(10)));
        all.put("count", store::count);
        all.put("delete", () -> store.delete(name(1)));
        all.put("save", () -> store.save(snapshot("default", 2)));
        all.put("chunks.get", () -> chunks.get(Set.of(ID)));
        all.put("chunks.missing", () -> chunks.missing(Set.of(ID)));
        all.put("chunks.list", () -> chunks.list("", 10));
        all.put("chunks.put", () -> chunks.put(Map.of("b".repeat(64), new byte[3])));
        all.put("chunks.delete", () -> chunks.delete(Set.of(ID), Instant.MAX));
        return all;
    }

    private static void assertAllRefused(SnapshotSerializer store, Path file) {
        assertSoftly(all -> operations(store)
                .forEach((name, operation) -> all.assertThatThrownBy(operation)
                        .as(name)
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining(file.toString())
                        .hasMessageContaining("Mount its file system again")
                        .hasMessageContaining("start the host again")));
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:sqlite:, REMOVED",
        "jdbc:sqlite:, EMPTY_IN_ITS_PLACE",
        "jdbc:sqlite:, EMPTIED",
        "jdbc:h2:file:, REMOVED",
        "jdbc:h2:file:, EMPTY_IN_ITS_PLACE",
        "jdbc:h2:file:, EMPTIED"
    })
    void whatWasThereAndIsGoneIsRefusedByEveryCallUntilItIsBack(String kind, Way way) throws IOException {
        for (boolean used : List.of(true, false)) {
            try (SnapshotSerializer before = open(kind)) {
                if (!used) {
                    assertThat(before.getLast()).as("of the first round").isPresent();
                    assertThat(before.delete(name(2))).isTrue();
                } else {
                    before.save(snapshot("default", 1));
                    before.chunks().orElseThrow().put(Map.of(ID, new byte[1]));
                }
            }
            try (SnapshotSerializer store = open(kind)) {
                if (used) {
                    assertThat(store.getLast()).isPresent();
                }
                takeAway(way);

                assertAllRefused(store, disk().resolve("x"));
                assertThat(Files.exists(disk()) ? list(disk()) : List.of())
                        .as("nothing is made anew")
                        .isEmpty();

                putBack();
                assertThat(store.getLast().orElseThrow().header().revision()).isEqualTo(1);
                assertThat(store.chunks().orElseThrow().missing(Set.of(ID))).isEmpty();
                store.save(snapshot("default", 2));
                assertThat(store.getLast().orElseThrow().header().revision()).isEqualTo(2);
            }
        }
    }

    @Test
    void anEmptyFileInThePlaceOfTheDatabaseIsNoEmptyStore() throws IOException {
        try (SnapshotSerializer store = open("jdbc:sqlite:")) {
            store.save(snapshot("default", 1));
            Files.move(disk(), kept());
            Files.createDirectory(disk());
            Files.createFile(disk().resolve("x"));

            assertThatThrownBy(store::getLast).isInstanceOf(StoreUnavailableException.class);
            assertAllRefused(store, disk().resolve("x"));
            assertThat(disk().resolve("x")).isEmptyFile();

            Files.delete(disk().resolve("x"));
            putBack();
            assertThat(store.getLast()).isPresent();
        }
    }

    @Test
    void aDatabaseThatWasNeverThereIsAnEmptyStore() {
        try (SnapshotSerializer store = open("jdbc:sqlite:")) {
            assertThat(store.getLast()).isEmpty();
            assertThat(disk()).doesNotExist();
            store.save(snapshot("default", 1));
            assertThat(store.getLast()).isPresent();
        }
    }

    // Whose it is

    @Test
    void aDatabaseThatEveryoneMayWriteOrThatIsALinkIsRefused() throws IOException {
        try (SnapshotSerializer store = open("jdbc:sqlite:")) {
            store.save(snapshot("default", 1));
        }
        Path file = disk().resolve("x");
        for (Path path : List.of(disk(), file)) {
            Set<PosixFilePermission> before = Files.getPosixFilePermissions(path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
            assertThatThrownBy(() -> open("jdbc:sqlite:"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(path + " may be written by everyone")
                    .hasMessageContaining("chmod o-w " + path);
            Files.setPosixFilePermissions(path, before);
        }

        Files.move(file, disk().resolve("y"));
        Files.createSymbolicLink(file, disk().resolve("y"));

        assertThatThrownBy(() -> open("jdbc:sqlite:"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(file + " is a link, which is not followed");
    }
}
