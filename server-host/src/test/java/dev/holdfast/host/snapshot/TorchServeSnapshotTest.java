package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots in the forms that TorchServe 0.12 writes, and that people write for it. */
class TorchServeSnapshotTest {

    /** In the order in which a hash table of TorchServe's Java gives them; the values have its escapes. */
    private static final String[] KEYS = {
        "inference_address=http\\://127.0.0.1\\:8080",
        "default_workers_per_model=4",
        "load_models=noop.mar",
        "number_of_gpu=0",
        "job_queue_size=100",
        "python=/usr/bin/python",
        "decode_input_request=true",
        "async_logging=true",
        "debug=false",
        "initial_worker_port=9000",
        "metrics_address=http\\://127.0.0.1\\:8082",
        "tsConfigFile=src/test/resources/config.properties",
        "unregister_model_timeout=120",
        "max_request_size=6553500",
        "default_response_timeout=120",
        "model_store=../archive/src/test/resources/models",
        "vmargs=-Xmx128m -XX\\:-UseLargePages -Dlog4j.configuration\\=file\\:///c\\:/x",
        "keystore_pass=changeit",
        "management_address=http\\://127.0.0.1\\:8081",
        "version=0.12.0",
    };

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private record Version(String model, String version, String mar, int min, int max, boolean isDefault) {}

    static Stream<Arguments> nine() {
        Version noop = new Version("noop", "1.11", "noop.mar", 1, 1, true);
        Version noop10 = new Version("noop_v1.0", "1.11", "noop.mar", 1, 1, true);
        Version v1 = new Version("noopversioned", "1.11", "noop.mar", 1, 1, true);
        Version v2 = new Version("noopversioned", "1.2.1", "noop_v2.mar", 1, 1, false);
        Version v1Older = new Version("noopversioned", "1.11", "noop.mar", 1, 1, false);
        Version v2Default = new Version("noopversioned", "1.2.1", "noop_v2.mar", 1, 1, true);
        return Stream.of(
                Arguments.of(1, List.of(new Version("noop", "1.11", "noop.mar", 4, 4, true))),
                Arguments.of(2, List.of()),
                Arguments.of(3, List.of(new Version("noop_v1.0", "1.11", "noop.mar", 0, 0, true))),
                Arguments.of(4, List.of(noop10)),
                Arguments.of(5, List.of(noop, noop10)),
                Arguments.of(6, List.of(noop, noop10, v1)),
                Arguments.of(7, List.of(noop, noop10, v1, v2)),
                Arguments.of(8, List.of(noop, noop10, v1Older, v2Default)),
                Arguments.of(
                        9,
                        List.of(noop, new Version("noop_v1.0", "1.11", "noop.mar", 2, 2, true), v1Older, v2Default)));
    }

    @ParameterizedTest(name = "snapshot{0}")
    @MethodSource("nine")
    void nineOfItsOwnTestsRestore(int number, List<Version> expected) throws IOException {
        String text = text(number, expected);
        assertThat(properties(text)).as("the text is what Properties reads").hasSize(21);

        SnapshotText.Content content = SnapshotText.parse("snapshot" + number + ".cfg", text);

        assertThat(content.verified()).isFalse();
        assertThat(content.state().versionCount()).isEqualTo(expected.size());
        List<Version> found = new ArrayList<>();
        content.state()
                .models()
                .forEach((name, model) -> model.versions()
                        .forEach((version, settings) -> found.add(new Version(
                                name,
                                version,
                                settings.archive(),
                                settings.minWorkers(),
                                settings.maxWorkers(),
                                version.equals(model.defaultVersion())))));
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
        HostConfig config = ConfigLayers.of(Map.of()).snapshot(content.config()).toConfig();
        assertThat(config.listen().managementAddress().port()).isEqualTo(8081);
        assertThat(config.toSnapshot())
                .as("no machine fact, no secret")
                .doesNotContainKeys("python", "number_of_gpu", "vmargs", "version", "tsConfigFile", "keystore_pass")
                .containsEntry("model_store", "../archive/src/test/resources/models");
    }

    @Test
    void oneLineFormOfKserveRestores() {
        SnapshotText.Content content = SnapshotText.parse("config.properties", """
                inference_address=http://127.0.0.1:8085
                model_store=/mnt/models/model-store
                model_snapshot={"name":"startup.cfg","modelCount":1,"models":{"mnist":{"1.0":{"defaultVersion":true,\
                "marName":"mnist.mar","minWorkers":1,"maxWorkers":5,"batchSize":1,"maxBatchDelay":10,"responseTimeout":120}}}}
                """);

        ServedVersion version = version(content.state(), "mnist", "1.0");
        assertThat(version.maxWorkers()).isEqualTo(5);
        assertThat(version.startupTimeout()).isEqualTo(Duration.ofSeconds(120));
        assertThat(version.runtimeType()).isEqualTo("python");
    }

    @Test
    void fieldsThatAreMissingHaveDefaultsAndUnknownOnesArePassedOver() {
        ServingState state = parse(
                "{'models':{'m':{'2.0':{'marName':'m.mar','minWorkers':'3','parallelLevel':2,'later':{'x':[]}}}}}");

        ServedVersion version = version(state, "m", "2.0");
        assertThat(version.minWorkers()).isEqualTo(3);
        assertThat(version.maxWorkers()).isEqualTo(3);
        assertThat(version.batchSize()).isEqualTo(1);
        assertThat(version.maxBatchDelay()).isEqualTo(Duration.ofMillis(100));
        assertThat(state.models().get("m").defaultVersion()).isEqualTo("2.0");
    }

    @Test
    void whatTorchServeKeptOfASnapshotOfOursIsNoConfiguration() {
        SnapshotText.Content content = SnapshotText.parse("config.properties", """
                holdfast.header=name\\=a.cfg
                holdfast.snapshot=name\\=a.cfg text\\=H4sI
                model_store=/mnt/models
                model_snapshot={"models":{}}
                """);

        assertThat(content.config()).containsOnlyKeys("model_store");
    }

    @Test
    void negativeWorkersThatTorchServeCouldWriteAreNone() {
        ServingState state =
                parse("{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"minWorkers\":-1,\"maxWorkers\":-1}}}}");

        assertThat(version(state, "m", "1").maxWorkers()).isZero();
        assertThat(log.warnings()).hasSize(2).allMatch(line -> line.contains("taken as 0"));
    }

    @Test
    void countOfZeroMeansNoModels() {
        assertThat(parse("{\"modelCount\":0,\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\"}}}}")
                        .models())
                .isEmpty();
        assertThat(parse("{}").models()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"models\":{\"../x\":{\"1\":{\"marName\":\"m.mar\"}}}}",
                "{\"models\":{\"m\":{\"../1\":{\"marName\":\"m.mar\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"../m.mar\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"/etc/passwd\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"..\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"file:x.mar\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"a\\u0000b\"}}}}",
                "{\"models\":{\"\":{\"1\":{\"marName\":\"m.mar\"}}}}",
                "{\"models\":[1]}",
                "{\"models\":{\"m\":[]}}",
                "{\"models\":{\"m\":{\"1\":\"x\"}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"minWorkers\":\"many\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"minWorkers\":1.5}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"minWorkers\":1e999}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"minWorkers\":4294967297}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"minWorkers\":1025}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"batchSize\":0}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"maxBatchDelay\":-5}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\"m.mar\",\"marName\":\"n.mar\"}}}}",
                "{\"modelCount\":1}",
                "{\"modelCount\":{}}",
                "{\"modelCount\":1e1000000000,\"models\":{}}",
                "{\"models\":{\"all\":{\"1\":{\"marName\":\"m.mar\"}}}}",
                "{\"models\":{\"m\":{\"all\":{\"marName\":\"m.mar\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":\".hidden.mar\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"marName\":[\"m.mar\"]}}}}",
                "{\"models\":{\"m\":{\"1\":{\"archiveSha256\":\"../../x\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"archiveSha256\":\"ABCDEF\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"archiveSha256\":true}}}}",
                "{\"models\":{\"m\":{\"1\":{\"handler\":\"a\\u0007b\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"handler\":{}}}}}",
                "{\"models\":{\"m\":{\"1\":{\"runtimeType\":\"a\\nb\"}}}}",
                "{\"models\":{\"m\":{\"1\":{\"url\":\"http://x/\\u001b[2J\"}}}}",
                "{\"models\":{\"m\":{\"1\":{}},\"m\":{\"1\":{}}}}",
                "{\"models\":{\"m\":{\"1\":{},\"1\":{}}}}",
                "{\"models\":{\"m\":{\"1\":null}}}",
                "{\"saves\":{\"all\":{\"x\":[]}}}",
                "{\"saves\":{\"m\":{\"../x\":[]}}}",
                "{\"saves\":{\"m\":{\"x\":{}}}}",
                "{\"saves\":[]}",
                "{\"models\":{}} {\"models\":{}}",
                "{\"models\":{\"m\":",
                "[]",
                "null",
                "12",
                "NaN",
            })
    void whatNoHostCanServeIsRefusedInOneLine(String json) {
        assertThatThrownBy(() -> ModelSnapshotJson.read("s.cfg", json))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageStartingWith("Snapshot s.cfg")
                .message()
                .doesNotContain("\n", "\u0000")
                .hasSizeLessThan(400);
    }

    @Test
    void depthAndLengthAreBounded() {
        String deep = "{\"models\":" + "{\"a\":".repeat(10_000) + "1" + "}".repeat(10_001);
        String large = "{\"models\":{\"m\":{\"1\":{\"marName\":\"" + "a".repeat(70_000) + "\"}}}}";

        assertThatThrownBy(() -> parse(deep)).isInstanceOf(SnapshotCorruptException.class);
        assertThatThrownBy(() -> parse(large)).isInstanceOf(SnapshotCorruptException.class);
        assertThatThrownBy(() -> parse("{\"models\":{\"" + "n".repeat(200) + "\":{}}}"))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContaining("…");
    }

    /** A million of them, of which none may be kept: read in a small part of the memory that they would take. */
    @Test
    void moreModelsThanAHostServesAreRefusedBeforeTheyTakeMemory() {
        StringBuilder many = new StringBuilder("{\"modelCount\":1,\"models\":{");
        for (int i = 0; i < 1_000_000; i++) {
            many.append(i == 0 ? "\"m" : ",\"m").append(i).append("\":{\"1\":{}}");
        }
        String json = many.append("}}").toString();

        long before = allocated();
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessage("Snapshot s.cfg has more than 100000 model versions, which no host serves");
        assertThat(allocated() - before).isLessThan(600_000_000L);
    }

    @Test
    void whatIsUnknownTakesNoMemoryHoweverMuchItIs() {
        String json = "{\"more\":[" + "{\"a\":[1,2,3]},".repeat(2_000_000) + "1],\"models\":{\"m\":{\"1\":{}}}}";

        long before = allocated();
        assertThat(parse(json).models()).hasSize(1);
        assertThat(allocated() - before).isLessThan(1_200_000_000L);
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    @Test
    void numbersStandForTextsWhereGsonReadsThemSo() {
        ServedVersion version = version(
                parse(
                        "{\"models\":{\"m\":{\"1\":{\"runtimeType\":3,\"handler\":\"\",\"archiveSha256\":\"\",\"url\":null}}}}"),
                "m",
                "1");

        assertThat(version.runtimeType()).isEqualTo("3");
        assertThat(version.handler()).isEmpty();
        assertThat(version.archiveSha256()).isEmpty();
    }

    @Test
    void settingsOfTheKeyModelsHaveTheSameForm() {
        Map<String, ServedModel> models = SnapshotText.parseModels(
                "{\"noop\":{\"1.0\":{\"defaultVersion\":true,\"minWorkers\":2,\"maxWorkers\":3}}}");

        assertThat(models.get("noop").versions().get("1.0").maxWorkers()).isEqualTo(3);
        assertThat(SnapshotText.parseModels(" ")).isEmpty();
        assertThatThrownBy(() -> SnapshotText.parseModels("{")).isInstanceOf(SnapshotCorruptException.class);
    }

    private static ServingState parse(String json) {
        return ModelSnapshotJson.read("s.cfg", json);
    }

    private static ServedVersion version(ServingState state, String model, String version) {
        return state.models().get(model).versions().get(version);
    }

    private static Properties properties(String text) throws IOException {
        Properties properties = new Properties();
        properties.load(new StringReader(text));
        return properties;
    }

    /** As {@code Properties.store} writes it, with the pretty-printed JSON in one escaped value in the middle. */
    private static String text(int number, List<Version> versions) {
        StringBuilder text = new StringBuilder("#Saving snapshot\n#Mon Mar 17 10:26:03 UTC 2025\n");
        for (int i = 0; i < KEYS.length; i++) {
            if (i == 7) {
                text.append("model_snapshot=")
                        .append(escaped(json(number, versions)))
                        .append('\n');
            }
            text.append(KEYS[i]).append('\n');
        }
        return text.toString();
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\")
                .replace("\n", "\\n")
                .replace(":", "\\:")
                .replace("=", "\\=")
                .replace("#", "\\#")
                .replace("!", "\\!");
    }

    private static String json(int number, List<Version> versions) {
        StringBuilder json = new StringBuilder("{\n  \"name\": \"snapshot" + number + ".cfg\",\n  \"modelCount\": "
                + versions.size() + ",\n  \"created\": 1587719457000,\n  \"models\": {");
        String model = "";
        for (Version version : versions) {
            if (version.model().equals(model)) {
                json.append(',');
            } else {
                json.append(model.isEmpty() ? "" : "\n    },").append("\n    \"" + version.model() + "\": {");
                model = version.model();
            }
            json.append("\n      \"" + version.version() + "\": {\n        \"defaultVersion\": " + version.isDefault()
                    + ",\n        \"marName\": \"" + version.mar() + "\",\n        \"minWorkers\": " + version.min()
                    + ",\n        \"maxWorkers\": " + version.max()
                    + ",\n        \"batchSize\": 1,\n        \"maxBatchDelay\": 100,\n        \"responseTimeout\": 120"
                    + "\n      }");
        }
        return json.append(versions.isEmpty() ? "}\n}" : "\n    }\n  }\n}").toString();
    }
}
