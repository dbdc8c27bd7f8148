package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.plugins.FixtureJar;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A start from a snapshot of another store than the host's own: {@code --snapshot jdbc:…#name=…}. */
class OtherStoreIT {

    /** Tells how it was opened and closed, and has one snapshot, whose text is in a file. */
    private static final String JDBC = """
            package dev.holdfast.plugin.fixture;
            import dev.holdfast.sdk.*;
            import java.io.IOException;
            import java.nio.file.*;
            import java.time.Instant;
            import java.util.*;
            public class Jdbc implements SnapshotSerializerFactory {
                public String name() { return "jdbc"; }
                public SnapshotSerializer open(SerializerConfig config) {
                    config.requireKnown("url", "table", "text", "told", "user", "password-file");
                    tell(config, "opened url=" + config.get("url", "none") + " table=" + config.get("table", "none")
                            + " user=" + config.get("user", "none") + " password="
                            + config.secret("password").orElse("none") + " group=" + config.group());
                    if (config.get("url", "").contains("unreachable")) {
                        throw new StoreUnavailableException("no route to " + config.get("url", ""));
                    }
                    return new SnapshotSerializer() {
                        public void save(Snapshot snapshot) { throw new IllegalStateException("save"); }
                        public Optional<Snapshot> getLast() {
                            return config.group().equals("empty") ? Optional.empty() : Optional.of(get("last"));
                        }
                        public SnapshotPage list(ListRequest request) { return SnapshotPage.last(List.of()); }
                        public Snapshot get(String name) {
                            if (name.equals("absent")) {
                                throw new SnapshotNotFoundException("Snapshot absent is not in the table");
                            }
                            try {
                                return Snapshot.create(
                                        SnapshotHeader.builder().name(name).kind(SnapshotKind.SAVE)
                                                .createdOn(Instant.EPOCH).group(config.group()).revision(41).host("h"),
                                        Files.readAllBytes(Path.of(config.get("text").orElseThrow())));
                            } catch (IOException e) {
                                throw new StoreUnavailableException(e.toString());
                            }
                        }
                        public void close() { tell(config, "closed"); }
                    };
                }
                private static void tell(SerializerConfig config, String what) {
                    try {
                        Files.writeString(Path.of(config.get("told").orElseThrow()), what + "\\n",
                                StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                }
            }
            """;

    @RegisterExtension
    private final LogLines log = new LogLines(getClass());

    @TempDir
    private Path directory;

    private Path logs;
    private Path other;
    private Path told;

    @BeforeEach
    void aHostThatServedBefore() throws Exception {
        logs = directory.resolve("logs");
        other = directory.resolve("other");
        told = directory.resolve("told");
        TestArchives.noop(directory.resolve("model-store"), "noop.mar", "noop", "1.11");
        try (Host host = start(
                directory.resolve("other-logs"),
                Map.of("load_models", "noop.mar", "snapshot.fs.directory", other.toString()))) {
            assertThat(host.summary()).contains("1 model version");
        }
    }

    @Test
    void aSnapshotOfAnotherDirectoryIsRestoredAndTheNextOnesGoToTheHostsOwn() throws Exception {
        List<String> before = files(other);
        String name = before.get(0);
        try (Host host = start("fs:#directory=" + other + "&name=" + name)) {
            assertThat(host.summary()).contains("Restored snapshot fs:#name=" + name + ": 1 model version");
            assertThat(host.storeStatus().mode()).isEqualTo(StoreStatus.Mode.ATTACHED);
            assertThat(host.storeStatus().revision()).isEqualTo(1);
        }
        assertThat(files(other)).isEqualTo(before);
        assertThat(files(logs.resolve("config"))).hasSize(2);
        try (Host host = start("fs:#directory=" + other + "&name=latest")) {
            assertThat(host.storeStatus().revision()).isEqualTo(3);
        }
    }

    @Test
    void aPluginReadsWithTheOperatorsKeysAndThoseOfTheUrlOverThem() throws Exception {
        Path password = Files.writeString(directory.resolve("password"), "CANARY\n");
        Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
        Map<String, String> keys = new HashMap<>(jdbc());
        keys.put("snapshot.jdbc.user", "anna");
        keys.put("snapshot.jdbc.table", "snapshots");
        keys.put("snapshot.jdbc.password-file", password.toString());
        try (Host host = start("jdbc:postgresql://db/models?sslmode=require#table=veles&name=x.cfg&group=blue", keys)) {
            assertThat(host.summary())
                    .contains("Restored snapshot jdbc:postgresql://db/models?***#name=x.cfg: 1 model version")
                    .contains("Snapshots go to store fs, group default");
        }
        assertThat(Files.readAllLines(told))
                .containsExactly(
                        "opened url=jdbc:postgresql://db/models?sslmode=require table=veles user=anna password=CANARY"
                                + " group=blue",
                        "closed");
        for (String file : files(logs.resolve("config"))) {
            assertThat(Files.readString(logs.resolve("config").resolve(file))).doesNotContain("CANARY", "db/models");
        }
    }

    @Test
    void withoutAUrlTheOperatorsOwnIsTakenAndLatestIsTheLast() throws Exception {
        Map<String, String> keys = new HashMap<>(jdbc());
        keys.put("snapshot.jdbc.url", "jdbc:sqlite:own");
        try (Host host = start("jdbc:#name=latest", keys)) {
            assertThat(host.summary()).contains("Restored snapshot jdbc:#name=latest");
        }
        assertThat(Files.readString(told)).contains("url=jdbc:sqlite:own").contains("group=default");
    }

    @Test
    void itWorksBesideNoConfigSnapshots() throws Exception {
        StartOptions options = options(logs, Map.of(), Optional.of("fs:#directory=" + other + "&name=latest"), false);
        try (Host host = Host.start(options)) {
            assertThat(host.summary()).contains("1 model version").contains("Snapshots are switched off");
        }
        assertThat(logs.resolve("config")).doesNotExist();
    }

    @Test
    void whatCannotBeReadStopsTheStartAndClosesTheStore() throws Exception {
        refused(
                "jdbc:x#name=absent",
                "--snapshot jdbc:x#name=absent cannot be read: ",
                "Snapshot absent is not in the table");
        refused("jdbc:x#name=latest&group=empty", "the store has no snapshot of group empty");
        refused("jdbc://unreachable/d?options=CANARY#name=x", "no route to jdbc://unreachable/d?***");
        refused("jdbc:x#name=x&colour=red", "snapshot.jdbc.colour is not a known key");
        refused("fs:/elsewhere#name=x", "snapshot.fs.url is not a known key", "nothing but # may stand behind fs:");
        refused("fs:#name=absent&directory=" + directory.resolve("nowhere"), "absent");
        refused("fs:#name=x&group=a%2Fb", "a/b");
        refused("jdbc:postgresql://anna:CANARY@db/m#name=x", "HOLDFAST_SNAPSHOT_JDBC_PASSWORD");
        List<String> opened = Files.readAllLines(told);
        assertThat(opened.stream().filter("closed"::equals)).hasSize(2);
        assertThat(logs.resolve("config")).doesNotExist();
    }

    @Test
    void aDamagedTextStopsTheStart() throws Exception {
        Path text = Path.of(jdbc().get("snapshot.jdbc.text"));
        Files.writeString(text, Files.readString(text).replaceFirst("noop.mar", "noob.mar"));

        refused("jdbc:x#name=x", "--snapshot jdbc:x#name=x cannot be restored: ", "damaged");
    }

    @Test
    void whatModelsHaveLearnedComesAlong() throws Exception {
        TestArchives.forest(directory.resolve("model-store"));
        String scores;
        try (Host host = start(directory.resolve("other-logs"), Map.of("snapshot.fs.directory", other.toString()))) {
            post(host.managementAddress() + "/models?url=forest-1.0&initial_workers=1&synchronous=true", "");
            post(host.inferenceAddress() + "/models/forest/train", rows());
            post(host.managementAddress() + "/models/forest/save?id=before", "");
            scores = post(host.inferenceAddress() + "/predictions/forest", "[[-3.5],[0.25],[40]]");
        }
        assertThat(other.resolve(".chunks")).isNotEmptyDirectory();

        try (Host host = start("fs:#directory=" + other + "&name=latest")) {
            assertThat(post(host.inferenceAddress() + "/predictions/forest", "[[-3.5],[0.25],[40]]"))
                    .isEqualTo(scores);
            post(host.inferenceAddress() + "/models/forest/train", "[[1],[2],[3]]");
            // The saves of the other host are this one's now.
            post(host.managementAddress() + "/models/forest/load?id=before", "");
            assertThat(post(host.inferenceAddress() + "/predictions/forest", "[[-3.5],[0.25],[40]]"))
                    .isEqualTo(scores);
        }
        assertThat(logs.resolve("config/.chunks")).isNotEmptyDirectory();
    }

    @Test
    void whatOneModelHasLearnedIsLostWithItsChunksAndNothingElseIs() throws Exception {
        TestArchives.forest(directory.resolve("model-store"));
        TestArchives.forest(directory.resolve("model-store"), "broken");
        Path chunks = other.resolve(".chunks");
        String scores;
        try (Host host = start(directory.resolve("other-logs"), Map.of("snapshot.fs.directory", other.toString()))) {
            for (String model : List.of("forest", "broken")) {
                post(host.managementAddress() + "/models?url=" + model + "-1.0&initial_workers=1&synchronous=true", "");
            }
            post(host.inferenceAddress() + "/models/forest/train", rows());
            post(host.managementAddress() + "/models/forest/save?id=before", "");
            Set<String> ofForest = names(chunks);
            post(host.inferenceAddress() + "/models/broken/train", "[[1],[2],[3],[4]]");
            post(host.managementAddress() + "/models/broken/save?id=before", "");
            scores = post(host.inferenceAddress() + "/predictions/forest", "[[-3.5],[0.25],[40]]");
            for (String chunk : names(chunks)) {
                if (!ofForest.contains(chunk)) {
                    Files.delete(chunks.resolve(chunk));
                }
            }
        }

        try (Host host = start("fs:#directory=" + other + "&name=latest")) {
            assertThat(host.summary()).contains("3 model versions, 1 of them failed to load", "Failed: broken 1.0: ");
            assertThat(log.errors())
                    .anyMatch(line ->
                            line.startsWith("What a model has learned could not be copied from fs:#name=latest: ")
                                    && line.contains("missing"));
            assertThat(post(host.inferenceAddress() + "/predictions/forest", "[[-3.5],[0.25],[40]]"))
                    .isEqualTo(scores);
        }
    }

    private static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    private static String rows() {
        return IntStream.range(0, 200)
                .mapToObj(i -> "[" + 10 * Math.sin(i / 7.0) + "]")
                .collect(Collectors.joining(",", "[", "]"));
    }

    private static String post(String uri, String body) throws Exception {
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(uri))
                                .POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as("%s: %s", uri, answer.body()).isEqualTo(200);
        return answer.body();
    }

    private void refused(String snapshot, String... parts) throws Exception {
        Map<String, String> keys = jdbc();
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> start(snapshot, keys))
                .satisfies(e -> assertThat(e.getMessage())
                        .startsWith("--snapshot ")
                        .contains(parts)
                        .doesNotContain("CANARY"));
    }

    /** The fixture, and what it needs; {@code fs} stays the host's own store. */
    private Map<String, String> jdbc() throws IOException {
        Path plugins = directory.resolve("plugins");
        if (!Files.exists(plugins)) {
            Files.createDirectory(plugins);
            new FixtureJar()
                    .source("dev.holdfast.plugin.fixture.Jdbc", JDBC)
                    .provider("dev.holdfast.plugin.fixture.Jdbc")
                    .write(plugins.resolve("jdbc.jar"));
            Files.copy(other.resolve(files(other).get(0)), directory.resolve("text"));
        }
        return Map.of(
                "plugins_path", plugins.toString(),
                "snapshot_store", "fs",
                "snapshot.jdbc.told", told.toString(),
                "snapshot.jdbc.text", directory.resolve("text").toString());
    }

    private Host start(String snapshot) {
        return start(snapshot, Map.of());
    }

    private Host start(String snapshot, Map<String, String> keys) {
        return Host.start(options(logs, keys, Optional.of(snapshot), true));
    }

    private Host start(Path logLocation, Map<String, String> keys) {
        return Host.start(options(logLocation, keys, Optional.empty(), true));
    }

    private StartOptions options(
            Path logLocation, Map<String, String> keys, Optional<String> snapshot, boolean configSnapshots) {
        Map<String, String> all = new HashMap<>(Map.of(
                "model_store", directory.resolve("model-store").toString(),
                "disable_token_authorization", "true",
                "inference_address", "http://127.0.0.1:0",
                "management_address", "http://127.0.0.1:0",
                "metrics_address", "http://127.0.0.1:0"));
        all.putAll(keys);
        return new StartOptions(
                all, Optional.empty(), snapshot, configSnapshots, logLocation, Optional.empty(), Map.of());
    }

    private static List<String> files(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".cfg"))
                    .sorted()
                    .toList();
        }
    }
}
