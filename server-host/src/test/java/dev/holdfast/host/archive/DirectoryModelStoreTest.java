package dev.holdfast.host.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.holdfast.host.archive.ArchiveException.Reason;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DirectoryModelStoreTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    Path directory;

    private Path store;
    private Path work;
    private DirectoryModelStore models;

    @BeforeEach
    void openStore() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        work = directory.resolve("work");
        models = open();
    }

    @AfterEach
    void closeStore() {
        models.close();
    }

    @Test
    void aBareModelIsReadWhereItIs() throws Exception {
        Files.writeString(store.resolve("digits.onnx"), "weights");

        Archive archive = models.open("digits.onnx");

        assertThat(archive.fileName()).isEqualTo("digits.onnx");
        assertThat(archive.manifest().modelName()).isEqualTo("digits");
        assertThat(archive.manifest().modelVersion()).isEqualTo("1.0");
        assertThat(archive.manifest().handler()).isEmpty();
        assertThat(archive.root().resolve(archive.manifest().modelFile().orElseThrow()))
                .hasContent("weights");
        assertThat(archive.sha256()).isEqualTo(sha256("weights"));
        archive.close();
        assertThat(store.resolve("digits.onnx")).exists();
    }

    @Test
    void aPathAndAFileUrlInTheStoreAreTheFileItself() throws IOException {
        Path file = Files.writeString(store.resolve("digits.onnx"), "weights");

        assertThat(models.open(file.toString()).fileName()).isEqualTo("digits.onnx");
        assertThat(models.open(file.toUri().toString()).fileName()).isEqualTo("digits.onnx");
    }

    @Test
    void aDirectoryIsDescribedByItsManifestReadLeniently() throws IOException {
        Path model = Files.createDirectory(store.resolve("iris-7"));
        Files.writeString(model.resolve("net.onnx"), "weights");
        Files.writeString(model.resolve("other.onnx"), "weights");
        Files.writeString(model.resolve("manifest.json"), """
                {"modelName": "iris", "modelVersion": 2.5, "modelFile": "net.onnx", "handler": null,
                 "description": "flowers", "labels": ["setosa", 1], "unknown": {"a": []}}
                """);

        ArchiveManifest manifest = models.open("iris-7").manifest();

        assertThat(manifest.modelName()).isEqualTo("iris");
        assertThat(manifest.modelVersion()).isEqualTo("2.5");
        assertThat(manifest.modelFile()).contains("net.onnx");
        assertThat(manifest.handler()).isEmpty();
        assertThat(manifest.description()).contains("flowers");
        assertThat(manifest.labels()).containsExactly("setosa", "1");
    }

    @Test
    void aManifestSaysAlongWhichDimensionsRequestsMayBeJoinedInBothForms() throws IOException {
        String batching = "\"batching\": {\"inputs\": {\"x\": 0, \"z\": 1}, \"outputs\": {\"y\": 0}}";
        manifest("ours", "{" + batching + "}");
        manifest("never", "{\"batching\": {}}");
        manifest("silent", "{\"batching\": null}");
        Path theirs = Files.createDirectories(store.resolve("theirs/MAR-INF")).getParent();
        Files.writeString(theirs.resolve("net.onnx"), "weights");
        Files.writeString(
                theirs.resolve("MAR-INF/MANIFEST.json"),
                "{\"model\": {\"serializedFile\": \"net.onnx\", " + batching + "}}");

        BatchAxes axes = new BatchAxes(Map.of("x", 0, "z", 1), Map.of("y", 0));
        assertThat(models.open("ours").manifest().batching()).contains(axes);
        assertThat(models.open("theirs").manifest().batching()).contains(axes);
        assertThat(models.open("never").manifest().batching()).contains(new BatchAxes(Map.of(), Map.of()));
        assertThat(models.open("silent").manifest().batching()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "true",
                "\"joined\"",
                "{\"inputs\": [\"x\"]}",
                "{\"inputs\": {\"x\": -1}}",
                "{\"inputs\": {\"x\": 0.5}}",
                "{\"inputs\": {\"x\": \"0\"}}",
                "{\"inputs\": {\"x\": 99}}",
                "{\"input\": {\"x\": 0}}"
            })
    void aWordOnBatchesThatCanBeMisreadIsRefusedByName(String batching) throws IOException {
        manifest("m", "{\"batching\": " + batching + "}");

        assertThatThrownBy(() -> models.open("m"))
                .isInstanceOf(ArchiveException.class)
                .hasMessageContaining("Archive m has a damaged manifest.json: 'batching'");
    }

    @Test
    void aWarmUpRequestIsABodyOrTheNameOfAFileWithOne() throws IOException {
        manifest("body", "{\"warmUp\": {\"inputs\": [[1, 2.5]]}}");
        manifest("rows", "{\"warmUp\": [[1, 2.5]]}");
        manifest("file", "{\"warmUp\": \"sub/picture\"}");
        Files.createDirectory(store.resolve("file/sub"));
        Files.write(store.resolve("file/sub/picture"), new byte[] {-1, 0, 1});
        manifest("gone", "{\"warmUp\": \"sub/picture\"}");
        manifest("outside", "{\"warmUp\": \"../body/manifest.json\"}");
        manifest("number", "{\"warmUp\": 7}");

        assertThat(body("body")).asString(StandardCharsets.UTF_8).isEqualTo("{\"inputs\":[[1,2.5]]}");
        assertThat(body("rows")).asString(StandardCharsets.UTF_8).isEqualTo("[[1,2.5]]");
        assertThat(body("file")).containsExactly(-1, 0, 1);
        assertThatThrownBy(() -> models.open("gone"))
                .hasMessage("Archive gone names the warm-up file 'sub/picture', which is not in it");
        assertThatThrownBy(() -> models.open("outside")).hasMessageContaining("without '.' and '..'");
        assertThatThrownBy(() -> models.open("number")).hasMessageContaining("'warmUp' must be the JSON body");
    }

    private byte[] body(String archive) {
        return models.open(archive).manifest().warmUp().orElseThrow().body();
    }

    @Test
    void filesThatAManifestNamesMustBeThere() throws IOException {
        Path manifests = Files.createDirectories(store.resolve("m").resolve("MAR-INF"));
        Files.writeString(manifests.resolve("MANIFEST.json"), """
                {"model": {"modelName": "m", "handler": "h.py", "configFile": "model-config.yaml",
                           "requirementsFile": "requirements.txt"}}""");

        assertThatThrownBy(() -> models.open("m"))
                .hasMessage("Archive m names the configFile 'model-config.yaml', which is not in it");
        Files.writeString(store.resolve("m/model-config.yaml"), "batchSize: 4");
        assertThatThrownBy(() -> models.open("m"))
                .hasMessage("Archive m names the requirementsFile 'requirements.txt', which is not in it");
        Files.writeString(store.resolve("m/requirements.txt"), "");

        assertThat(models.open("m").manifest().config().batchSize()).hasValue(4);
        assertThat(models.open("m").manifest().requirementsFile()).contains("requirements.txt");
    }

    private void manifest(String name, String manifest) throws IOException {
        Path model = Files.createDirectory(store.resolve(name));
        Files.writeString(model.resolve("net.onnx"), "weights");
        Files.writeString(model.resolve("manifest.json"), manifest);
    }

    @Test
    void aDirectoryWithoutAManifestNeedsExactlyOneModel() throws IOException {
        Path one = Files.createDirectory(store.resolve("one"));
        Files.writeString(one.resolve("net.onnx"), "weights");
        Path two = Files.createDirectory(store.resolve("two"));
        Files.writeString(two.resolve("a.onnx"), "weights");
        Files.writeString(two.resolve("b.onnx"), "weights");

        assertThat(models.open("one").manifest().modelFile()).contains("net.onnx");
        assertThat(models.open("one").manifest().modelName()).isEqualTo("one");
        assertThatThrownBy(() -> models.open("two")).hasMessageContaining("exactly one .onnx file; it has 2");
    }

    @Test
    void aDirectorysDigestIsThatOfTheListOfItsFiles() throws Exception {
        Path model = Files.createDirectories(store.resolve("m/sub")).getParent();
        Files.writeString(model.resolve("net.onnx"), "weights");
        Files.writeString(model.resolve("sub/a.txt"), "a");
        String list = sha256("weights") + "  net.onnx\n" + sha256("a") + "  sub/a.txt\n";

        assertThat(models.open("m").sha256()).isEqualTo(sha256(list));
    }

    @Test
    void aDigestFollowsAChangeOfTheFile() throws Exception {
        Path file = Files.writeString(store.resolve("m.onnx"), "one");
        assertThat(models.open("m.onnx").sha256()).isEqualTo(sha256("one"));

        Files.writeString(file, "three");

        assertThat(models.open("m.onnx").sha256()).isEqualTo(sha256("three"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.10", "2.00", "10", "-0", "0", "1.0E2", "0.00000001"})
    void aVersionThatIsANumberIsServedAsItIsWritten(String version) throws IOException {
        Path ours = Files.createDirectory(store.resolve("ours"));
        Files.writeString(ours.resolve("m.onnx"), "weights");
        Files.writeString(
                ours.resolve("manifest.json"),
                "{\"modelVersion\": " + version
                        + ", \"labels\": [\"a\", 1.50],"
                        + " \"other\": {\"modelVersion\": 1.1, \"a\": 0, \"b\": -0, \"c\": 0}}");
        new Zips()
                .add(
                        "MAR-INF/MANIFEST.json",
                        "{\"model\": {\"modelName\": \"m\", \"serializedFile\": \"m.onnx\"," + " \"modelVersion\": "
                                + version + "}}")
                .add("index_to_name.json", "{\"0\": 0.10, \"1\": [\"n02\", 2.50]}")
                .add("m.onnx", "weights")
                .write(store.resolve("theirs.mar"));

        assertThat(models.open("ours").manifest().modelVersion()).isEqualTo(version);
        assertThat(models.open("ours").manifest().labels()).containsExactly("a", "1.50");
        assertThat(models.open("theirs.mar").manifest().modelVersion()).isEqualTo(version);
        assertThat(models.open("theirs.mar").manifest().labels()).containsExactly("0.10", "2.50");
    }

    @Test
    void aManifestMaySayHowManyNativeThreadsOneRunTakes() throws IOException {
        Path ours = Files.createDirectory(store.resolve("ours"));
        Files.writeString(ours.resolve("m.onnx"), "weights");
        Path manifest = ours.resolve("manifest.json");

        Files.writeString(manifest, "{\"nativeThreads\": 4}");
        assertThat(models.open("ours").manifest().nativeThreads()).hasValue(4);
        Files.writeString(manifest, "{}");
        assertThat(models.open("ours").manifest().nativeThreads()).isEmpty();
        for (String wrong : List.of("0", "1025", "1.5", "\"4\"", "99999999999")) {
            Files.writeString(manifest, "{\"nativeThreads\": " + wrong + "}");
            assertThatThrownBy(() -> models.open("ours"))
                    .isInstanceOf(ArchiveException.class)
                    .hasMessageEndingWith("'nativeThreads' must be a whole number from 1 to 1024");
        }
    }

    @Test
    void aManifestThatIsNoUtf8IsRefused() throws IOException {
        Path ours = Files.createDirectory(store.resolve("ours"));
        Files.writeString(ours.resolve("m.onnx"), "weights");
        Files.write(
                ours.resolve("manifest.json"),
                "{\"modelName\": \"a\u00c0\u00af\"}".getBytes(StandardCharsets.ISO_8859_1));

        assertThatThrownBy(() -> models.open("ours"))
                .isInstanceOf(ArchiveException.class)
                .hasMessage("Archive ours has a damaged manifest.json: it is not UTF-8");
    }

    @Test
    void aTorchServeArchiveIsUnpackedAndRemovedOnClose() throws IOException {
        new Zips()
                .add("MAR-INF/MANIFEST.json", """
                        {"createdOn": "01/01/2024", "runtime": "python", "archiverVersion": "0.12.0",
                         "model": {"modelName": "digits", "serializedFile": "digits.onnx", "handler": "onnx",
                                   "modelFile": "model.py", "modelVersion": "1.11"}}
                        """)
                .add("digits.onnx", "weights")
                .write(store.resolve("d.mar"));

        Archive archive = models.open("d.mar");

        assertThat(archive.root().resolve("digits.onnx")).hasContent("weights");
        assertThat(archive.root()).startsWith(work);
        assertThat(archive.manifest().modelName()).isEqualTo("digits");
        assertThat(archive.manifest().modelVersion()).isEqualTo("1.11");
        assertThat(archive.manifest().modelFile()).contains("digits.onnx");
        assertThat(archive.manifest().runtime()).contains("python");
        archive.close();
        archive.close();
        assertThat(archive.root()).doesNotExist();
    }

    /** As on a full disk: the archive is there, and what fails is the place that it is unpacked to. */
    @Test
    void aPlaceToUnpackToThatFailsIsNotTakenForAMissingOrADamagedArchive() throws IOException {
        new Zips().add("noop.onnx", "weights").write(store.resolve("noop.mar"));
        Files.writeString(work, "in the way");

        ArchiveException failure = catchThrowableOfType(ArchiveException.class, () -> models.open("noop.mar"));

        assertThat(failure)
                .hasMessageStartingWith("Archive noop.mar cannot be unpacked into " + work + ": ")
                .hasMessageContaining("Make room there");
        assertThat(failure.reason()).isEqualTo(Reason.FAILED);
    }

    @Test
    void labelsAreReadWhereTorchServeKeepsThem() throws IOException {
        Zips.noop()
                .add("index_to_name.json", "{\"1\": [\"n01\", \"dog\"], \"0\": \"cat\"}")
                .write(store.resolve("a.mar"));
        Zips.noop()
                .add("index_to_name.json", "{\"0\": \"cat\", \"2\": \"dog\"}")
                .write(store.resolve("gap.mar"));
        Zips.noop().add("index_to_name.json", "{").write(store.resolve("damaged.mar"));

        assertThat(models.open("a.mar").manifest().labels()).containsExactly("cat", "dog");
        assertThat(models.open("gap.mar").manifest().labels()).isEmpty();
        assertThatThrownBy(() -> models.open("damaged.mar"))
                .hasMessageContaining("damaged index_to_name.json")
                .hasMessageContaining("(line 1, column ")
                .hasMessageNotContaining("Source");
    }

    @Test
    void oneArchiveIsOpenTwiceWithoutSharingItsFiles() throws IOException {
        Zips.noop().write(store.resolve("noop.mar"));

        Archive first = models.open("noop.mar");
        Archive second = models.open("noop.mar");
        first.close();

        assertThat(second.root().resolve("MAR-INF/MANIFEST.json")).exists();
    }

    @Test
    void aLinkInsideTheStoreIsFollowed() throws IOException {
        Path hidden = Files.createDirectory(store.resolve("..data"));
        Files.writeString(hidden.resolve("m.onnx"), "weights");
        Files.createSymbolicLink(store.resolve("m.onnx"), Path.of("..data/m.onnx"));

        assertThat(models.list()).containsExactly("m.onnx");
        assertThat(models.open("m.onnx").fileName()).isEqualTo("m.onnx");
    }

    @Test
    void onlyArchivesAreListed() throws IOException {
        Zips.noop().write(store.resolve("b.mar"));
        Zips.noop().write(store.resolve("c.zip"));
        Files.writeString(store.resolve("a.onnx"), "weights");
        Files.writeString(Files.createDirectory(store.resolve("d")).resolve("manifest.json"), "{}");
        Files.createDirectory(store.resolve("empty"));
        Files.createDirectory(store.resolve("e.mar"));
        for (String foreign : new String[] {"README", "x.pt", ".hidden.mar", "a b.mar", ".a.onnx.fetched"}) {
            Files.writeString(store.resolve(foreign), "x");
        }

        assertThat(models.list()).containsExactly("a.onnx", "b.mar", "c.zip", "d");
        assertThat(models.passedOver())
                .containsExactly(
                        Map.entry("README", "it is no file that ends in .mar, .zip, .tar.gz, .tgz or .onnx"),
                        Map.entry("a b.mar", "its name must match [A-Za-z0-9._-]{1,128}"),
                        Map.entry("e.mar", "it is a directory without a manifest"),
                        Map.entry("empty", "it is a directory without a manifest"),
                        Map.entry("x.pt", "it is no file that ends in .mar, .zip, .tar.gz, .tgz or .onnx"));
    }

    @Test
    void aStoreThatDoesNotExistIsTheOperatorsProblem() throws IOException {
        Files.delete(store);

        ArchiveException failure = catchThrowableOfType(ArchiveException.class, () -> models.open("x.mar"));

        assertThat(failure.reason()).isEqualTo(Reason.FAILED);
        assertThat(failure).hasMessageContaining("does not exist; create it");
        assertThatThrownBy(models::list).hasMessageContaining("does not exist");
        models.clean();
    }

    @Test
    void cleanRemovesWhatADeadHostLeftAndNothingElse() throws IOException {
        Zips.noop().write(store.resolve("noop.mar"));
        DirectoryModelStore living = open();
        Archive used = living.open("noop.mar");
        Path orphan = work.resolve("host-00000000-0000-0000-0000-000000000001");
        Files.createDirectories(orphan.resolve("a/b"));
        Path killed = work.resolve("host-00000000-0000-0000-0000-000000000002");
        Files.createDirectories(killed);
        Files.createFile(work.resolve(killed.getFileName() + ".lock"));
        Path foreign = Files.createDirectory(work.resolve("somebody-elses"));

        models.clean();

        assertThat(orphan).doesNotExist();
        assertThat(killed).doesNotExist();
        assertThat(foreign).exists();
        assertThat(used.root().resolve("MAR-INF/MANIFEST.json")).exists();
        living.close();
        Files.delete(foreign);
        try (Stream<Path> left = Files.list(work)) {
            assertThat(left).isEmpty();
        }
    }

    private DirectoryModelStore open() {
        return new DirectoryModelStore(store, work, UrlPolicy.storeOnly(), ArchiveLimits.defaults());
    }

    private static String sha256(String text) throws Exception {
        byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(text.getBytes("UTF-8"));
        return HexFormat.of().formatHex(digest);
    }
}
