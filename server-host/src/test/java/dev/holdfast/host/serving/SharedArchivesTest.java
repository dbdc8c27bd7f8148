package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.TestArchives;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives on their way from one host's model store through the chunks of a snapshot store to another's. */
class SharedArchivesTest {

    private static final String LATER = "9999-12-31T00:00:00Z";

    @TempDir
    private Path directory;

    private Path here;
    private Path there;
    private SnapshotSerializer serializer;
    private ChunkStore chunks;
    private StateStore states;
    private DirectoryModelStore ours;
    private DirectoryModelStore theirs;
    private SharedArchives sharing;
    private SharedArchives fetching;

    @BeforeEach
    void twoModelStoresAndChunks() throws IOException {
        here = Files.createDirectory(directory.resolve("here"));
        there = Files.createDirectory(directory.resolve("there"));
        serializer = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", directory.resolve("logs")).build());
        chunks = serializer.chunks().orElseThrow();
        states = new StateStore(chunks, Codec.none(), List.of(Codec.none()), 2);
        ours = modelStore(here);
        theirs = modelStore(there);
        sharing = SharedArchives.on(name -> ours.files(), () -> Optional.of(states), () -> ServingState.EMPTY);
        fetching = SharedArchives.on(name -> theirs.files(), () -> Optional.of(states), () -> ServingState.EMPTY);
    }

    private DirectoryModelStore modelStore(Path store) {
        return new DirectoryModelStore(
                store, directory.resolve("work"), UrlPolicy.of("", false), ArchiveLimits.defaults());
    }

    @AfterEach
    void close() {
        ours.close();
        theirs.close();
        states.close();
        serializer.close();
    }

    private ServedVersion shared(String fileName) {
        String sha256;
        try (Archive archive = ours.open(fileName)) {
            sha256 = archive.sha256();
        }
        return States.version(fileName, 1, 1)
                .withArchiveSha256(sha256)
                .withShared(Optional.of(
                        sharing.share(fileName, sha256, ServingState.EMPTY).orElseThrow()));
    }

    private void fetch(ServedVersion version) {
        fetching.fetched(version, () -> theirs.open(version.archive()))
                .orElseThrow()
                .close();
    }

    private Set<String> ids(ServedVersion version) {
        return states.reader().find(version.shared().orElseThrow()).chunkIds();
    }

    @Test
    void aFileArrivesWithItsContentForItsOwnerAloneAndGoesAgainWhenNothingUsesIt() throws IOException {
        TestArchives.noop(here, "noop.mar", "noop", "1.0");

        fetch(shared("noop.mar"));

        assertThat(there.resolve("noop.mar")).hasSameBinaryContentAs(here.resolve("noop.mar"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(there.resolve("noop.mar"))))
                .isEqualTo("rw-------");
        assertThat(half()).isEmpty();
        theirs.forget("noop.mar");
        assertThat(there.resolve("noop.mar")).doesNotExist();
    }

    @Test
    void aDirectoryArrivesWithAllItsFiles() throws IOException {
        TestArchives.forest(here);
        Files.createDirectory(here.resolve("forest-1.0/more"));
        Files.writeString(here.resolve("forest-1.0/more/empty file ü.txt"), "");
        ServedVersion version = shared("forest-1.0");

        fetch(version);

        assertThat(there.resolve("forest-1.0/more/empty file ü.txt")).isEmptyFile();
        try (Archive archive = theirs.open("forest-1.0")) {
            assertThat(archive.sha256()).isEqualTo(version.archiveSha256().orElseThrow());
        }
    }

    @Test
    void aLargeFileIsCutIntoManyChunksAndIsTheSameAfterwards() throws IOException {
        byte[] bytes = new byte[9_000_000];
        new Random(7).nextBytes(bytes);
        Files.write(here.resolve("big.onnx"), bytes);

        ServedVersion version = shared("big.onnx");
        fetch(version);

        assertThat(ids(version)).hasSizeGreaterThan(30);
        assertThat(there.resolve("big.onnx")).hasBinaryContent(bytes);
    }

    @Test
    void equalArchivesOfTwoNamesAreTheSameChunks() throws IOException {
        TestArchives.noop(here, "a.mar", "noop", "1.0");
        Files.copy(here.resolve("a.mar"), here.resolve("b.mar"));

        assertThat(shared("a.mar").shared()).isEqualTo(shared("b.mar").shared());
        fetch(shared("b.mar"));
        assertThat(there.resolve("b.mar")).exists();
    }

    @Test
    void whatIsServedAlreadyIsNotPutAgain() {
        TestArchives.noop(here, "a.mar", "noop", "1.0");
        ServedVersion version = shared("a.mar");
        ServingState served = ServingState.EMPTY.with("m", ServedModel.of("1.0", version));
        chunks.delete(ids(version), Instant.parse(LATER));

        assertThat(sharing.share("a.mar", version.archiveSha256().orElseThrow(), served))
                .isEqualTo(version.shared());

        assertThat(chunks.list("", 10)).isEmpty();
    }

    @Test
    void aMissingChunkIsNamedAndNothingIsLeftAndItIsFetchedOnceTheChunkIsBack() throws IOException {
        Files.write(here.resolve("big.onnx"), new byte[] {1, 2, 3});
        ServedVersion version = shared("big.onnx");
        String root = version.shared().orElseThrow().root().id();
        String content = ids(version).stream()
                .filter(id -> !id.equals(root))
                .filter(id ->
                        new String(chunks.get(List.of(id)).get(id), StandardCharsets.ISO_8859_1).contains("\1\2\3"))
                .findFirst()
                .orElseThrow();
        chunks.delete(List.of(content), Instant.parse(LATER));

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> fetch(version))
                .withMessageStartingWith(
                        "Model not found at: big.onnx, and it cannot be fetched from the snapshot store: ")
                .withMessageContaining(content)
                .withMessageContaining("missing");
        try (Stream<Path> left = Files.list(there)) {
            assertThat(left).isEmpty();
        }

        shared("big.onnx");
        fetch(version);
        assertThat(there.resolve("big.onnx")).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void anotherContentThanTheRegisteredOneIsRefusedWithBothDigests() throws IOException {
        TestArchives.noop(here, "a.mar", "noop", "1.0");
        TestArchives.noop(here, "b.mar", "other", "1.0");
        ServedVersion a = shared("a.mar");
        ServedVersion wrong = a.withShared(shared("b.mar").shared());

        assertThatExceptionOfType(ArchiveException.class)
                .isThrownBy(() -> fetch(wrong))
                .withMessageContaining(a.archiveSha256().orElseThrow())
                .withMessageContaining(shared("b.mar").archiveSha256().orElseThrow());
        assertThat(there.resolve("a.mar")).doesNotExist();
    }

    @Test
    void aFileThatIsThereIsNeverReplaced() throws IOException {
        TestArchives.noop(here, "a.mar", "noop", "1.0");
        ServedVersion version = shared("a.mar");
        TestArchives.noop(there, "a.mar", "other", "1.0");
        byte[] before = Files.readAllBytes(there.resolve("a.mar"));

        fetch(version);
        fetching.bringFor(ServingState.EMPTY.with("m", ServedModel.of("1.0", version)));

        assertThat(there.resolve("a.mar")).hasBinaryContent(before);
    }

    @Test
    void aPathThatLeadsOutOfTheModelStoreIsRefused() {
        for (String path : List.of("../x", "./../../x", "/etc/x", ".hidden", "elsewhere/x", "./a/../../x")) {
            ArchiveCapture capture = new ArchiveCapture(
                    new StateFormat("archive", 1, "aa"), List.of(part("names", path + "\n"), part("0", "x")));
            StateReference reference = states.writer()
                    .write(capture, StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
            ServedVersion version =
                    States.version("a.mar", 1, 1).withArchiveSha256("aa").withShared(Optional.of(reference));

            assertThatExceptionOfType(ArchiveException.class)
                    .as(path)
                    .isThrownBy(() -> fetch(version))
                    .withMessageContaining("a.mar");
            assertThat(directory.resolve("x")).doesNotExist();
            assertThat(there).isEmptyDirectory();
        }
    }

    private static StatePart part(String name, String text) {
        return StatePart.of(name, text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void manyWhoLackOneArchiveFetchItOnce() throws Exception {
        TestArchives.noop(here, "a.mar", "noop", "1.0");
        ServedVersion version = shared("a.mar");
        ExecutorService pool = Executors.newFixedThreadPool(8);
        try {
            Callable<Boolean> one = () -> {
                fetch(version);
                return true;
            };
            for (var done : pool.invokeAll(List.of(one, one, one, one, one, one, one, one))) {
                assertThat(done.get()).isTrue();
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(half()).isEmpty();
    }

    @Test
    void aStoreThatKeepsNoChunksGetsNothingAndAHostThatSharesNothingFetchesNothing() {
        TestArchives.noop(here, "a.mar", "noop", "1.0");
        ServedVersion version = shared("a.mar");
        SharedArchives none = SharedArchives.on(name -> ours.files(), Optional::empty, () -> ServingState.EMPTY);

        assertThat(none.share("a.mar", version.archiveSha256().orElseThrow(), ServingState.EMPTY))
                .isEmpty();
        assertThat(none.notices()).isEmpty();
        assertThat(SharedArchives.off().fetched(version, () -> theirs.open("a.mar")))
                .isEmpty();
    }

    @Test
    void anArchiveThatChangesWhileItIsPutIsNotSharedAndThatIsSaid() {
        TestArchives.noop(here, "a.mar", "noop", "1.0");

        assertThat(sharing.share("a.mar", "0".repeat(64), ServingState.EMPTY)).isEmpty();

        assertThat(sharing.notices())
                .singleElement()
                .asString()
                .startsWith(
                        "Archive a.mar is not in the snapshot store, so a host that lacks it cannot load its models;")
                .endsWith("Archive a.mar is not the one that was loaded any more");
    }

    /** What a fetch leaves that was cut off. */
    private List<Path> half() throws IOException {
        try (Stream<Path> entries = Files.list(there)) {
            return entries.filter(entry -> entry.getFileName().toString().endsWith(".part"))
                    .toList();
        }
    }
}
