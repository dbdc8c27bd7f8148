package dev.holdfast.host.runtime.onnx;

import static dev.holdfast.host.runtime.onnx.OnnxFile.attribute;
import static dev.holdfast.host.runtime.onnx.OnnxFile.external;
import static dev.holdfast.host.runtime.onnx.OnnxFile.identity;
import static dev.holdfast.host.runtime.onnx.OnnxFile.model;
import static dev.holdfast.host.runtime.onnx.OnnxFile.names;
import static dev.holdfast.host.runtime.onnx.OnnxFile.node;
import static dev.holdfast.host.runtime.onnx.OnnxFile.nodes;
import static dev.holdfast.host.runtime.onnx.OnnxFile.value;
import static dev.holdfast.host.runtime.onnx.OnnxFile.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OnnxRuntimeTest {

    @TempDir
    Path directory;

    static Stream<Arguments> types() {
        byte[][] texts = {"grün".getBytes(StandardCharsets.UTF_8), new byte[0]};
        return Stream.of(
                Arguments.of(OnnxFile.FLOAT, TensorType.FP32, new float[] {1.5f, Float.NaN}),
                Arguments.of(OnnxFile.DOUBLE, TensorType.FP64, new double[] {1.5, -1e300}),
                Arguments.of(OnnxFile.FLOAT16, TensorType.FP16, new float[] {65504f, Float.NEGATIVE_INFINITY}),
                Arguments.of(OnnxFile.BFLOAT16, TensorType.BF16, new float[] {0x1.FEp127f, Float.NaN}),
                Arguments.of(OnnxFile.UINT16, TensorType.UINT16, new int[] {65535, 1}),
                Arguments.of(OnnxFile.UINT32, TensorType.UINT32, new long[] {4294967295L, 1}),
                Arguments.of(OnnxFile.UINT64, TensorType.UINT64, new long[] {-1, Long.MIN_VALUE}),
                Arguments.of(OnnxFile.INT64, TensorType.INT64, new long[] {Long.MIN_VALUE, 7}),
                Arguments.of(OnnxFile.INT32, TensorType.INT32, new int[] {Integer.MIN_VALUE, 7}),
                Arguments.of(OnnxFile.INT16, TensorType.INT16, new short[] {Short.MIN_VALUE, 7}),
                Arguments.of(OnnxFile.INT8, TensorType.INT8, new byte[] {-128, 7}),
                Arguments.of(OnnxFile.UINT8, TensorType.UINT8, new short[] {255, 0}),
                Arguments.of(OnnxFile.BOOL, TensorType.BOOL, new boolean[] {true, false}),
                Arguments.of(OnnxFile.STRING, TensorType.BYTES, texts));
    }

    @ParameterizedTest
    @MethodSource("types")
    void elementsOfEveryTypeComeBackAloneAndInABatch(int onnxType, TensorType type, Object elements)
            throws IOException {
        try (LoadedModel model = load(identity(onnxType, -1, 2))) {
            Tensor tensor = new Tensor("x", type, new long[] {1, 2}, elements);
            model.check(List.of(tensor));

            List<List<Tensor>> alone = model.predict(List.of(List.of(tensor)));
            List<List<Tensor>> together = model.predict(List.of(List.of(tensor), List.of(tensor), List.of(tensor)));

            assertThat(model.signature().inputs()).containsExactly(new TensorSpec("x", type, List.of(-1L, 2L)));
            assertThat(together).hasSize(3);
            Stream.concat(alone.stream(), together.stream()).forEach(answer -> {
                assertThat(answer).singleElement().hasToString("y " + type + "[1, 2]");
                assertThat(answer.get(0).elements()).isEqualTo(elements);
            });
        }
    }

    @Test
    void aRunIsEndedFromAnotherThreadAndTheNextOneIsNot() throws Exception {
        try (InputStream file = OnnxRuntimeTest.class.getResourceAsStream("/models/loop-count-from-input.onnx");
                LoadedModel model = load(file.readAllBytes())) {
            FutureTask<List<List<Tensor>>> hung =
                    new FutureTask<>(() -> model.predict(List.of(List.of(rounds(9_000_000_000_000_000_000L)))));
            Thread thread = new Thread(hung, "hung");
            thread.setDaemon(true);
            thread.start();

            // It may be told before it is in the engine, and ends all the same.
            model.end(thread);

            assertThat(hung)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withCauseInstanceOf(InferenceException.class);
            assertThat(model.predict(List.of(List.of(rounds(5))))).hasSize(1);
        }
    }

    @Test
    void aRunThatIsInsideTheEngineIsEnded() throws Exception {
        try (InputStream file = OnnxRuntimeTest.class.getResourceAsStream("/models/loop-count-from-input.onnx");
                LoadedModel model = load(file.readAllBytes())) {
            FutureTask<List<List<Tensor>>> hung =
                    new FutureTask<>(() -> model.predict(List.of(List.of(rounds(9_000_000_000_000_000_000L)))));
            Thread thread = new Thread(hung, "hung");
            thread.setDaemon(true);
            thread.start();
            await().until(() -> Stream.of(thread.getStackTrace()).anyMatch(StackTraceElement::isNativeMethod));

            model.end(thread);

            assertThat(hung)
                    .failsWithin(Duration.ofSeconds(60))
                    .withThrowableThat()
                    .withMessageContaining("Non-zero status code returned");
        }
    }

    private static Tensor rounds(long count) {
        return new Tensor("n", TensorType.INT64, new long[] {1}, new long[] {count});
    }

    @Test
    void requestsOfDifferentShapesAreJoinedByShapeAndAnsweredInTheirOrder() throws IOException {
        try (LoadedModel model = load(identity(OnnxFile.FLOAT, "n", -1))) {
            List<List<Tensor>> batch = List.of(
                    List.of(floats(1, 2, 1, 2)),
                    List.of(floats(1, 3, 3, 4, 5)),
                    List.of(floats(2, 2, 6, 7, 8, 9)),
                    List.of(floats(0, 2)),
                    List.of(floats(1, 3, 10, 11, 12)));

            List<List<Tensor>> answers = model.predict(batch);

            assertThat(answers)
                    .extracting(answer -> answer.get(0).toString())
                    .containsExactly("y FP32[1, 2]", "y FP32[1, 3]", "y FP32[2, 2]", "y FP32[0, 2]", "y FP32[1, 3]");
            assertThat(answers)
                    .extracting(answer -> (float[]) answer.get(0).elements())
                    .containsExactly(
                            new float[] {1, 2},
                            new float[] {3, 4, 5},
                            new float[] {6, 7, 8, 9},
                            new float[0],
                            new float[] {10, 11, 12});
        }
    }

    @Test
    void severalInputsAndOutputsKeepTheirNames() throws IOException {
        byte[] file = model(
                nodes(node("Add", names("a", "b"), names("sum")), node("Sub", names("a", "b"), names("difference"))),
                values(value("a", OnnxFile.FLOAT, "n", 2), value("b", OnnxFile.FLOAT, "n", 2)),
                values(value("sum", OnnxFile.FLOAT, "n", 2), value("difference", OnnxFile.FLOAT, "n", 2)));
        try (LoadedModel model = load(file)) {
            List<Tensor> one = List.of(floats("b", 1, 2, 1, 2), floats("a", 1, 2, 10, 20));
            List<Tensor> two = List.of(floats("a", 2, 2, 1, 1, 1, 1), floats("b", 2, 2, 1, 2, 3, 4));

            List<List<Tensor>> answers = model.predict(List.of(one, two));

            assertThat(answers.get(0)).extracting(Tensor::name).containsExactly("sum", "difference");
            assertThat(answers.get(0).get(0).elements()).isEqualTo(new float[] {11, 22});
            assertThat(answers.get(0).get(1).elements()).isEqualTo(new float[] {9, 18});
            assertThat(answers.get(1).get(1).elements()).isEqualTo(new float[] {0, -1, -2, -3});
        }
    }

    @Test
    void aRequestWhoseInputsDifferInRowsRunsAlone() throws IOException {
        byte[] file = model(
                nodes(node("Add", names("a", "b"), names("sum"))),
                values(value("a", OnnxFile.FLOAT, -1, 2), value("b", OnnxFile.FLOAT, -1, 2)),
                values(value("sum", OnnxFile.FLOAT, -1, 2)));
        try (LoadedModel model = load(file)) {
            List<Tensor> broadcast = List.of(floats("a", 1, 2, 1, 2), floats("b", 2, 2, 1, 2, 3, 4));

            List<List<Tensor>> answers = model.predict(List.of(broadcast, broadcast));

            assertThat(answers)
                    .hasSize(2)
                    .allSatisfy(answer -> assertThat(answer.get(0).elements()).isEqualTo(new float[] {2, 4, 4, 6}));
        }
    }

    @Test
    void aModelWithAFixedBatchDimensionRunsEachRequestAlone() throws IOException {
        try (LoadedModel model = load(identity(OnnxFile.FLOAT, 1, 2))) {
            List<List<Tensor>> answers =
                    model.predict(List.of(List.of(floats(1, 2, 1, 2)), List.of(floats(1, 2, 3, 4))));

            assertThat(answers.get(1).get(0).elements()).isEqualTo(new float[] {3, 4});
            assertThatThrownBy(() -> model.check(List.of(floats(2, 2, 1, 2, 3, 4))))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("shape [2, 2]; it wants x FP32[1,2]");
        }
    }

    @Test
    void aScalarOutputIsGivenPerRequest() throws IOException {
        byte[] file = model(
                nodes(node("ReduceSum", names("x"), names("y"), attribute("keepdims", 0))),
                values(value("x", OnnxFile.FLOAT, -1, 2)),
                values(value("y", OnnxFile.FLOAT)));
        try (LoadedModel model = load(file)) {
            List<List<Tensor>> answers =
                    model.predict(List.of(List.of(floats(1, 2, 1, 2)), List.of(floats(1, 2, 3, 4))));

            assertThat(answers).extracting(answer -> answer.get(0).toString()).containsExactly("y FP32[]", "y FP32[]");
            assertThat(answers)
                    .extracting(answer -> (float[]) answer.get(0).elements())
                    .containsExactly(new float[] {3}, new float[] {7});
        }
    }

    @Test
    void outputsWhoseRowsAreNotTheSumOfTheRequestsRowsAreNeverSplit() throws IOException {
        // The output says that its first dimension is free, and is always 2 long: the rank of the input.
        byte[] file = model(
                nodes(node("Shape", names("x"), names("y"))),
                values(value("x", OnnxFile.FLOAT, -1, 2)),
                values(value("y", OnnxFile.INT64, -1)));
        try (LoadedModel model = load(file)) {
            List<Tensor> one = List.of(floats(1, 2, 1, 2));

            List<List<Tensor>> three = model.predict(List.of(one, one, one));
            List<List<Tensor>> two = model.predict(List.of(one, one));

            assertThat(three).hasSize(3);
            assertThat(Stream.concat(three.stream(), two.stream()))
                    .allSatisfy(answer -> assertThat(answer.get(0).elements()).isEqualTo(new long[] {1, 2}));
        }
    }

    @Test
    void aModelThatNamesItsFirstDimensionsDifferentlyIsNotJoined() throws IOException {
        byte[] file = model(
                nodes(node("Shape", names("x"), names("y"))),
                values(value("x", OnnxFile.FLOAT, "n", 2)),
                values(value("y", OnnxFile.INT64, "rank")));
        try (LoadedModel model = load(file)) {
            List<Tensor> one = List.of(floats(1, 2, 1, 2));

            List<List<Tensor>> answers = model.predict(List.of(one, one));

            assertThat(answers)
                    .allSatisfy(answer -> assertThat(answer.get(0).elements()).isEqualTo(new long[] {1, 2}));
        }
    }

    @Test
    void aRequestThatDoesNotFitIsRefusedWithWhatTheModelWants() throws IOException {
        try (LoadedModel model = load(identity(OnnxFile.FLOAT, -1, 2))) {
            Tensor right = floats(1, 2, 1, 2);
            Tensor otherType = new Tensor("x", TensorType.INT64, new long[] {1, 2}, new long[2]);

            assertThatThrownBy(() -> model.check(List.of()))
                    .hasMessage("Model model.onnx got no input 'x'; it wants x FP32[-1,2]");
            assertThatThrownBy(() -> model.check(List.of(floats("z", 1, 2, 1, 2))))
                    .hasMessageContaining("knows no input 'z'; it wants x FP32[-1,2]");
            assertThatThrownBy(() -> model.check(List.of(right, right))).hasMessageContaining("'x' twice");
            assertThatThrownBy(() -> model.check(List.of(otherType)))
                    .hasMessageContaining("'x' as INT64; it wants x FP32");
            assertThatThrownBy(() -> model.check(List.of(floats(2, 1, 2)))).isInstanceOf(InvalidInputException.class);
            assertThatThrownBy(() -> model.check(List.of(floats(1, 1, 2, 1, 2))))
                    .isInstanceOf(InvalidInputException.class);
        }
    }

    @Test
    void elementsThatOnnxCannotHoldAreRefusedByTheCheck() throws IOException {
        byte[][] noText = {{(byte) 0xff}};
        try (LoadedModel bytes = load(identity(OnnxFile.UINT8, -1));
                LoadedModel texts = load(identity(OnnxFile.STRING, -1))) {
            assertThatThrownBy(() ->
                            bytes.check(List.of(new Tensor("x", TensorType.UINT8, new long[] {1}, new short[] {256}))))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("holds 256 as element 0; the range of UINT8 is 0 to 255");
            assertThatThrownBy(() -> texts.check(List.of(new Tensor("x", TensorType.BYTES, new long[] {1}, noText))))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("not UTF-8");
        }
    }

    @Test
    void whatOnlyTheEngineCanRefuseIsTheCallersMistakeToo() throws IOException {
        try (LoadedModel model = load(identity(OnnxFile.FLOAT, -1, 2))) {
            // Past the check on purpose.
            List<Tensor> wrong = List.of(floats(1, 3, 1, 2, 3));

            assertThatThrownBy(() -> model.predict(List.of(wrong)))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("model.onnx");
        }
    }

    @Test
    void aFailureInsideTheEngineIsNotTheCallersMistake() throws IOException {
        byte[] file = model(
                nodes(node("Add", names("a", "b"), names("sum"))),
                values(value("a", OnnxFile.FLOAT, -1), value("b", OnnxFile.FLOAT, -1)),
                values(value("sum", OnnxFile.FLOAT, -1)));
        try (LoadedModel model = load(file)) {
            List<Tensor> cannotBroadcast = List.of(floats1("a", 1, 2), floats1("b", 1, 2, 3));

            assertThatThrownBy(() -> model.predict(List.of(cannotBroadcast))).isInstanceOf(InferenceException.class);
        }
    }

    @Test
    void aFailureIsToldWithItsReasonWhichComesLast() throws IOException {
        byte[] file = model(
                nodes(node("Cast", names("x"), names("y"), attribute("to", OnnxFile.FLOAT))),
                values(value("x", OnnxFile.STRING, "n")),
                values(value("y", OnnxFile.FLOAT, "n")));
        try (LoadedModel model = load(file)) {
            assertThatThrownBy(() -> model.predict(List.of(List.of(text("abc")))))
                    .isInstanceOf(InferenceException.class)
                    .hasMessageContaining("running Cast node")
                    .hasMessageEndingWith("Status Message: stod");
        }
    }

    private static Tensor text(String text) {
        return new Tensor("x", TensorType.BYTES, new long[] {1}, new byte[][] {text.getBytes(StandardCharsets.UTF_8)});
    }

    @Test
    void oneModelServesSeveralThreads() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (LoadedModel model = load(identity(OnnxFile.FLOAT, -1, 2))) {
            List<Future<Float>> answers = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                float number = i;
                answers.add(threads.submit(() -> ((float[]) model.predict(
                                        List.of(List.of(floats(1, 2, number, 0)), List.of(floats(1, 2, -number, 0))))
                                .get(0)
                                .get(0)
                                .elements())
                        [0]));
            }
            for (int i = 0; i < 400; i++) {
                assertThat(answers.get(i).get()).isEqualTo((float) i);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aClosedModelRefusesToPredictAndMayBeClosedAgain() throws IOException {
        LoadedModel model = load(identity(OnnxFile.FLOAT, -1, 2));

        model.close();
        model.close();

        assertThatThrownBy(() -> model.predict(List.of(List.of(floats(1, 2, 1, 2)))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    /** Each session of more than one thread has the others for itself, in the process and unknown to Java. */
    @Test
    void aModelHasAsManyNativeThreadsAsItsManifestSaysAndElseAsTheHost() throws IOException {
        Path threads = Path.of("/proc/self/task");
        assumeTrue(Files.isDirectory(threads), "the system lists the threads of a process");
        load(identity(OnnxFile.FLOAT, -1)).close();
        int before = count(threads);

        try (LoadedModel own = new OnnxRuntime(2).load(FakeArchive.ofModel(directory, "model.onnx", 60))) {
            assertThat(count(threads) - before).isBetween(50, 70);
            assertThat(own.predict(List.of(List.of(floats1("x", 1, 2)))).get(0)).hasSize(1);
        }
        try (LoadedModel hosts = new OnnxRuntime(100).load(FakeArchive.ofModel(directory, "model.onnx"))) {
            assertThat(count(threads) - before).isBetween(90, 110);
            assertThat(hosts.predict(List.of(List.of(floats1("x", 1, 2)))).get(0))
                    .hasSize(1);
        }
        try (LoadedModel one = new OnnxRuntime(100).load(FakeArchive.ofModel(directory, "model.onnx", 1))) {
            assertThat(count(threads) - before).isLessThan(10);
            assertThat(one.signature().platform()).isEqualTo("onnx_onnxv1");
        }
    }

    private static int count(Path threads) throws IOException {
        try (Stream<Path> entries = Files.list(threads)) {
            return (int) entries.count();
        }
    }

    @Test
    void aDamagedOrMissingModelIsRefusedByName() {
        assertThatThrownBy(() -> load("no model".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("model.onnx");
        assertThatThrownBy(() -> new OnnxRuntime().load(FakeArchive.ofModel(directory, "absent.onnx")))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining("absent.onnx");
    }

    @Test
    void weightsBesideTheModelAreReadButNoneOutsideItsDirectory() throws IOException {
        Path inner = Files.createDirectory(directory.resolve("inner"));
        Files.write(directory.resolve("secret"), new byte[8]);
        Files.write(inner.resolve("weights"), new byte[8]);
        Files.createSymbolicLink(inner.resolve("link"), directory.resolve("secret"));

        load(inner, withWeights("weights")).close();

        for (String outside : List.of("../secret", directory.resolve("secret").toString(), "link")) {
            assertThatThrownBy(() -> load(inner, withWeights(outside)), outside).isInstanceOf(ModelLoadException.class);
        }
    }

    private static byte[] withWeights(String location) {
        return model(
                nodes(node("Add", names("x", "w"), names("y"))),
                values(value("x", OnnxFile.FLOAT, -1, 2)),
                values(value("y", OnnxFile.FLOAT, -1, 2)),
                external("w", 2, location));
    }

    private LoadedModel load(byte[] file) throws IOException {
        return load(directory, file);
    }

    private static LoadedModel load(Path directory, byte[] file) throws IOException {
        Files.write(directory.resolve("model.onnx"), file);
        LoadedModel model = new OnnxRuntime().load(FakeArchive.ofModel(directory, "model.onnx"));
        model.prepareBatches(new BatchTerms(Batching.AUTO, Optional.empty(), 8, Duration.ofSeconds(60)));
        return model;
    }

    private static Tensor floats(long rows, long columns, float... elements) {
        return floats("x", rows, columns, elements);
    }

    private static Tensor floats(String name, long rows, long columns, float... elements) {
        return new Tensor(name, TensorType.FP32, new long[] {rows, columns}, elements);
    }

    private static Tensor floats1(String name, float... elements) {
        return new Tensor(name, TensorType.FP32, new long[] {elements.length}, elements);
    }
}
