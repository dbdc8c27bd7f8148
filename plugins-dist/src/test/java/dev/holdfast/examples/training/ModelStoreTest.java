package dev.holdfast.examples.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The committed model store as a host sees it: through ONNX Runtime, JSON and zip. */
class ModelStoreTest {

    private static final OrtEnvironment ORT = OrtEnvironment.getEnvironment();

    @ParameterizedTest
    @CsvSource({
        "digits.onnx,            pixels,       64, 10",
        "digits-1.0/model.onnx,  pixels,       64, 10",
        "digits-2.0/model.onnx,  pixels,       64, 10",
        "iris-1.0/model.onnx,    measurements,  4,  3",
    })
    void modelTakesRowsOfFeaturesAndGivesRowsOfProbabilities(String file, String input, int features, int classes)
            throws OrtException {
        try (OrtSession session = open(file)) {
            assertThat(session.getInputInfo()).containsOnlyKeys(input);
            assertThat(session.getOutputInfo()).containsOnlyKeys("probabilities");
            isMatrix(session.getInputInfo().get(input), features);
            isMatrix(session.getOutputInfo().get("probabilities"), classes);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "digits-1.0/model.onnx, digits, 64, 10, 0.92",
        "digits-2.0/model.onnx, digits, 64, 10, 0.965",
        "iris-1.0/model.onnx,   iris,    4,  3, 0.93",
    })
    void heldOutSamplesAreClassified(String model, String data, int features, int classes, double least)
            throws OrtException, IOException {
        Samples heldOut = Samples.read(Examples.DIRECTORY.resolve(data + "/held-out.csv"), features, classes);
        try (OrtSession session = open(model)) {
            float[][] rows = predict(
                    session,
                    heldOut.all().stream().map(Samples.Sample::features).toArray(float[][]::new));

            int right = 0;
            for (int i = 0; i < rows.length; i++) {
                right += best(rows[i]) == heldOut.all().get(i).label() ? 1 : 0;
                assertThat(sum(rows[i])).isCloseTo(1, offset(1e-5));
            }
            assertThat((double) right / rows.length).isGreaterThanOrEqualTo(least);
        }
    }

    @Test
    void sampleGetsTheSameAnswerAloneAndInABatch() throws OrtException, IOException {
        Samples heldOut = Samples.read(Examples.DIRECTORY.resolve("digits/held-out.csv"), 64, 10);
        float[] first = heldOut.all().get(0).features();
        float[] second = heldOut.all().get(1).features();
        try (OrtSession session = open("digits-2.0/model.onnx")) {
            float[][] together = predict(session, first, second);

            assertThat(together[0]).containsExactly(predict(session, first)[0], offset(1e-5f));
            assertThat(together[1]).containsExactly(predict(session, second)[0], offset(1e-5f));
        }
    }

    @ParameterizedTest
    @CsvSource({"digits-1.0, digits, 1.0, 10", "digits-2.0, digits, 2.0, 10", "iris-1.0, iris, 1.0, 3"})
    void directoryHasAManifestWithALabelForEveryProbability(String directory, String name, String version, int classes)
            throws IOException {
        Path archive = Examples.MODEL_STORE.resolve(directory);

        JsonNode manifest =
                new ObjectMapper().readTree(archive.resolve("manifest.json").toFile());

        assertThat(manifest.path("modelName").asText()).isEqualTo(name);
        assertThat(manifest.path("modelVersion").asText()).isEqualTo(version);
        assertThat(archive.resolve(manifest.path("modelFile").asText())).isRegularFile();
        assertThat(manifest.path("labels")).hasSize(classes);
    }

    @Test
    void bareModelIsVersionOne() {
        assertThat(Examples.MODEL_STORE.resolve("digits.onnx"))
                .hasSameBinaryContentAs(Examples.MODEL_STORE.resolve("digits-1.0/model.onnx"));
    }

    @Test
    void torchServeArchiveHoldsVersionTwo() throws IOException {
        try (ZipFile mar = mar("digits-2.0.mar")) {
            assertThat(manifest(mar))
                    .isEqualTo(Map.of(
                            "modelName", "digits",
                            "serializedFile", "model.onnx",
                            "handler", "onnx",
                            "modelVersion", "2.0"));
            assertThat(content(mar, "model.onnx"))
                    .isEqualTo(Files.readAllBytes(Examples.MODEL_STORE.resolve("digits-2.0/model.onnx")));
        }
    }

    @Test
    void noopArchiveHasAHandlerAndNoModelFile() throws IOException {
        try (ZipFile mar = mar("noop.mar")) {
            assertThat(manifest(mar)).isEqualTo(Map.of("modelName", "noop", "handler", "noop", "modelVersion", "1.11"));
            assertThat(mar.size()).isOne();
        }
    }

    private static OrtSession open(String file) throws OrtException {
        return ORT.createSession(Examples.MODEL_STORE.resolve(file).toString());
    }

    private static void isMatrix(NodeInfo node, int columns) {
        TensorInfo tensor = (TensorInfo) node.getInfo();
        assertThat(tensor.type).isEqualTo(OnnxJavaType.FLOAT);
        assertThat(tensor.getShape()).containsExactly(-1, columns);
        assertThat(tensor.getDimensionNames()[0]).isEqualTo("batch");
    }

    private static float[][] predict(OrtSession session, float[]... rows) throws OrtException {
        String input = session.getInputNames().iterator().next();
        try (OnnxTensor tensor = OnnxTensor.createTensor(ORT, rows);
                OrtSession.Result result = session.run(Map.of(input, tensor))) {
            return (float[][]) result.get(0).getValue();
        }
    }

    private static int best(float[] probabilities) {
        int best = 0;
        for (int i = 1; i < probabilities.length; i++) {
            best = probabilities[i] > probabilities[best] ? i : best;
        }
        return best;
    }

    private static double sum(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    private static ZipFile mar(String name) throws IOException {
        return new ZipFile(Examples.MODEL_STORE.resolve(name).toFile());
    }

    private static Map<?, ?> manifest(ZipFile mar) throws IOException {
        JsonNode manifest = new ObjectMapper().readTree(content(mar, "MAR-INF/MANIFEST.json"));
        assertThat(manifest.fieldNames())
                .toIterable()
                .containsExactlyInAnyOrder("createdOn", "runtime", "model", "archiverVersion");
        return new ObjectMapper().convertValue(manifest.path("model"), Map.class);
    }

    private static byte[] content(ZipFile mar, String entry) throws IOException {
        try (InputStream in = mar.getInputStream(mar.getEntry(entry))) {
            return in.readAllBytes();
        }
    }
}
