package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.keeper.StoreStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The whole host in this process: what it comes back to, and what it does when it cannot. */
class HostTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** As people write it by hand. */
    private static final String ONE_MODEL = """
            model_snapshot={"name":"startup.cfg","modelCount":1,"models":{"noop":{"1.11":{"defaultVersion":true,\
            "marName":"noop.mar","minWorkers":1,"maxWorkers":5,"batchSize":1,"maxBatchDelay":10,"responseTimeout":60}}}}
            """;

    @TempDir
    private Path directory;

    private Path store;
    private Path logs;

    @BeforeEach
    void modelStore() {
        store = directory.resolve("model-store");
        logs = directory.resolve("logs");
        TestArchives.noop(store, "noop.mar", "noop", "1.11");
        TestArchives.noop(store, "noop_v2.mar", "noop", "1.2.1");
    }

    @Test
    void comesBackWithModelsVersionsDefaultAndWorkers() throws Exception {
        try (Host host = start()) {
            assertThat(manage(host, "POST", "/models?url=noop.mar&initial_workers=2")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(manage(host, "POST", "/models?url=noop_v2.mar&initial_workers=1&batch_size=4&max_batch_delay=7")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(manage(host, "PUT", "/models/noop/1.2.1/set-default").statusCode())
                    .isEqualTo(200);
        }
        try (Host host = start()) {
            JsonNode versions = json(host, "/models/noop/all");
            assertThat(versions).hasSize(2);
            assertThat(json(host, "/models/noop")
                            .get(0)
                            .required("modelVersion")
                            .asText())
                    .isEqualTo("1.2.1");
            assertThat(version(versions, "1.11").required("workers")).hasSize(2);
            assertThat(version(versions, "1.2.1").required("batchSize").asInt()).isEqualTo(4);
            assertThat(version(versions, "1.2.1").required("maxBatchDelay").asInt())
                    .isEqualTo(7);
            assertThat(predict(host, "noop").body()).isEqualTo("OK");
            assertThat(host.summary()).contains("Restored snapshot").contains("2 model versions");
        }
    }

    @Test
    void everyOccasionLeavesASnapshotOfItsKind() throws Exception {
        try (Host host = start()) {
            manage(host, "POST", "/models?url=noop.mar");
            assertThat(manage(host, "POST", "/snapshots?name=before-upgrade").statusCode())
                    .isEqualTo(200);
        }
        assertThat(snapshotFiles())
                .anyMatch(name -> name.endsWith("-startup.cfg"))
                .anyMatch(name -> name.endsWith("-snapshot.cfg"))
                .anyMatch(name -> name.endsWith("-shutdown.cfg"))
                .contains("before-upgrade");
    }

    @Test
    void aStartThatFailsWritesNothing() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "http://127.0.0.1:" + taken.getLocalPort();
            assertThatThrownBy(() -> start(Map.of("management_address", address)))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("management_address")
                    .hasMessageContaining(String.valueOf(taken.getLocalPort()));
        }
        assertThat(snapshotFiles()).isEmpty();
        try (Host host = start()) {
            assertThat(host.storeStatus().revision()).isEqualTo(1);
        }
    }

    @Test
    void aModelStoreThatEveryoneMayWriteStopsTheStartAndOneInItDoesNot() throws Exception {
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> start(Map.of("model_store", open.toString())))
                .isInstanceOf(ConfigException.class)
                .hasMessage("The model store " + open + " may be written by everyone (its mode is rwxrwxrwx), who could"
                        + " put files and links there; chmod o-w " + open
                        + ", or name a directory in it in which only its"
                        + " owner may write: --model-store " + open.resolve("models"));

        Path models = Files.createDirectory(
                open.resolve("models"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxr-x")));
        start(Map.of("model_store", models.toString())).close();
    }

    @Test
    void aMissingModelStoreAndAnUnknownStoreStopTheStartByName() {
        assertThatThrownBy(() ->
                        start(Map.of("model_store", directory.resolve("nowhere").toString())))
                .isInstanceOf(ConfigException.class)
                .hasMessage("model_store " + directory.resolve("nowhere")
                        + " of the command line is not a directory; make it, or name another one with --model-store");
        assertThatThrownBy(() -> start(Map.of("snapshot_store", "s3")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("s3")
                .hasMessageContaining("fs");
    }

    @Test
    void aCodecForStatesThatIsNotThereStopsTheStart() {
        assertThatThrownBy(() -> start(Map.of("state_codec", "zip")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("state_codec: Codec 'zip' is not one of bz2, gz");
        assertThatThrownBy(() -> start(Map.of("state_codec", "gz:12")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("levels 1 to 9, not 12");
    }

    @Test
    void aStoreWhosePluginIsBrokenDoesNotKeepTheHostDown() throws Exception {
        Path plugins = Files.createDirectories(directory.resolve("plugins"));
        Files.write(plugins.resolve("plugin-ddb.jar"), new byte[] {1, 2, 3});
        Map<String, String> keys = Map.of("plugins_path", plugins.toString(), "snapshot_store", "DDB");
        try (Host host = start(keys)) {
            assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.DETACHED);
            HttpResponse<String> registered = manage(host, "POST", "/models?url=noop.mar&initial_workers=1");
            assertThat(registered.statusCode()).isEqualTo(200);
            assertThat(registered.headers().firstValue("Holdfast-Notice")).isPresent();
        }
        try (Host host = start(keys)) {
            assertThat(predict(host, "noop").statusCode()).isEqualTo(200);
            assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.DETACHED);
        }
        assertThatThrownBy(() -> start(Map.of(
                        "plugins_path",
                        plugins.toString(),
                        "snapshot_store",
                        "DDB",
                        "snapshot_store_required",
                        "true")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("plugin-ddb.jar");
    }

    @Test
    void aDirectoryOfSnapshotsThatIsNotMountedDoesNotKeepTheModelsDown() throws Exception {
        Path shared = directory.resolve("shared");
        Map<String, String> keys = Map.of("snapshot.fs.directory", shared.toString(), "snapshot_look", "1");
        try (Host host = start(keys)) {
            assertThat(manage(host, "POST", "/models?url=noop.mar&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
        }
        Path away = Files.move(shared, directory.resolve("away"));
        Files.writeString(shared, "no directory");
        try (Host host = start(keys)) {
            assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.DETACHED);
            assertThat(predict(host, "noop").statusCode()).isEqualTo(200);
            Files.delete(shared);
            Files.move(away, shared);
            Awaitility.await("the directory is back, and nothing was lost")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> host.storeStatus().mode() == StoreStatus.Mode.ATTACHED);
        }
    }

    @Test
    void aModelThatIsGoneIsReportedStaysRegisteredAndDoesNotStopTheRest() throws Exception {
        try (Host host = start()) {
            manage(host, "POST", "/models?url=noop.mar&model_name=a&initial_workers=1");
            manage(host, "POST", "/models?url=noop_v2.mar&model_name=b&initial_workers=1");
        }
        Files.delete(store.resolve("noop.mar"));
        try (Host host = start()) {
            assertThat(predict(host, "b").statusCode()).isEqualTo(200);
            assertThat(predict(host, "a").statusCode()).isEqualTo(503);
            assertThat(host.summary()).contains("1 of them failed to load").contains("noop.mar");
        }
        TestArchives.noop(store, "noop.mar", "noop", "1.11");
        try (Host host = start()) {
            assertThat(predict(host, "a").statusCode()).isEqualTo(200);
        }
        Files.delete(store.resolve("noop.mar"));
        assertThatThrownBy(() -> start(Map.of("restore", "strict")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("noop.mar");
    }

    @Test
    void oneBrokenModelTakesNoReplicaOutUnlessReadinessIsStrict() throws Exception {
        try (Host host = start()) {
            manage(host, "POST", "/models?url=noop.mar&model_name=a&initial_workers=1");
            manage(host, "POST", "/models?url=noop_v2.mar&model_name=b&initial_workers=1");
            assertThat(ready(host)).isEqualTo(200);
        }
        Files.delete(store.resolve("noop.mar"));
        try (Host host = start()) {
            assertThat(ready(host)).isEqualTo(200);
            assertThat(send(host.inferenceAddress() + "/v2/models/a/ready", "GET", "")
                            .statusCode())
                    .isEqualTo(503);
        }
        try (Host host = start(Map.of("strict_readiness", "true"))) {
            assertThat(ready(host)).isEqualTo(503);
        }
        Files.delete(store.resolve("noop_v2.mar"));
        try (Host host = start()) {
            // It serves none of its models.
            assertThat(ready(host)).isEqualTo(503);
        }
    }

    private static int ready(Host host) throws Exception {
        return send(host.inferenceAddress() + "/v2/health/ready", "GET", "").statusCode();
    }

    @Test
    void aDamagedLastSnapshotIsNamedAndTheOneBeforeItIsTaken() throws Exception {
        try (Host host = start()) {
            manage(host, "POST", "/models?url=noop.mar&initial_workers=1");
        }
        Path last = logs.resolve("config").resolve(newestSnapshot());
        byte[] bytes = Files.readAllBytes(last);
        bytes[bytes.length / 2] ^= 1;
        Files.write(last, bytes);
        try (Host host = start()) {
            assertThat(predict(host, "noop").statusCode()).isEqualTo(200);
            assertThat(host.summary()).contains(last.getFileName().toString());
            assertThat(manage(host, "PUT", "/models/noop?min_worker=3&synchronous=true")
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(last).exists();
        try (Host host = start()) {
            assertThat(json(host, "/models/noop").get(0).required("workers")).hasSize(3);
        }
    }

    @Test
    void aGivenFileDecidesAndLatestBesideItRestoresTheModels() throws Exception {
        try (Host host = start()) {
            manage(host, "POST", "/models?url=noop.mar&initial_workers=1");
        }
        Path file = directory.resolve("config.properties");
        Files.writeString(file, "job_queue_size=7\ninference_address=http://127.0.0.1:0\n");
        try (Host host = Host.start(options(Map.of(), Optional.of(file), Optional.of("latest"), true))) {
            JsonNode version = json(host, "/models/noop").get(0);
            assertThat(version.required("jobQueueStatus")
                            .required("remainingCapacity")
                            .asInt())
                    .isEqualTo(7);
        }
        try (Host host = Host.start(options(Map.of(), Optional.of(file), Optional.empty(), true))) {
            assertThat(json(host, "/models").required("models")).isEmpty();
        }
    }

    @Test
    void noConfigSnapshotsNeitherRestoresNorSaves() throws Exception {
        try (Host host = start()) {
            manage(host, "POST", "/models?url=noop.mar&initial_workers=1");
        }
        List<String> before = snapshotFiles();
        try (Host host = Host.start(options(Map.of(), Optional.empty(), Optional.empty(), false))) {
            assertThat(json(host, "/models").required("models")).isEmpty();
            assertThat(manage(host, "POST", "/models?url=noop.mar").statusCode())
                    .isEqualTo(200);
            assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.OFF);
        }
        assertThat(snapshotFiles()).isEqualTo(before);
    }

    @Test
    void modelsOfTheCommandLineAreForAFirstStart() throws Exception {
        try (Host host = start(Map.of("load_models", "mine=noop.mar,noop_v2.mar"))) {
            assertThat(json(host, "/models/mine")
                            .get(0)
                            .required("modelVersion")
                            .asText())
                    .isEqualTo("1.11");
            assertThat(predict(host, "noop").statusCode()).isEqualTo(200);
        }
        try (Host host = start(Map.of("load_models", "other=noop.mar"))) {
            assertThat(json(host, "/models").required("models"))
                    .extracting(model -> model.required("modelName").asText())
                    .containsExactly("mine", "noop");
        }
    }

    @Test
    void aNameThatNoSnapshotCouldHoldIsRefusedAtTheFirstStart() throws Exception {
        for (String name : List.of("..", ".", "all")) {
            assertThatThrownBy(() -> start(Map.of("load_models", name + "=noop.mar")))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining("model name '" + name + "'");
        }
        assertThat(snapshotFiles()).isEmpty();
    }

    @Test
    void aHandWrittenSnapshotInAConfigurationFileIsRestored() throws Exception {
        Path file = directory.resolve("config.properties");
        Files.writeString(file, "inference_address=http://127.0.0.1:0\n" + ONE_MODEL);
        try (Host host = Host.start(options(Map.of(), Optional.of(file), Optional.empty(), true))) {
            assertThat(json(host, "/models/noop").get(0).required("maxWorkers").asInt())
                    .isEqualTo(5);
            assertThat(predict(host, "noop").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aSnapshotInTheDefaultFileIsRestoredAtAFirstStartAndIgnoredLater() throws Exception {
        Path file = Files.writeString(directory.resolve("config.properties"), "job_queue_size=7\n" + ONE_MODEL);

        try (Host host = Host.start(withDefaultFile(file, Map.of("load_models", "noop_v2.mar")))) {
            assertThat(json(host, "/models/noop").get(0).required("maxWorkers").asInt())
                    .isEqualTo(5);
            assertThat(host.summary())
                    .contains(
                            "Restored the snapshot in " + file + ": 1 model version",
                            "--models is ignored, because snapshot " + file + " is restored");
            assertThat(manage(host, "DELETE", "/models/noop").statusCode()).isEqualTo(200);
        }
        List<String> log = logOf(() -> {
            try (Host host = Host.start(withDefaultFile(file, Map.of()))) {
                assertThat(json(host, "/models").required("models")).isEmpty();
            }
        });
        assertThat(log)
                .filteredOn(line -> line.startsWith("model_snapshot of " + file + " is ignored, because snapshot "))
                .hasSize(1);
    }

    @Test
    void aDamagedSnapshotInTheDefaultFileStopsNoStartThatDoesNotNeedIt() throws Exception {
        Path file = Files.writeString(directory.resolve("config.properties"), "model_snapshot={\"models\":\n");

        assertThatThrownBy(() -> Host.start(withDefaultFile(file, Map.of())))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("Configuration file: Snapshot " + file + ": model_snapshot is no JSON");
        start().close();

        Host.start(withDefaultFile(file, Map.of())).close();
    }

    @Test
    void modelsOfTheDefaultFileGiveWayToTheFileThatWasGiven() throws Exception {
        Path given = Files.writeString(directory.resolve("given.properties"), "job_queue_size=7\n");
        Path file = Files.writeString(directory.resolve("config.properties"), ONE_MODEL);
        StartOptions both = withDefaultFile(file, Map.of());

        List<String> log = logOf(() -> {
            try (Host host = Host.start(new StartOptions(
                    both.commandLine(),
                    Optional.of(given),
                    Optional.empty(),
                    true,
                    logs,
                    both.defaultConfig(),
                    Map.of()))) {
                assertThat(json(host, "/models").required("models")).isEmpty();
            }
        });

        assertThat(log).contains("model_snapshot of " + file + " is ignored, because --ts-config was given");
    }

    @Test
    void aSnapshotOfTheCommandLineIsSaidToCountForNothing() throws Exception {
        assertThat(logOf(() -> start(Map.of("model_snapshot", "{}")).close()))
                .contains("model_snapshot of the command line is not used: it counts in a configuration file alone");
    }

    @Test
    void aRelativeModelStoreOfAFileMeansTheSameInAnotherDirectory() throws Exception {
        Path relative = Path.of("").toAbsolutePath().relativize(store);
        Path file = Files.writeString(directory.resolve("config.properties"), "model_store=" + relative + "\n");
        Map<String, String> keys = new HashMap<>(
                options(Map.of(), Optional.empty(), Optional.empty(), true).commandLine());
        keys.remove("model_store");

        Host.start(new StartOptions(keys, Optional.of(file), Optional.empty(), true, logs, Optional.empty(), Map.of()))
                .close();

        assertThat(Files.readString(logs.resolve("config").resolve(newestSnapshot())))
                .contains("\nmodel_store=" + store + "\n");
        Files.move(store, directory.resolve("elsewhere"));
        assertThatThrownBy(() -> Host.start(new StartOptions(
                        keys, Optional.empty(), Optional.empty(), true, logs, Optional.empty(), Map.of())))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("model_store " + store + " of the restored snapshot is not a directory");
    }

    private StartOptions withDefaultFile(Path file, Map<String, String> keys) {
        StartOptions plain = options(keys, Optional.empty(), Optional.empty(), true);
        return new StartOptions(
                plain.commandLine(), Optional.empty(), Optional.empty(), true, logs, Optional.of(file), Map.of());
    }

    @Test
    void theLogTellsEveryChangeOfWhatIsServed() throws Exception {
        List<String> log = logOf(() -> {
            try (Host host = start()) {
                manage(host, "POST", "/models?url=noop.mar");
                manage(host, "POST", "/models?url=noop_v2.mar");
                manage(host, "PUT", "/models/noop/1.11?min_worker=2&synchronous=true");
                manage(host, "PUT", "/models/noop/1.2.1/set-default");
                manage(host, "DELETE", "/models/noop/1.11");
            }
        });

        assertThat(log)
                .containsSubsequence(
                        "Model noop version 1.11 loaded",
                        "Model noop version 1.2.1 loaded",
                        "Model noop version 1.11 scaled from 0..0 to 2..2 workers",
                        "Model noop version 1.2.1 is the default now",
                        "Model noop version 1.11 unloaded");
    }

    @Test
    void whatAllModelsLeaveOutIsNamedWithTheReason() throws Exception {
        Files.writeString(store.resolve("my model.onnx"), "x");
        Files.writeString(store.resolve("notes.txt"), "x");

        assertThat(logOf(() -> start(Map.of("load_models", "all")).close()))
                .contains(
                        "--models all leaves out my model.onnx: its name must match [A-Za-z0-9._-]{1,128}",
                        "--models all leaves out notes.txt: it is no file that ends in .mar, .zip, .tar.gz, .tgz or .onnx");
    }

    @Test
    void onlyModelsOfTheCommandLineAreSaidToBeIgnored() throws Exception {
        Path file = directory.resolve("torchserve.cfg");
        Files.writeString(file, "load_models=noop.mar\nmodel_snapshot={\"modelCount\":0,\"models\":{}}\n");
        Optional<Path> given = Optional.of(file);

        assertThat(logOf(() -> Host.start(options(Map.of(), given, Optional.empty(), true))
                        .close()))
                .noneMatch(line -> line.contains("--models"));
        assertThat(logOf(() -> Host.start(options(Map.of("load_models", "noop.mar"), given, Optional.empty(), true))
                        .close()))
                .contains("--models is ignored, because snapshot " + file + " is restored");
    }

    private interface Step {
        void run() throws Exception;
    }

    private static List<String> logOf(Step step) throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(Host.class.getPackageName());
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.setLevel(Level.INFO);
        logger.addAppender(lines);
        try {
            step.run();
        } finally {
            logger.detachAppender(lines);
            logger.setLevel(null);
        }
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private Host start() {
        return start(Map.of());
    }

    private Host start(Map<String, String> keys) {
        return Host.start(options(keys, Optional.empty(), Optional.empty(), true));
    }

    private StartOptions options(
            Map<String, String> keys, Optional<Path> tsConfig, Optional<String> snapshot, boolean configSnapshots) {
        Map<String, String> all = new HashMap<>(Map.of(
                "model_store", store.toString(),
                "disable_token_authorization", "true",
                "inference_address", "http://127.0.0.1:0",
                "management_address", "http://127.0.0.1:0",
                "metrics_address", "http://127.0.0.1:0"));
        all.putAll(keys);
        return new StartOptions(all, tsConfig, snapshot, configSnapshots, logs, Optional.empty(), Map.of());
    }

    private static HttpResponse<String> manage(Host host, String method, String path) throws Exception {
        return send(host.managementAddress() + path, method, "");
    }

    private static HttpResponse<String> predict(Host host, String model) throws Exception {
        return send(host.inferenceAddress() + "/predictions/" + model, "POST", "x");
    }

    private static HttpResponse<String> send(String uri, String method, String body) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(uri))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static JsonNode json(Host host, String path) throws Exception {
        HttpResponse<String> response = manage(host, "GET", path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JSON.readTree(response.body());
    }

    private static JsonNode version(JsonNode versions, String version) {
        for (JsonNode node : versions) {
            if (node.required("modelVersion").asText().equals(version)) {
                return node;
            }
        }
        throw new AssertionError("No version " + version + " in " + versions);
    }

    private List<String> snapshotFiles() throws IOException {
        Path config = logs.resolve("config");
        if (!Files.exists(config)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(config)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    private String newestSnapshot() throws IOException {
        return snapshotFiles().stream()
                .filter(name -> name.matches("[0-9]{17}-.*"))
                .reduce((a, b) -> b)
                .orElseThrow();
    }
}
