package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives that TorchServe takes beside {@code .mar} files, and the ways in which its users name them. */
class TarArchivesTest {

    private static final ArchiveLimits LIMITS = new ArchiveLimits(1 << 20, 20, 200, 1 << 20, Duration.ofMinutes(1));

    @RegisterExtension
    final LogLines log = new LogLines(DirectoryModelStore.class);

    @TempDir
    Path directory;

    private Path store;
    private DirectoryModelStore models;

    @BeforeEach
    void openStore() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        models = store(UrlPolicy.storeOnly());
    }

    private DirectoryModelStore store(UrlPolicy urls) {
        return new DirectoryModelStore(store, directory.resolve("work"), urls, LIMITS);
    }

    @AfterEach
    void nothingIsLeftUnpacked() throws IOException {
        models.close();
        if (Files.exists(directory.resolve("work"))) {
            try (Stream<Path> left = Files.list(directory.resolve("work"))) {
                assertThat(left).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"noop.tar.gz", "noop.tgz"})
    void aTarFileIsAnArchiveBelowADirectoryWithTheModelsNameOrNot(String file) throws IOException {
        Tars.noop().add("noop/handler.py", "pass").add("noop/sub/", '5', "", 0).write(store.resolve(file));
        new Tars()
                .add("./MAR-INF/MANIFEST.json", Zips.NOOP)
                .add("./a/b.txt", "b")
                .write(store.resolve("flat.tgz"));

        try (Archive archive = models.open(file);
                Archive flat = models.open("flat.tgz")) {
            assertThat(archive.manifest().modelVersion()).isEqualTo("1.11");
            assertThat(archive.root().resolve("handler.py")).hasContent("pass");
            assertThat(archive.root().resolve("sub")).isDirectory();
            assertThat(flat.manifest().modelName()).isEqualTo("noop");
            assertThat(flat.root().resolve("a/b.txt")).hasContent("b");
        }
        assertThat(models.list()).containsExactly("flat.tgz", file);
    }

    @Test
    void longNamesOfBothKindsAreRead() throws IOException {
        String deep = "noop/" + "long".repeat(40) + "/x.txt";
        String record = " path=" + deep + "\n";
        int length = record.length() + 3;
        new Tars()
                .add("noop/MAR-INF/MANIFEST.json", Zips.NOOP)
                .add("pax", 'x', length + record, length)
                .add("short", "by pax")
                .add("gnu", 'L', deep + "2\0", deep.length() + 2)
                .add("short", "by gnu")
                .write(store.resolve("m.tgz"));

        try (Archive archive = models.open("m.tgz")) {
            assertThat(archive.root().resolve(deep.substring(5))).hasContent("by pax");
            assertThat(archive.root().resolve(deep.substring(5) + "2")).hasContent("by gnu");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../x", "noop/../../x", "/x", "noop/../x", "noop//x", "C:\\x", "noop/MAR-INF/manifest.JSON"})
    void aNameThatCouldLeadOutOrIsThereTwiceRejectsTheWholeArchive(String name) throws IOException {
        Tars.noop().add(name, "x").write(store.resolve("m.tgz"));

        assertThatThrownBy(() -> models.open("m.tgz"))
                .isInstanceOfSatisfying(
                        ArchiveException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID));
    }

    @ParameterizedTest
    @ValueSource(chars = {'1', '2', '3', '4', '6', 'S'})
    void linksAndDevicesRejectTheWholeArchive(char type) throws IOException {
        Tars.noop().add("noop/link", type, "", 0).write(store.resolve("m.tgz"));

        assertThatThrownBy(() -> models.open("m.tgz"))
                .hasMessage("Archive m.tgz holds 'noop/link', which is neither a file nor a directory");
    }

    @Test
    void whatIsOverALimitIsRefused() throws IOException {
        Tars.noop().add("noop/big", '0', "", 1L << 40).write(store.resolve("big.tgz"));
        Tars many = Tars.noop();
        for (int i = 0; i < 20; i++) {
            many.add("noop/" + i, "x");
        }
        many.write(store.resolve("many.tgz"));
        Tars.noop().add("x", 'x', "", 1L << 30).write(store.resolve("pax.tgz"));

        assertThatThrownBy(() -> models.open("big.tgz")).hasMessageContaining("unpacks to more than");
        assertThatThrownBy(() -> models.open("many.tgz")).hasMessageContaining("has more than 20 entries");
        assertThatThrownBy(() -> models.open("pax.tgz")).hasMessageContaining("takes more than 65536 bytes");
    }

    @Test
    void whatIsDamagedSaysSo() throws IOException {
        Files.writeString(store.resolve("text.tgz"), "no gzip");
        Files.write(store.resolve("cut.tgz"), new byte[] {31, (byte) 139, 8});
        byte[] whole = Tars.noop().bytes();
        raw("half.tgz", java.util.Arrays.copyOf(whole, 520));
        whole[3] ^= 1;
        raw("sum.tgz", whole);
        Tars.noop().add("noop/short", '0', "x", 5000).write(store.resolve("short.tgz"));

        for (String file : new String[] {"text.tgz", "cut.tgz", "half.tgz", "sum.tgz", "short.tgz"}) {
            assertThatThrownBy(() -> models.open(file))
                    .isInstanceOf(ArchiveException.class)
                    .hasMessageStartingWith("Archive " + file + " is damaged: ");
        }
    }

    private void raw(String name, byte[] tar) throws IOException {
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(store.resolve(name)))) {
            out.write(tar);
        }
    }

    @Test
    void ofARelativePathTheLastPartCounts() throws IOException {
        Zips.noop().write(store.resolve("x.mar"));

        assertThat(fileName("./x.mar")).isEqualTo("x.mar");
        assertThat(log.info()).isEmpty();
        assertThat(fileName("model_store/x.mar")).isEqualTo("x.mar");
        assertThat(log.info())
                .containsExactly("'model_store/x.mar' is taken for x.mar of the model store " + store
                        + ": of a relative path the last part counts");
        Zips.noop().write(Files.createDirectory(store.resolve("sub")).resolve("x.mar"));
        assertThatThrownBy(() -> models.open("sub/x.mar"))
                .hasMessage("'sub/x.mar' is not directly in the model store " + store
                        + ": move x.mar there, for archives in its directories are not looked for");
        assertThatThrownBy(() -> models.open("../x.mar")).hasMessageContaining("Relative path is not allowed");
        assertThatThrownBy(() -> models.open("model_store/y.mar")).hasMessage("Model not found at: y.mar");
    }

    private String fileName(String location) {
        try (Archive archive = models.open(location)) {
            return archive.fileName();
        }
    }

    @Test
    void aFileUrlOutsideTheStoreIsBroughtInWhereAllowedUrlsNamesIt() throws IOException {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Zips.noop().write(elsewhere.resolve("y.mar"));
        String url = elsewhere
                .resolve("y.mar")
                .toUri()
                .toString()
                .replace("file:/", "file:///")
                .replace("////", "//");
        models.close();
        models = store(UrlPolicy.of("file://" + elsewhere + "/.*", false));

        assertThat(fileName(url)).isEqualTo("y.mar");

        assertThat(store.resolve("y.mar")).exists();
        assertThatThrownBy(() -> models.open(url)).hasMessage("Model file already exists y.mar");
        models.forget("y.mar");
        assertThat(store.resolve("y.mar")).doesNotExist();
        assertThat(elsewhere.resolve("y.mar")).exists();
        assertThatThrownBy(() -> models.open("file://" + elsewhere + "/z.mar"))
                .hasMessage("Model not found at: " + elsewhere + "/z.mar");
        assertThatThrownBy(() -> models.open("file://" + elsewhere + "/../elsewhere/y.mar"))
                .hasMessageContaining("Relative path is not allowed");
        assertThatThrownBy(() -> models.open("file:///etc/y.mar")).hasMessageContaining("is not directly in");
        assertThat(models.list()).isEmpty();
    }

    @Test
    void anArchiveWithoutAManifestHasTheHandlerThatItsRegistrationNames() throws IOException {
        new Zips().add("handler.py", "pass").write(store.resolve("bare.mar"));
        new Zips().add("readme.txt", "pass").write(store.resolve("nothing.mar"));

        try (Archive archive = models.open("bare.mar")) {
            assertThat(archive.manifest().modelName()).isEqualTo("bare");
            assertThat(archive.manifest().modelVersion()).isEqualTo("1.0");
            assertThat(archive.manifest().handler()).isEmpty();
        }
        assertThatThrownBy(() -> models.open("nothing.mar"))
                .hasMessageEndingWith("or exactly one .onnx file; it has 0, and no handler in Python");
    }

    @Test
    void aDirectoryWithNothingButADirectoryStandsForThat() throws IOException {
        Path inner = Files.createDirectories(store.resolve("m/inner/MAR-INF"));
        Files.writeString(inner.resolve("MANIFEST.json"), Zips.NOOP);

        try (Archive archive = models.open("m")) {
            assertThat(archive.manifest().modelVersion()).isEqualTo("1.11");
            assertThat(archive.root()).isEqualTo(store.resolve("m/inner").toRealPath());
        }
    }
}
