package dev.holdfast.host.plugins.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchServeTextTest {

    private static Snapshot snapshot(int models) {
        StringBuilder json = new StringBuilder("{\"name\":\"a.cfg\",\"models\":{");
        for (int i = 0; i < models; i++) {
            json.append(i == 0 ? "" : ",")
                    .append("\"model-" + i + "\":{\"1.0\":{\"defaultVersion\":true,\"marName\":\"model-" + i
                            + ".mar\",\"minWorkers\":1,\"maxWorkers\":4,\"batchSize\":1,\"maxBatchDelay\":100,"
                            + "\"responseTimeout\":120,\"startupTimeout\":120,\"runtimeType\":\"onnx\",\"archiveSha256\":\""
                            + sha256(i) + "\"}}");
        }
        String text =
                "#Holdfast snapshot format=1\nholdfast.header=name=a.cfg\nmodel_store=/m\u00fcnchen/\u6a21\u578b\n"
                        + "model_snapshot=" + json + "}}\n#sha256=0\n";
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name("a.cfg")
                        .kind(SnapshotKind.SAVE)
                        .createdOn(Instant.EPOCH)
                        .group("blue")
                        .revision(17)
                        .host("h")
                        .modelCount(models),
                text.getBytes(StandardCharsets.UTF_8));
    }

    /** Digests do not get smaller, so theirs are real ones. */
    private static String sha256(int i) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(new byte[] {(byte) i, (byte) (i >> 8)});
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Properties throughAFile(Properties properties) throws IOException {
        StringWriter file = new StringWriter();
        properties.store(file, "snapshot");
        Properties read = new Properties();
        read.load(new StringReader(file.toString()));
        return read;
    }

    @Test
    void aTextSurvivesAFileOfPropertiesToTheLastByte() throws IOException {
        Snapshot snapshot = snapshot(3);

        Snapshot back = TorchServeText.snapshot(throughAFile(TorchServeText.properties(snapshot)), "any");

        assertThat(back.header()).isEqualTo(snapshot.header());
        assertThat(back.toBytes()).isEqualTo(snapshot.toBytes());
    }

    @Test
    void thePropertyThatCarriesTheTextIsSmallBesideTheRest() {
        Snapshot snapshot = snapshot(1000);
        Properties properties = TorchServeText.properties(snapshot);

        int carried = properties.getProperty(TorchServeText.CARRIED).length();

        assertThat(carried).isLessThan(snapshot.toBytes().length * 3 / 10);
    }

    @Test
    void aPluginThatAddsPropertiesOfItsOwnChangesNothing() {
        Snapshot snapshot = snapshot(1);
        Properties properties = TorchServeText.properties(snapshot);
        properties.setProperty("saved.by", "the plugin");
        properties.remove("model_store");

        assertThat(TorchServeText.snapshot(properties, "any")).isEqualTo(snapshot);
        properties.remove("model_snapshot");
        assertThat(TorchServeText.snapshot(properties, "any")).isEqualTo(snapshot);
    }

    @Test
    void whatTorchServeSavedAfterItStartedFromOursIsItsOwn() {
        Properties properties = TorchServeText.properties(snapshot(1));
        properties.setProperty(
                "model_snapshot", "{\"name\":\"20261121093000123-snapshot.cfg\",\"modelCount\":0,\"models\":{}}");

        Snapshot theirs = TorchServeText.snapshot(properties, "blue");

        assertThat(theirs.header().host()).isEqualTo("torchserve");
        assertThat(theirs.header().revision()).isZero();
        assertThat(theirs.text()).contains("model_store=/m\u00fcnchen/").doesNotContain("holdfast.");
    }

    /** What the known plugin does with every snapshot before it stores it: the bean, written by its own Gson. */
    private static String rewrittenByTheKnownPlugin(Snapshot snapshot) {
        return new GsonBuilder().setPrettyPrinting().create().toJson(TorchServeText.bean(snapshot));
    }

    static Stream<Arguments> rewritings() throws IOException {
        Snapshot snapshot = snapshot(2);
        String text = rewrittenByTheKnownPlugin(snapshot);
        Map<?, ?> doubles = new Gson().fromJson(text, Map.class);
        ObjectMapper jackson = new ObjectMapper();
        JsonNode tree = jackson.readTree(text);
        String nulls = text.replace("\"defaultVersion\"", "\"parallelLevel\": null, \"defaultVersion\"");
        ObjectNode stringly = tree.deepCopy();
        stringly.findParents("minWorkers").forEach(version -> ((ObjectNode) version).put("minWorkers", "1"));
        ObjectNode typed = tree.deepCopy();
        typed.findParents("marName").forEach(version -> ((ObjectNode) version).remove("archiveSha256"));
        typed.findParents("marName").forEach(version -> ((ObjectNode) version).put("parallelLevel", 0));
        ObjectNode bare = jackson.createObjectNode();
        bare.set("models", tree.get("models"));
        return Stream.of(
                arguments("Gson, pretty, with its escapes", text),
                arguments("all numbers as doubles", new Gson().toJson(doubles)),
                arguments("keys in another order", jackson.writeValueAsString(reversed(tree))),
                arguments("fields that are null", nulls),
                arguments("numbers as texts", stringly.toString()),
                arguments("the fields of one's own class alone, with its defaults", typed.toString()),
                arguments("the models alone", bare.toString()),
                arguments("a name of the plugin's own", text.replace("\"a.cfg\"", "\"a.cfg_0_2\"")),
                arguments("a time of the plugin's own", text.replace("\"created\": 0", "\"created\": 77")),
                arguments("escaped", text.replace("model-1", "\\u006dodel-1")));
    }

    private static JsonNode reversed(JsonNode node) {
        if (!node.isObject()) {
            return node;
        }
        ObjectNode reversed = JsonNodeFactory.instance.objectNode();
        List<String> names = new ArrayList<>();
        node.fieldNames().forEachRemaining(names::add);
        Collections.reverse(names);
        names.forEach(name -> reversed.set(name, reversed(node.get(name))));
        return reversed;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rewritings")
    void aPluginThatWritesTheModelsInItsOwnWayChangesNothing(String how, String models) throws IOException {
        Snapshot snapshot = snapshot(2);
        Properties properties = TorchServeText.properties(snapshot);
        properties.setProperty("model_snapshot", models);

        assertThat(TorchServeText.snapshot(throughAFile(properties), "any"))
                .as("%s: %s", how, models)
                .isEqualTo(snapshot);
    }

    static Stream<Arguments> otherModels() {
        String text = rewrittenByTheKnownPlugin(snapshot(2));
        String first = text.replace("model-0", "model-9");
        return Stream.of(
                arguments("another model", first),
                arguments("another version", text.replaceFirst("\"1.0\"", "\"1.1\"")),
                arguments("other workers", text.replaceFirst("\"minWorkers\": 1", "\"minWorkers\": 2")),
                arguments("another default", text.replaceFirst("true", "false")),
                arguments("another archive", text.replaceFirst("model-0.mar", "model-1.mar")),
                arguments("a setting more", text.replaceFirst("\"marName\"", "\"parallelLevel\": 4, \"marName\"")),
                arguments(
                        "a model less", "{\"name\":\"a.cfg\",\"modelCount\":1,\"models\":{\"model-0\":{\"1.0\":{}}}}"),
                arguments("no models", "{\"name\":\"a.cfg\",\"modelCount\":0}"),
                arguments("no JSON", "models"),
                arguments(
                        "the same models, saved again by TorchServe",
                        text.replace("\"a.cfg\"", "\"20261121093000123-startup.cfg\"")
                                .replace("\"created\": 0", "\"created\": 1795253400123")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("otherModels")
    void whatSaysOtherModelsIsNotOurs(String how, String models) {
        Properties properties = TorchServeText.properties(snapshot(2));
        properties.setProperty("model_snapshot", models);

        assertThat(TorchServeText.snapshot(properties, "any").header().host())
                .as("%s: %s", how, models)
                .isEqualTo("torchserve");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense", "name=a text=", "name=a text=H4sI", "text=AAAA"})
    void aDamagedTextIsNamed(String carried) {
        Properties properties = TorchServeText.properties(snapshot(1));
        properties.setProperty(TorchServeText.CARRIED, carried);

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> TorchServeText.snapshot(properties, "blue"))
                .withMessageContaining("its property holdfast.snapshot cannot be read");
    }

    @Test
    void aTextThatWasCutIsNamed() {
        Properties properties = TorchServeText.properties(snapshot(1));
        String carried = properties.getProperty(TorchServeText.CARRIED);
        properties.setProperty(TorchServeText.CARRIED, carried.substring(0, carried.length() - 40));

        assertThatExceptionOfType(SnapshotCorruptException.class)
                .isThrownBy(() -> TorchServeText.snapshot(properties, "blue"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no json {",
                "[]",
                "{\"name\":\"a b\",\"modelCount\":-3,\"created\":\"yesterday\"}",
                "{\"name\":{},\"modelCount\":[],\"created\":99999999999999999999}"
            })
    void propertiesOfAnybodyGetAHeader(String models) {
        Properties properties = new Properties();
        properties.setProperty("model_snapshot", models);

        SnapshotHeader header = TorchServeText.snapshot(properties, "blue").header();

        assertThat(header.name()).isEqualTo("torchserve-last");
        assertThat(header.kind()).isEqualTo(SnapshotKind.SNAPSHOT);
        assertThat(header.createdOn()).isEqualTo(Instant.EPOCH);
        assertThat(header.group()).isEqualTo("blue");
        assertThat(header.modelCount()).isZero();
    }

    @Test
    void aTimeAfterTheLastOneIsTheLastOne() {
        Properties properties = new Properties();
        properties.setProperty("model_snapshot", "{\"created\":999999999999999999,\"modelCount\":999999999999}");

        SnapshotHeader header = TorchServeText.snapshot(properties, "blue").header();

        assertThat(header.createdOn()).isEqualTo(Instant.parse("9999-12-31T23:59:59.999Z"));
        assertThat(header.modelCount()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void theBeanHasTheModelsOfTheText() {
        var bean = TorchServeText.bean(snapshot(2));

        assertThat(bean.getName()).isEqualTo("a.cfg");
        assertThat(bean.getModelCount()).isEqualTo(2);
        assertThat(bean.getCreated()).isZero();
        assertThat(bean.getModels()).containsOnlyKeys("model-0", "model-1");
        assertThat(bean.getModels().get("model-1").get("1.0").get("marName").getAsString())
                .isEqualTo("model-1.mar");
    }
}
