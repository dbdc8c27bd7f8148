package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.Host;
import dev.holdfast.host.HostsInTests;
import dev.holdfast.host.TestArchives;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast --start --dry-run} says what a start would do, and does nothing. */
class DryStartTest {

    @TempDir
    private Path directory;

    private Typed typed;

    @BeforeEach
    void aHostHasServedThreeModels() throws Exception {
        directory = directory.toRealPath();
        Path store = directory.resolve("store");
        TestArchives.noop(store, "a.mar", "a", "1.0");
        TestArchives.noop(store, "b.mar", "b", "1.0");
        TestArchives.noop(store, "c.mar", "c", "1.0");
        typed = new Typed(directory);
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            HostApi api = new HostApi(
                    host.managementAddress().toString(),
                    host.inferenceAddress().toString(),
                    host.keyFile(),
                    directory.resolve("logs"));
            for (String name : List.of("a", "b", "c")) {
                api.manage("POST", "/models?url=" + name + ".mar&initial_workers=1");
            }
        }
    }

    private int dry(String... more) {
        List<String> line = new ArrayList<>(List.of("--start", "--dry-run", "--model-store", "store"));
        line.addAll(List.of(more));
        return typed.run(line.toArray(String[]::new));
    }

    /** Everything below the test's directory, with what is in it. */
    private Map<String, String> everything() throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.toList()) {
                all.put(
                        directory.relativize(path).toString(),
                        Files.isRegularFile(path)
                                ? Files.getLastModifiedTime(path) + Files.readString(path, StandardCharsets.ISO_8859_1)
                                : "");
            }
        }
        return all;
    }

    @Test
    void itSaysWhatWouldBeRestoredAndWritesNothing() throws IOException {
        Map<String, String> before = everything();

        assertThat(dry()).as("%s", typed.errLines()).isZero();

        assertThat(typed.out())
                .startsWith("A dry start: nothing was started, and nothing was written.\n")
                .contains("Restored snapshot ", "-shutdown.cfg: 3 model versions", "loads       a 1.0 from a.mar: ")
                .contains("snapshots   store fs, group default (ATTACHED)");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void whatWouldFailIsNamedWithTheReasonAndTheExitCodeIs1() throws IOException {
        Files.delete(directory.resolve("store/a.mar"));
        TestArchives.noop(directory.resolve("store"), "b.mar", "other", "1.0");
        Map<String, String> before = everything();

        assertThat(dry("--json")).isEqualTo(1);

        JsonNode json = CommandJson.parse(typed.out());
        assertThat(json.required("starts").booleanValue()).isTrue();
        assertThat(json.required("models")).hasSize(3);
        assertThat(json.at("/models/0/failure").textValue()).contains("a.mar");
        assertThat(json.at("/models/1/failure").textValue())
                .startsWith("the archive's SHA-256 is ")
                .contains("that of the one which was registered is");
        assertThat(json.at("/models/2").has("failure")).isFalse();
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void aStrictStartWouldBeRefused() throws IOException {
        Files.delete(directory.resolve("store/a.mar"));

        assertThat(dry("--restore", "strict")).isEqualTo(1);

        assertThat(typed.out())
                .contains("refused     --restore strict: a model could not be loaded", "fails       a 1.0");
    }

    @Test
    void aHandlerThatIsNotThereIsNamedAtAFirstStart() throws IOException {
        String manifest = """
                {"modelName": "odd", "modelVersion": "1.0", "handler": "missing.py"}
                """;
        Files.createDirectories(directory.resolve("store/odd"));
        Files.writeString(directory.resolve("store/odd/manifest.json"), manifest);
        Path fresh = directory.resolve("fresh");

        assertThat(dry("--models", "c=c.mar,odd", "--log-location", fresh.toString()))
                .as("%s", typed.out())
                .isEqualTo(1);

        assertThat(typed.out()).contains("fails       odd 1.0 from odd: ", "missing.py", "loads       c 1.0");
        assertThat(fresh).doesNotExist();
    }

    @Test
    void keysWithoutEffectUnknownKeysAndPluginsAreTold() throws IOException {
        Files.createDirectories(directory.resolve("plugins"));
        Files.writeString(directory.resolve("plugins/broken.jar"), "no jar");

        assertThat(dry("-D", "number_of_gpu=1", "-D", "no_such_key=1", "--plugins-path", "plugins"))
                .as("%s", typed.errLines())
                .isZero();

        assertThat(typed.out())
                .contains(
                        "keys        not known, and not used: no_such_key",
                        "number_of_gpu",
                        "plugin      broken: rejected");
    }

    @Test
    void whatAnotherHostsSnapshotMayNotSetIsTold() throws IOException {
        Files.writeString(directory.resolve("theirs.cfg"), """
                cors_allowed_origin=*
                max_request_size=-5
                slack_hook=x
                model_snapshot={"name":"x","modelCount":0,"created":1,"models":{}}
                """);

        assertThat(dry("--snapshot", directory.resolve("theirs.cfg").toString()))
                .as("%s", typed.errLines())
                .isZero();

        assertThat(typed.out())
                .contains(
                        "cors_allowed_origin=* of the restored snapshot is left out",
                        "Keys of the restored snapshot that nobody knows are left out: slack_hook",
                        "'-5' must be a whole number from 1 to 2147483631");
    }

    @Test
    void aStartThatWouldBeRefusedSaysWhy() throws IOException {
        assertThat(dry("--snapshot", "no-such-snapshot")).isEqualTo(1);
        assertThat(typed.out()).contains("refused     --snapshot no-such-snapshot cannot be restored from store fs");

        Files.createDirectories(directory.resolve("new"));
        Files.writeString(directory.resolve("new/config"), "a file, and no directory");
        assertThat(dry("--snapshot", "latest", "--log-location", "new")).isEqualTo(1);
        assertThat(typed.out())
                .contains("store fs cannot be read, and this host has no snapshot of its own: ", "new/config");

        assertThat(dry("-D", "job_queue_size=none")).isEqualTo(1);
        assertThat(typed.out()).contains("refused", "job_queue_size");
    }

    @Test
    void whatWaitsInTheJournalWouldBeRestored() throws IOException {
        Path pending = Files.createDirectories(directory.resolve("logs/journal/fs/default/pending"));
        Files.writeString(pending.resolve("00000000000000000001-damaged"), "damaged");
        Map<String, String> before = everything();

        assertThat(dry()).isZero();

        assertThat(typed.out()).contains("A snapshot in the journal of this host is lost");
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void itGoesWithAStartAlone() {
        assertThat(typed.run("--stop", "--dry-run")).isEqualTo(2);
        assertThat(typed.run("--foreground", "--dry-run", "--model-store", "store"))
                .isEqualTo(2);
        assertThat(typed.run("--start", "--json", "--model-store", "store")).isEqualTo(2);
    }
}
