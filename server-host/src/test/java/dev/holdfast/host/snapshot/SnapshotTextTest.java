package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SnapshotTextTest {

    private static final Map<String, String> AWKWARD = Map.ofEntries(
            Map.entry("plain", "value"),
            Map.entry("leading", "  two blanks"),
            Map.entry("trailing", "two blanks  "),
            Map.entry("tab", "\tx\ty"),
            Map.entry("colon", "a:b=c#d!e"),
            Map.entry("#comment", "no comment"),
            Map.entry("key with:all=of it", "x"),
            Map.entry("backslash", "C:\\dir\\new\\"),
            Map.entry("lines", "a\nb\r\nc\f"),
            Map.entry("unicode", "größe 模型 \u2028 \u0085 😀"),
            Map.entry("lone", "\ud83d"),
            Map.entry("control", "\u0001\u007f"),
            Map.entry("empty", ""),
            Map.entry("seal", "\n#sha256=0000"),
            Map.entry("escape", "\\u0041 \\n"));

    @Test
    void javaUtilPropertiesSeesTheVerySameValues() throws Exception {
        Snapshot snapshot = SnapshotText.write(header(), AWKWARD, States.of("a"));

        Properties properties = new Properties();
        properties.load(new InputStreamReader(snapshot.openStream(), StandardCharsets.UTF_8));

        Map<String, String> seen = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> seen.put(key, properties.getProperty(key)));
        assertThat(seen).containsAllEntriesOf(AWKWARD).containsKeys("model_snapshot", "holdfast.header");
        assertThat(seen.get("holdfast.header")).contains("name=s.cfg", "revision=3", "saveId=");
        assertThat(SnapshotText.parse("s.cfg", snapshot.text()).config()).isEqualTo(AWKWARD);
        assertThat(snapshot.text()).startsWith("#Holdfast snapshot format=1\n");
    }

    @Test
    void everythingThatIsServedComesBack() {
        ServedVersion full = new ServedVersion(
                        "m.mar",
                        2,
                        5,
                        8,
                        Duration.ofMillis(250),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(40),
                        "LSP",
                        Optional.of("noop"),
                        Optional.of("https://models.example/m.mar"),
                        Optional.of("a".repeat(64)),
                        Optional.empty(),
                        Batching.AUTO)
                .withBatching(Batching.JOINED);
        ServingState state = States.of("a", "b")
                .with(
                        "m",
                        ServedModel.of("1.2", full)
                                .with("1.11", States.version("n.mar", 0, 0))
                                .withDefault("1.11"));

        Snapshot snapshot = SnapshotText.write(header(), Map.of(), state);
        SnapshotText.Content content = SnapshotText.parse("s.cfg", snapshot.text());

        assertThat(content.state()).isEqualTo(state);
        assertThat(content.verified()).isTrue();
        assertThat(snapshot.header().modelCount()).isEqualTo(4);
    }

    @Test
    void aVersionWithoutWorkersComesBackWithTheNumbersThatItHad() {
        ServedVersion resting = States.version("m.mar", 2, 5).withWorkers(0, 0);
        ServingState state = ServingState.EMPTY.with("m", ServedModel.of("1.0", resting));

        String text = SnapshotText.write(header(), Map.of(), state).text();

        assertThat(SnapshotText.parse("s.cfg", text).state()).isEqualTo(state);
        assertThat(text).contains("\"minWorkers\":0,\"maxWorkers\":0,");
        assertThat(SnapshotText.write(header(), Map.of(), States.of("m")).text())
                .as("what says nothing of it is as it was")
                .doesNotContain("resting");
        assertThat(SnapshotText.parseModels("{\"m\":{\"1.0\":{\"minWorkers\":0,\"maxWorkers\":0}}}")
                        .get("m")
                        .versions()
                        .get("1.0")
                        .workersWhenLoaded())
                .as("a snapshot of before")
                .isEqualTo(new ServedVersion.Workers(1, 1));
        assertThatThrownBy(() -> SnapshotText.parseModels(
                        "{\"m\":{\"1.0\":{\"minWorkers\":0,\"maxWorkers\":0,\"restingMaxWorkers\":5000}}}"))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContaining("max_worker 5000 must be from 1 to 1024");
    }

    @Test
    void onlyAWordOnBatchesIsWrittenAndOnlyOneThatIsKnownIsRead() {
        ServedVersion silent = States.version("m.mar", 1, 1);
        String text = SnapshotText.write(
                        header(),
                        Map.of(),
                        ServingState.EMPTY.with("m", ServedModel.of("1.0", silent.withBatching(Batching.SINGLE))))
                .text();

        assertThat(SnapshotText.write(header(), Map.of(), States.of("m")).text())
                .doesNotContain("batching");
        assertThat(text).contains("\"batching\":\"single\"");
        assertThat(SnapshotText.parseModels("{\"m\":{\"1.0\":{\"batching\":\"joined\"}}}")
                        .get("m")
                        .versions()
                        .get("1.0")
                        .batching())
                .isEqualTo(Batching.JOINED);
        assertThatThrownBy(() -> SnapshotText.parseModels("{\"m\":{\"1.0\":{\"batching\":\"maybe\"}}}"))
                .isInstanceOf(SnapshotCorruptException.class)
                .hasMessageContaining("batching 'maybe' must be auto, joined or single");
    }

    @Test
    void passwordAndSignatureOfAnArchivesUrlAreNotKept() {
        for (String url : List.of(
                "https://user:canary-1@models.example/m.mar",
                "https://models.example/m.mar?X-Amz-Signature=canary-1",
                "https://canary-1@models.example/m.mar#canary-1")) {
            ServedVersion plain = States.version("m.mar", 1, 1);
            ServedVersion version = new ServedVersion(
                    plain.archive(),
                    1,
                    1,
                    1,
                    plain.maxBatchDelay(),
                    plain.responseTimeout(),
                    plain.startupTimeout(),
                    "python",
                    Optional.empty(),
                    Optional.of(url),
                    Optional.empty(),
                    Optional.empty(),
                    Batching.AUTO);

            String text = SnapshotText.write(
                            header(), Map.of(), ServingState.EMPTY.with("m", ServedModel.of("1.0", version)))
                    .text();

            assertThat(text).contains("https://models.example/m.mar").doesNotContain("canary-1");
        }
    }

    @Test
    void everyFlippedBitOfEveryByteIsNoticed() {
        byte[] whole = SnapshotText.write(header(), AWKWARD, States.of("a")).toBytes();
        List<String> missed = new ArrayList<>();
        for (int i = 0; i < whole.length; i++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = whole.clone();
                damaged[i] ^= (byte) (1 << bit);
                if (!isNoticed(damaged)) {
                    missed.add("byte " + i + " bit " + bit);
                }
            }
        }
        assertThat(missed).isEmpty();
    }

    @Test
    void everyTruncationIsNoticed() {
        byte[] whole = SnapshotText.write(header(), AWKWARD, States.of("a")).toBytes();
        List<Integer> missed = new ArrayList<>();
        for (int length = 0; length < whole.length; length++) {
            if (!isNoticed(Arrays.copyOf(whole, length))) {
                missed.add(length);
            }
        }
        assertThat(missed).isEmpty();
    }

    @Test
    void missingDoubledAndSwappedLinesAreNoticed() {
        String text = SnapshotText.write(header(), AWKWARD, States.of("a")).text();
        List<String> lines = text.lines().toList();
        Random random = new Random(7);
        for (int i = 0; i < lines.size(); i++) {
            List<String> without = new ArrayList<>(lines);
            without.remove(i);
            assertThat(isNoticed(String.join("\n", without) + "\n"))
                    .as("without line %s", i)
                    .isTrue();
            List<String> doubled = new ArrayList<>(lines);
            doubled.add(random.nextInt(lines.size()), lines.get(i));
            if (!doubled.equals(lines) && !lines.get(i).startsWith("#sha256=")) {
                assertThat(isNoticed(String.join("\n", doubled) + "\n"))
                        .as("line %s twice", i)
                        .isTrue();
            }
        }
        assertThat(isNoticed(text + "job_queue_size=1\n")).isTrue();
        assertThat(isNoticed(text.replace("\n", "\r\n"))).isTrue();
        assertThat(isNoticed(text + "# a store's own line\n"))
                .as("a comment of a store's")
                .isFalse();
    }

    @Test
    void newerFormatIsToldFromDamage() {
        String text = SnapshotText.write(header(), Map.of(), States.of("a")).text();

        assertThatThrownBy(() -> SnapshotText.parse("s.cfg", text.replaceFirst("format=1", "format=2")))
                .isInstanceOf(SnapshotFormatTooNewException.class)
                .hasMessage("Snapshot s.cfg has format 2; this host reads formats up to 1. Start a newer Holdfast.");
    }

    @Test
    void snapshotThatTorchServeTookAfterStartingFromOneOfOursIsReadAgain() throws Exception {
        Properties carried = new Properties();
        carried.load(new StringReader(
                SnapshotText.write(header(), AWKWARD, States.of("a")).text()));
        StringWriter written = new StringWriter();
        carried.store(written, "Saving snapshot");

        SnapshotText.Content content = SnapshotText.parse("s.cfg", written.toString());

        assertThat(content.verified()).isFalse();
        assertThat(content.state()).isEqualTo(States.of("a"));
        assertThat(content.config()).isEqualTo(AWKWARD);
    }

    @Test
    void textWithoutModelsIsNoSnapshot() {
        for (String text : List.of("", " \n", "#", "#Hold", "job_queue_size=1\n", "#Saving snapshot\n#date\n")) {
            assertThatThrownBy(() -> SnapshotText.parse("s.cfg", text))
                    .as("'%s'", text)
                    .isInstanceOf(SnapshotCorruptException.class);
        }
        assertThatThrownBy(() -> SnapshotText.parse("s.cfg", "model_snapshot=\\u00zz\n"))
                .isInstanceOf(SnapshotCorruptException.class);
        assertThat(SnapshotText.isSnapshot(Map.of("model_snapshot", "{}"))).isTrue();
        assertThat(SnapshotText.isSnapshot(Map.of("job_queue_size", "1"))).isFalse();
    }

    @Test
    @Timeout(60)
    void tenThousandModelsAreWrittenAndReadAndStaySmall() {
        ServingState many = States.many(10_000);

        Snapshot snapshot = SnapshotText.write(header(), States.CONFIG, many);

        assertThat(SnapshotText.parse("s.cfg", snapshot.text()).state()).isEqualTo(many);
        assertThat(snapshot.header().size()).isLessThan(3_000_000);
        assertThat(snapshot.header().modelCount()).isEqualTo(10_000);
    }

    private static SnapshotHeader.Builder header() {
        return States.header(3, "s.cfg", SnapshotKind.SNAPSHOT);
    }

    private static boolean isNoticed(byte[] text) {
        return isNoticed(new String(text, StandardCharsets.UTF_8));
    }

    private static boolean isNoticed(String text) {
        try {
            SnapshotText.parse("s.cfg", text);
            return false;
        } catch (SnapshotStoreException e) {
            return true;
        }
    }
}
