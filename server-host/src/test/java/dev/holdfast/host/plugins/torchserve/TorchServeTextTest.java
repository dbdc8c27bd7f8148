package dev.holdfast.host.plugins.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
import java.util.HexFormat;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
