package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.host.common.FileTrees;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives made to break out or to break down; after each the disc is as it was. */
class ArchiveSafetyTest {

    private static final ArchiveLimits LIMITS = new ArchiveLimits(20 << 20, 100, 50, 1 << 20, Duration.ofSeconds(5));

    @TempDir
    Path directory;

    private Path store;
    private Path work;
    private DirectoryModelStore models;

    @BeforeEach
    void openStore() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        work = directory.resolve("work");
        models = new DirectoryModelStore(store, work, UrlPolicy.storeOnly(), LIMITS);
    }

    @AfterEach
    void closeStore() throws IOException {
        models.close();
        assertThat(files(directory)).allMatch(path -> path.startsWith(store), "lies in the store");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../x",
                "a/../../x",
                "a/..",
                "..",
                ".",
                "./a",
                "/etc/x",
                "//x",
                "a//b",
                "C:x",
                "C:\\x",
                "..\\x",
                "a\\..\\..\\x",
                "a\u0000b",
                "a\nb",
                "\u001b[2J",
                "a:stream",
                "/"
            })
    void aNameThatCouldLeadOutRejectsTheWholeArchive(String name) throws IOException {
        Zips.noop().add(name, "x").write(store.resolve("x.mar"));

        ArchiveException refused = refusal("x.mar");

        assertThat(refused.reason()).isEqualTo(Reason.INVALID);
        assertThat(refused)
                .hasMessageContaining("x.mar")
                .hasMessageNotContaining("\n")
                .hasMessageNotContaining("\u001b");
    }

    @Test
    void aSiblingWhoseNameBeginsLikeTheStagingDirectoryIsNotReached() throws IOException {
        Zips.noop().add("../x.part-evil/x", "x").write(store.resolve("x.mar"));

        assertThat(refusal("x.mar").reason()).isEqualTo(Reason.INVALID);
    }

    @Test
    void overlongNamesAndDeepPathsAreRejected() throws IOException {
        Zips.noop().add("a".repeat(256), "x").write(store.resolve("long.mar"));
        Zips.noop().add("ä".repeat(128), "x").write(store.resolve("bytes.mar"));
        Zips.noop().add("a/".repeat(40) + "x", "x").write(store.resolve("deep.mar"));
        Zips.noop().add("a".repeat(60_000), "x").write(store.resolve("huge.mar"));

        for (String name : List.of("long.mar", "bytes.mar", "deep.mar", "huge.mar")) {
            assertThat(refusal(name)).hasMessageContaining(name);
            assertThat(refusal(name).getMessage().length()).isLessThan(600);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0120777, 0020666, 0060666, 0010666, 0140777})
    void linksAndDevicesRejectTheWholeArchive(int mode) throws IOException {
        Zips.noop()
                .add("link", "/etc/passwd".getBytes(java.nio.charset.StandardCharsets.UTF_8), mode)
                .write(store.resolve("x.mar"));

        assertThat(refusal("x.mar")).hasMessageContaining("link or a device");
    }

    @ParameterizedTest
    @ValueSource(strings = {"A.txt", "a.TXT", "a.txt"})
    void namesThatDifferOnlyInCaseAreRejected(String second) throws IOException {
        Zips.noop().add("a.txt", "1").add(second, "2").write(store.resolve("x.mar"));

        assertThat(refusal("x.mar")).hasMessageContaining("twice");
    }

    @Test
    void accentsWrittenInTwoWaysAreTheSameName() throws IOException {
        Zips.noop().add("\u00e4", "1").add("a\u0308", "2").write(store.resolve("x.mar"));

        assertThat(refusal("x.mar")).hasMessageContaining("twice");
    }

    @Test
    void aNameThatIsBothAFileAndADirectoryIsRejected() throws IOException {
        Zips.noop().add("a", "1").add("a/b", "2").write(store.resolve("x.mar"));
        Zips.noop().add("a/b", "2").add("a", "1").write(store.resolve("y.mar"));

        assertThat(refusal("x.mar")).hasMessageContaining("both as a file and a directory");
        assertThat(refusal("y.mar")).hasMessageContaining("both as a file and a directory");
    }

    @Test
    void aBombStopsAtTheRatioAndAtTheTotal() throws IOException {
        compressed("ratio.mar", 19 << 20);
        compressed("total.mar", 64 << 20);

        assertThat(refusal("ratio.mar").reason()).isEqualTo(Reason.TOO_BIG);
        assertThat(refusal("total.mar").reason()).isEqualTo(Reason.TOO_BIG);
    }

    @Test
    void tooManyEntriesAreRefusedHoweverManyTheEndRecordClaims() throws IOException {
        Zips many = Zips.noop();
        for (int i = 0; i < 100; i++) {
            many.add("f" + i, "");
        }
        many.write(store.resolve("honest.mar"));
        many.write(store.resolve("few.mar"), 1);

        assertThat(refusal("honest.mar").reason()).isEqualTo(Reason.TOO_BIG);
        assertThat(refusal("few.mar").reason()).isEqualTo(Reason.TOO_BIG);
    }

    @Test
    void aMillionEntriesAreRefusedBeforeTheyAreRead() throws IOException {
        Path file = store.resolve("million.mar");
        try (ZipOutputStream zip =
                new ZipOutputStream(new java.io.BufferedOutputStream(Files.newOutputStream(file), 1 << 20))) {
            for (int i = 0; i < 1_000_000; i++) {
                ZipEntry entry = new ZipEntry("d" + i + "/");
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(0);
                entry.setCrc(0);
                zip.putNextEntry(entry);
            }
        }

        assertThat(refusal("million.mar").reason()).isEqualTo(Reason.TOO_BIG);
    }

    @Test
    void lyingSizesAndSumsAreFoundOut() throws IOException {
        Zips.noop().addLying("a", "content", 3, 0).write(store.resolve("short.mar"));
        Zips.noop().addLying("a", "content", 30, 0).write(store.resolve("long.mar"));
        Zips.noop().addLying("a", "content", 7, 1).write(store.resolve("sum.mar"));
        Zips.noop().addLying("a", "content", Integer.MAX_VALUE, 0).write(store.resolve("huge.mar"));

        assertThat(refusal("short.mar")).hasMessageContaining("damaged");
        assertThat(refusal("long.mar")).hasMessageContaining("damaged");
        assertThat(refusal("sum.mar")).hasMessageContaining("check sum");
        assertThat(refusal("huge.mar").reason()).isIn(Reason.TOO_BIG, Reason.INVALID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{",
                "{} {}",
                "{\"model\":1}",
                "{\"model\":{\"handler\":\"noop\",\"modelName\":\"../x\"}}",
                "{\"model\":{\"handler\":\"noop\",\"modelName\":\"a b\"}}",
                "{\"model\":{\"handler\":\"noop\",\"modelName\":\"..\"}}",
                "{\"model\":{\"handler\":\"noop\",\"modelVersion\":\"a/b\"}}",
                "{\"model\":{\"handler\":\"noop\",\"modelVersion\":[]}}",
                "{\"model\":{\"handler\":\"noop\",\"handler\":\"echo\"}}",
                "{\"model\":{\"serializedFile\":\"../../store/x.mar\"}}",
                "{\"model\":{\"serializedFile\":\"/etc/passwd\"}}",
                "{\"model\":{\"serializedFile\":\"absent.onnx\"}}",
                "{\"model\":{\"labels\":{}}}",
                "{\"model\":{\"labels\":[{}]}}",
                "{\"model\":{\"modelVersion\":NaN}}"
            })
    void aDamagedManifestIsNamedWithItsFault(String manifest) throws IOException {
        new Zips().add("MAR-INF/MANIFEST.json", manifest).write(store.resolve("x.mar"));

        ArchiveException refused = refusal("x.mar");

        assertThat(refused.reason()).isEqualTo(Reason.INVALID);
        assertThat(refused).hasMessageContaining("x.mar");
    }

    @Test
    void deepAndHugeManifestsAreRefusedInBoundedMemory() throws IOException {
        new Zips().add("manifest.json", "{\"a\":".repeat(5000)).write(store.resolve("deep.mar"));
        new Zips()
                .add("manifest.json", "{\"a\":\"" + "x".repeat(2 << 20) + "\"}")
                .write(store.resolve("huge.mar"));
        new Zips()
                .add("manifest.json", "{\"modelVersion\":1e" + "9".repeat(2000) + "}")
                .write(store.resolve("number.mar"));

        assertThat(refusal("deep.mar")).hasMessageContaining("manifest.json");
        assertThat(refusal("huge.mar")).hasMessageContaining("manifest.json");
        assertThat(refusal("number.mar")).hasMessageContaining("manifest.json");
    }

    @Test
    void linksOutOfTheStoreAreRefusedAndNotListed() throws IOException {
        Path outside = Files.createDirectory(directory.resolve("store-evil"));
        Zips.noop().write(outside.resolve("x.mar"));
        Files.createDirectory(outside.resolve("d"));
        Files.writeString(outside.resolve("d/manifest.json"), "{\"handler\":\"noop\"}");
        Files.createSymbolicLink(store.resolve("x.mar"), outside.resolve("x.mar"));
        Files.createSymbolicLink(store.resolve("d"), outside.resolve("d"));
        Files.createSymbolicLink(store.resolve("self"), store);
        Files.createSymbolicLink(store.resolve("loop.mar"), store.resolve("loop.mar"));

        assertThat(models.list()).isEmpty();
        assertThat(refusal("x.mar").reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(refusal("d").reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(refusal("self").reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(refusal("loop.mar")).hasMessageContaining("loop.mar");
        FileTrees.delete(outside);
    }

    @Test
    void aLinkOutOfADirectoryArchiveIsRefusedBeforeItIsRead() throws IOException {
        Path outside = Files.writeString(directory.resolve("secret.json"), "{\"handler\":\"noop\"}");
        Path archive = Files.createDirectory(store.resolve("d"));
        Files.createSymbolicLink(archive.resolve("manifest.json"), outside);

        assertThat(refusal("d").reason()).isEqualTo(Reason.NOT_ALLOWED);
        Files.delete(outside);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../store/x.mar",
                "../x.mar",
                "a/../x.mar",
                "/etc/passwd",
                "file:///etc/passwd",
                "file:///etc/../etc/passwd",
                "file://host/x.mar",
                "file:x.mar",
                "jar:file:/x.mar!/a",
                "ftp://example.com/x.mar",
                "s3://bucket/x.mar",
                "C:\\x.mar",
                "x\u0000.mar",
                "x\n.mar",
                "%2e%2e",
                ".hidden.mar",
                "..",
                ".",
                "/"
            })
    void aLocationOutsideTheStoreIsRefused(String location) {
        ArchiveException refused = refusal(location);

        assertThat(refused.reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(refused).hasMessageNotContaining("\n");
    }

    @Test
    void aPathWhoseTextBeginsLikeTheStoresIsOutside() throws IOException {
        Path sibling = Files.createDirectory(directory.resolve("store2"));
        Zips.noop().write(sibling.resolve("x.mar"));

        assertThat(refusal(sibling.resolve("x.mar").toString()).reason()).isEqualTo(Reason.NOT_ALLOWED);
        assertThat(refusal(sibling.resolve("x.mar").toUri().toString()).reason())
                .isEqualTo(Reason.NOT_ALLOWED);
        FileTrees.delete(sibling);
    }

    @Test
    void hugeNamesGiveShortMessages() {
        assertThat(refusal("x".repeat(10_000)).getMessage()).hasSizeLessThan(600);
        assertThat(refusal("http://" + "x".repeat(10_000)).getMessage()).hasSizeLessThan(600);
    }

    @Test
    void aFileThatIsNoArchiveIsRefused() throws IOException {
        Files.writeString(store.resolve("x.mar"), "no zip");
        Files.writeString(store.resolve("empty.mar"), "");
        Files.writeString(store.resolve("x.pt"), "weights");

        assertThat(refusal("x.mar")).hasMessageContaining("no zip file");
        assertThat(refusal("empty.mar")).hasMessageContaining("no zip file");
        assertThat(refusal("x.pt")).hasMessageContaining("no known kind");
        assertThatThrownBy(() -> models.open("absent.mar")).hasMessage("Model not found at: absent.mar");
        assertThatThrownBy(() -> models.open(" ")).hasMessage("empty url");
    }

    private ArchiveException refusal(String location) {
        ArchiveException refused = catchThrowableOfType(ArchiveException.class, () -> models.open(location));
        assertThat(refused).as("the refusal of %s", location).isNotNull();
        return refused;
    }

    /** An archive with a file of nothing but zeros. */
    private void compressed(String name, int size) throws IOException {
        try (OutputStream out = Files.newOutputStream(store.resolve(name));
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("manifest.json"));
            zip.write("{\"handler\":\"noop\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            for (int i = 0; i < size >> 20; i++) {
                zip.putNextEntry(new ZipEntry("zeros" + i));
                zip.write(new byte[1 << 20]);
            }
        }
    }

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> tree = Files.walk(root)) {
            return tree.filter(path -> Files.isRegularFile(path)).toList();
        }
    }
}
