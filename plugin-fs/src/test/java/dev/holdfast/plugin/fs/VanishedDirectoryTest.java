package dev.holdfast.plugin.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.SoftAssertions.assertSoftly;

import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testkit.TestSnapshots;
import dev.holdfast.testsupport.Tmpfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
import org.junit.jupiter.params.provider.EnumSource;

/** A directory that is gone, or is another one and empty, is no empty store: nothing is told of it, and nothing made. */
class VanishedDirectoryTest {

    private static final String ID = "a".repeat(64);

    @TempDir(factory = InMemoryDirectory.class)
    private Path temp;

    private Path base() {
        return temp.resolve("disk").resolve("config");
    }

    private Path kept() {
        return temp.resolve("kept");
    }

    private SnapshotSerializer open(String group) {
        return new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", temp)
                        .group(group)
                        .values(Map.of("directory", base().toString()))
                        .build());
    }

    private static Snapshot snapshot(String group, int revision) {
        return TestSnapshots.snapshot(group, revision);
    }

    /** How the directory of a store may go. */
    private enum Way {
        REMOVED,
        REMOVED_WITH_ALL_ABOVE,
        EMPTY_IN_ITS_PLACE,
        EMPTIED,
        ANOTHERS_FILES_IN_ITS_PLACE;

        void of(Path base, Path kept) throws IOException {
            if (this == EMPTIED) {
                // The number of a removed directory may become that of the next one, so this has to do for both.
                Files.createDirectory(kept);
                for (Path file : list(base)) {
                    Files.move(file, kept.resolve(file.getFileName()));
                }
                return;
            }
            Files.move(base, kept);
            switch (this) {
                case REMOVED -> {}
                case REMOVED_WITH_ALL_ABOVE -> Files.delete(base.getParent());
                case EMPTY_IN_ITS_PLACE -> Files.createDirectory(base);
                default -> {
                    Files.createDirectories(base.resolve("lost+found"));
                    Files.writeString(base.resolve("NOT-MOUNTED"), "mount the disk here");
                }
            }
        }

        static void undo(Path base, Path kept) throws IOException {
            if (Files.exists(base)) {
                CrashStates.delete(base);
            }
            Files.createDirectories(base.getParent());
            Files.move(kept, base);
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.toList();
        }
    }

    private static List<String> tree(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.map(file -> directory.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }

    private static long last(SnapshotSerializer store) {
        return store.getLast().orElseThrow().header().revision();
    }

    private static Map<String, ThrowingCallable> operations(SnapshotSerializer store, String group) {
        ChunkStore chunks = store.chunks().orElseThrow();
        Map<String, ThrowingCallable> all = new LinkedHashMap<>();
        all.put("getLast", store::getLast);
        all.put("get", () -> store.get(TestSnapshots.name(2)));
        all.put("get of none", () -> store.get("no-such-snapshot"));
        all.put("list", () -> store.list(ListRequest.firstPage(10)));
        all.put("count", store::count);
        all.put("delete", () -> store.delete(TestSnapshots.name(1)));
        all.put("save", () -> store.save(snapshot(group, 4)));
        all.put(
                "save that follows",
                () -> store.save(Snapshot.create(
                        TestSnapshots.header(group, 4)
                                .follows(TestSnapshots.snapshot(group, 3)
                                        .header()
                                        .saveId()),
                        TestSnapshots.text(4))));
        all.put("chunks.get", () -> chunks.get(Set.of(ID)));
        all.put("chunks.missing", () -> chunks.missing(Set.of(ID)));
        all.put("chunks.list", () -> chunks.list("", 10));
        all.put("chunks.put", () -> chunks.put(Map.of("b".repeat(64), new byte[3])));
        all.put("chunks.delete", () -> chunks.delete(Set.of(ID), Instant.MAX));
        return all;
    }

    private static void assertAllRefused(SnapshotSerializer store, String group, Path directory) {
        assertSoftly(all -> operations(store, group)
                .forEach((name, operation) -> all.assertThatThrownBy(operation)
                        .as(name)
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining(directory.toString())
                        .hasMessageContaining("Mount its file system again")
                        .hasMessageContaining("start the host again")));
    }

    @ParameterizedTest
    @EnumSource
    void whatWasThereAndIsGoneIsRefusedByEveryCallUntilItIsBack(Way way) throws IOException {
        for (String group : List.of("default", "prod")) {
            for (boolean writes : List.of(true, false)) {
                fill(group);
                try (SnapshotSerializer store = open(group)) {
                    if (writes) {
                        store.save(snapshot(group, 3));
                    }
                    way.of(base(), kept());
                    List<String> before = tree(temp);

                    assertAllRefused(store, group, base());
                    assertThat(tree(temp)).as("nothing is made anew").isEqualTo(before);

                    Way.undo(base(), kept());
                    assertThat(last(store)).isEqualTo(writes ? 3 : 2);
                    assertThat(store.chunks().orElseThrow().missing(Set.of(ID))).isEmpty();
                    store.save(snapshot(group, 4));
                    assertThat(last(store)).isEqualTo(4);
                }
                CrashStates.delete(temp.resolve("disk"));
            }
        }
    }

    private void fill(String group) {
        try (SnapshotSerializer store = open(group)) {
            store.save(snapshot(group, 1));
            store.save(snapshot(group, 2));
            store.chunks().orElseThrow().put(Map.of(ID, new byte[1]));
        }
    }

    @Test
    void aStoreOfChunksAloneIsNoEmptyOneEither() throws IOException {
        try (SnapshotSerializer store = open("default")) {
            store.chunks().orElseThrow().put(Map.of(ID, new byte[1]));
            Way.EMPTY_IN_ITS_PLACE.of(base(), kept());

            assertAllRefused(store, "default", base());
        }
    }

    @Test
    void snapshotsThatTorchServeWroteAreSomethingTooThoughNoHiddenDirectoryIsThere() throws IOException {
        Files.createDirectories(base());
        Files.writeString(base().resolve("20261121093000000-startup.cfg"), "model_snapshot={\"modelCount\"\\: 1}\n");
        try (SnapshotSerializer store = open("default")) {
            assertThat(store.getLast()).isPresent();
            Way.EMPTY_IN_ITS_PLACE.of(base(), kept());

            assertAllRefused(store, "default", base());
        }
    }

    @Test
    void aCopyThatIsPutInItsPlaceIsTheStoreFromThenOnAndHasAWriterOfItsOwn() throws Exception {
        fill("default");
        try (SnapshotSerializer store = open("default")) {
            assertThat(run("cp", "-r", base().toString(), kept().toString())).isZero();
            for (int revision = 3; revision <= 5; revision++) {
                store.save(snapshot("default", revision));
            }
            CrashStates.delete(base());
            Files.move(kept(), base());

            assertThat(last(store)).isEqualTo(2);
            store.save(snapshot("default", 3));

            assertThat(last(store)).isEqualTo(3);
            try (SnapshotSerializer other = open("default")) {
                assertThatThrownBy(() -> other.save(snapshot("default", 4)))
                        .as("the lock is that of the directory which is there now")
                        .isInstanceOf(StoreUnavailableException.class)
                        .hasMessageContaining("one writer at a time");
            }
        }
    }

    @Test
    void anEmptyStoreWhoseDirectoryGoesAndComesIsStillEmpty() throws IOException {
        Files.createDirectories(base());
        try (SnapshotSerializer store = open("default")) {
            assertThat(store.getLast()).isEmpty();
            Files.delete(base());
            Files.createDirectory(base());

            assertThat(store.getLast()).isEmpty();
            store.save(snapshot("default", 1));
            assertThat(store.getLast()).isPresent();
        }
    }

    @Test
    void aDirectoryThatGoesInTheMiddleOfASaveIsNotMadeAnew() throws IOException {
        fill("default");
        for (String operation : List.of("stat config", "list config", "open state", "create temp", "link")) {
            Faults disk = new Faults(Faults.Mutant.NONE);
            try (FsSnapshotSerializer store =
                    new FsSnapshotSerializer(new FaultyFileSystem(disk).wrap(base()), "default", "here", "boot")) {
                assertThat(store.getLast()).isPresent();
                disk.onOperation(name -> {
                    if (name.startsWith(operation) && Files.exists(base())) {
                        move(base(), kept());
                    }
                });
                try {
                    store.save(snapshot("default", 3));
                    assertThat(base())
                            .as("%s is not one of the operations of a save", operation)
                            .exists();
                } catch (StoreUnavailableException e) {
                    assertThat(base()).as(operation).doesNotExist();
                    move(kept(), base());
                }
            }
        }
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aDiskThatIsUnmountedIsRefusedAndItsMountPointStaysEmpty() throws Exception {
        Path point = temp.resolve("disk");
        Path disk = Tmpfs.mount(temp.resolve("other"), "size=4m");
        try {
            Files.createDirectories(point);
            assertThat(run("mount", "--bind", disk.toString(), point.toString()))
                    .isZero();
            fill("prod");
            try (SnapshotSerializer store = open("prod")) {
                store.save(snapshot("prod", 3));
                Tmpfs.unmount(point);

                assertAllRefused(store, "prod", base());
                assertThat(list(point)).isEmpty();

                assertThat(run("mount", "--bind", disk.toString(), point.toString()))
                        .isZero();
                assertThat(last(store)).isEqualTo(3);
                store.save(snapshot("prod", 4));
            }
        } finally {
            Tmpfs.unmount(point);
            Tmpfs.unmount(disk);
        }
    }

    private static int run(String... command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    // What it costs

    @ParameterizedTest
    @CsvSource({"false, 300, 3000", "true, 300, 3000"})
    void theLastOneIsFoundByAsManyReadsHoweverManySnapshotsThereAre(boolean torchServe, int few, int many)
            throws IOException {
        assertThat(readsOfGetLast(torchServe, few)).isPositive().isEqualTo(readsOfGetLast(torchServe, many));
    }

    private int readsOfGetLast(boolean torchServe, int snapshots) throws IOException {
        Path directory = temp.resolve("of" + snapshots);
        Files.createDirectories(directory);
        if (torchServe) {
            Files.writeString(
                    directory.resolve("20201121093000000-startup.cfg"), "model_snapshot={\"modelCount\"\\: 1}\n");
        }
        Faults disk = new Faults(Faults.Mutant.NONE);
        try (FsSnapshotSerializer store =
                new FsSnapshotSerializer(new FaultyFileSystem(disk).wrap(directory), "default", "here", "boot")) {
            for (int revision = 1; revision <= snapshots; revision++) {
                store.save(snapshot("default", revision));
            }
            assertThat(last(store)).isEqualTo(snapshots);
            int[] reads = {0};
            disk.onOperation(name -> reads[0]++);
            Snapshot unused = store.getLast().orElseThrow();
            return reads[0];
        }
    }
}
