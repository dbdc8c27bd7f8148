package dev.holdfast.examples.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveLimits;
import dev.holdfast.host.archive.DirectoryModelStore;
import dev.holdfast.host.archive.UrlPolicy;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.Runtimes;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.runtime.forest.RandomCutForestRuntime;
import dev.holdfast.host.runtime.onnx.OnnxRuntime;
import dev.holdfast.host.runtime.onnx.OnnxSessionRuntime;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples whose models have a state, which goes through a real store of chunks on the disk. */
class StatefulExamplesTest {

    private static final Path EXAMPLES = Path.of(System.getProperty("basedir", ""), "src", "main", "examples");

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final OnnxRuntime onnx = new OnnxRuntime();
    private final Runtimes runtimes =
            new Runtimes(List.of(onnx, new OnnxSessionRuntime(onnx, System::nanoTime), new RandomCutForestRuntime()));

    @TempDir
    private Path directory;

    private DirectoryModelStore models;
    private StateStore states;

    @BeforeEach
    void openStores() {
        models = new DirectoryModelStore(
                EXAMPLES.resolve("model-store"),
                directory.resolve("work"),
                UrlPolicy.of("", false),
                ArchiveLimits.defaults());
        open.push(models);
        SnapshotSerializer serializer = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", directory.resolve("logs")).build());
        open.push(serializer);
        states = new StateStore(serializer.chunks().orElseThrow(), Codec.gz(), List.of(Codec.none(), Codec.gz()), 2);
        open.push(states);
    }

    @AfterEach
    void close() throws Exception {
        while (!open.isEmpty()) {
            open.pop().close();
        }
    }

    private StatefulModel load(String name) {
        Archive archive = models.open(name);
        open.push(archive);
        StatefulModel model = (StatefulModel) runtimes.load(archive);
        open.push(model);
        return model;
    }

    private StateReference save(StatefulModel model) {
        try (StateCapture capture = model.capture()) {
            return states.writer()
                    .write(capture, StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
        }
    }

    private static double[] passengers(String line) {
        return new double[] {Double.parseDouble(line.substring(line.indexOf(',') + 1))};
    }

    private static double score(StatefulModel model, double[] point) {
        List<Tensor> request = List.of(new Tensor("point", TensorType.FP64, new long[] {1, 1}, point));
        model.check(request);
        return ((double[]) model.predict(List.of(request)).get(0).get(0).elements())[0];
    }

    private static void learn(LearningModel model, double[] point) {
        model.train(List.of(new Tensor("point", TensorType.FP64, new long[] {1, 1}, point)));
    }

    @Test
    void theDaysOfMostUnusualTaxiTrafficAreThoseOfKnownAnomaliesThoughTheHostRestartsInBetween() throws IOException {
        List<String> lines = Files.readAllLines(EXAMPLES.resolve("taxi/passengers.csv"));
        LearningModel model = (LearningModel) load("taxi-1.0");
        LearningModel restored = (LearningModel) load("taxi-1.0");
        Map<String, Double> days = new HashMap<>();
        for (int i = 0; i < lines.size(); i++) {
            double[] point = passengers(lines.get(i));
            double score = score(model, point);
            if (i == 8000) {
                restored.restore(states.reader().find(save(model)));
            }
            if (i >= 8000) {
                assertThat(score(restored, point)).as("line %d", i).isEqualTo(score);
                learn(restored, point);
            }
            if (i > 1000) {
                days.merge(lines.get(i).substring(0, 10), score, Math::max);
            }
            learn(model, point);
        }

        List<String> unusual = days.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .limit(7)
                .map(Map.Entry::getKey)
                .toList();
        assertThat(unusual.get(0)).isEqualTo("2015-01-27");
        assertThat(unusual)
                .containsExactlyInAnyOrder(
                        "2014-11-01",
                        "2014-11-02",
                        "2014-12-25",
                        "2014-12-26",
                        "2015-01-26",
                        "2015-01-27",
                        "2015-01-28");
    }

    /** Something between a hum and a noise: a voice is not needed to see whether the network goes on as it was. */
    private static Tensor sound(Random random) {
        float[] samples = new float[512];
        float pitch = 80 + random.nextInt(200);
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (float) (0.5 * Math.sin(i * pitch * 2 * Math.PI / 16000) + 0.1 * random.nextGaussian());
        }
        return new Tensor("input", TensorType.FP32, new long[] {1, 512}, samples);
    }

    private static Tensor session(int number) {
        byte[][] id = {("call " + number).getBytes(StandardCharsets.UTF_8)};
        return new Tensor("session_id", TensorType.BYTES, new long[] {1}, id);
    }

    private static float speech(StatefulModel model, Tensor... soundAndSession) {
        List<Tensor> request = new ArrayList<>(List.of(soundAndSession));
        request.add(new Tensor("sr", TensorType.INT64, new long[0], new long[] {16000}));
        model.check(request);
        List<Tensor> outputs = model.predict(List.of(request)).get(0);
        assertThat(outputs.get(0).name()).isEqualTo("output");
        return ((float[]) outputs.get(0).elements())[0];
    }

    @Test
    void everyCallThatTheVoiceDetectorListensToGoesOnWhereItWas() {
        StatefulModel model = load("silero-vad-1.0");
        Random random = new Random(1);
        for (int i = 0; i < 200; i++) {
            speech(model, sound(random), session(i % 20));
        }
        assertThat(model.updates()).isEqualTo(200);
        StatefulModel restored = load("silero-vad-1.0");
        restored.restore(states.reader().find(save(model)));

        List<Boolean> carried = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Tensor sound = sound(random);
            float uninterrupted = speech(model, sound, session(i % 20));
            assertThat(speech(restored, sound, session(i % 20))).isEqualTo(uninterrupted);
            carried.add(speech(model, sound) != uninterrupted);
        }
        assertThat(carried).as("the state makes a difference").containsOnly(true);
    }
}
