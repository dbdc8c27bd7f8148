package dev.holdfast.host.runtime.onnx;

import static dev.holdfast.host.runtime.onnx.OnnxFile.FLOAT;
import static dev.holdfast.host.runtime.onnx.OnnxFile.attribute;
import static dev.holdfast.host.runtime.onnx.OnnxFile.floats;
import static dev.holdfast.host.runtime.onnx.OnnxFile.identity;
import static dev.holdfast.host.runtime.onnx.OnnxFile.join;
import static dev.holdfast.host.runtime.onnx.OnnxFile.longs;
import static dev.holdfast.host.runtime.onnx.OnnxFile.model;
import static dev.holdfast.host.runtime.onnx.OnnxFile.names;
import static dev.holdfast.host.runtime.onnx.OnnxFile.node;
import static dev.holdfast.host.runtime.onnx.OnnxFile.nodes;
import static dev.holdfast.host.runtime.onnx.OnnxFile.ofMachineLearning;
import static dev.holdfast.host.runtime.onnx.OnnxFile.value;
import static dev.holdfast.host.runtime.onnx.OnnxFile.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.archive.BatchAxes;
import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JoinCheckTest {

    private static final long[] ONE = {1};
    private static final long[] SCALAR = {};

    @TempDir
    Path directory;

    /** A model from x to y, both [n, 2] of floats, with weights that the nodes may use. */
    private static byte[] rows(byte[]... nodes) {
        return model(
                nodes(nodes),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "n", 2)),
                longs("axis", SCALAR, 0),
                longs("first", ONE, 0),
                longs("last", ONE, -1),
                longs("six", SCALAR, 6),
                longs("forty", SCALAR, 40),
                floats("zero", SCALAR, 0),
                floats("one", SCALAR, 1),
                floats("fifty", SCALAR, 50),
                floats("million", SCALAR, 1e6f),
                floats("tiny", SCALAR, 1e-7f),
                floats("speck", SCALAR, 1e-20f),
                floats("nearly", SCALAR, 1e-3f),
                floats("wide", new long[] {2}, 1e6f, 1),
                floats("square", new long[] {2, 2}, 1, -0.5f, 0.25f, 2));
    }

    private static byte[] binary(String operator, String a, String b, String out) {
        return node(operator, names(a, b), names(out));
    }

    private static byte[] unary(String operator, String in, String out, byte[]... attributes) {
        return node(operator, names(in), names(out), attributes);
    }

    static Stream<Arguments> modelsThatLookAcrossTheirRows() {
        byte[] sum = binary("CumSum", "x", "axis", "sum");
        byte[] rowCount = binary("Gather", "shape", "axis", "count");
        byte[] shape = unary("Shape", "x", "shape");
        return Stream.of(
                Arguments.of("the sum up to each row", rows(binary("CumSum", "x", "axis", "y"))),
                Arguments.of(
                        "the sum from each row on",
                        rows(node("CumSum", names("x", "axis"), names("y"), attribute("reverse", 1)))),
                Arguments.of("a softmax over rows", rows(unary("Softmax", "x", "y", attribute("axis", 0)))),
                Arguments.of(
                        "the distance to the mean",
                        rows(binary("ReduceMean", "x", "first", "mean"), binary("Sub", "x", "mean", "y"))),
                Arguments.of(
                        "rows in their order",
                        rows(
                                shape,
                                binary("Gather", "shape", "first", "count"),
                                node("TopK", names("x", "count"), names("y", "places"), attribute("axis", 0)))),
                Arguments.of(
                        "the place of a row",
                        rows(
                                binary("Mul", "x", "zero", "zeros"),
                                binary("Add", "zeros", "one", "ones"),
                                binary("CumSum", "ones", "axis", "place"),
                                binary("Mul", "place", "x", "y"))),
                Arguments.of(
                        "something else where a neighbour is large",
                        rows(
                                unary("ReduceMax", "x", "most", attribute("keepdims", 0)),
                                binary("Greater", "most", "million", "large"),
                                node("Where", names("large", "zero", "x"), names("y")))),
                Arguments.of(
                        "something else where a neighbour is very small",
                        rows(
                                unary("ReduceMin", "x", "least", attribute("keepdims", 0)),
                                unary("Neg", "least", "depth"),
                                binary("Greater", "depth", "million", "deep"),
                                node("Where", names("deep", "zero", "x"), names("y")))),
                Arguments.of(
                        "something else with more than six rows",
                        rows(
                                shape,
                                rowCount,
                                binary("Greater", "count", "six", "many"),
                                node("Where", names("many", "zero", "x"), names("y")))),
                Arguments.of(
                        "something else with more than forty rows",
                        rows(
                                shape,
                                rowCount,
                                binary("Greater", "count", "forty", "many"),
                                node("Where", names("many", "zero", "x"), names("y")))),
                Arguments.of(
                        "sums where a value is above fifty",
                        rows(
                                sum,
                                binary("Greater", "x", "fifty", "large"),
                                node("Where", names("large", "sum", "x"), names("y")))),
                Arguments.of(
                        "a little of the sum",
                        rows(
                                unary("ReduceSum", "x", "all", attribute("keepdims", 0)),
                                binary("Mul", "all", "tiny", "part"),
                                binary("Add", "x", "part", "y"))),
                Arguments.of(
                        "a little of a bounded sum beside large values",
                        rows(
                                unary("ReduceSum", "x", "all", attribute("keepdims", 0)),
                                unary("Tanh", "all", "bounded"),
                                binary("Mul", "bounded", "nearly", "part"),
                                binary("Mul", "x", "wide", "large"),
                                binary("Add", "large", "part", "y"))),
                Arguments.of("numbers rounded to the range of all", quantised()),
                Arguments.of("whether all of a mask is set", allOfMask(OnnxFile.BOOL)),
                Arguments.of("whether all of a mask in whole numbers is set", allOfMask(OnnxFile.INT64)),
                Arguments.of("whether any of a mask is set", anyOfMask(OnnxFile.BOOL)),
                Arguments.of("whether any of a mask in whole numbers is set", anyOfMask(OnnxFile.INT64)),
                Arguments.of("something else where all pixels are positive", allPositive()),
                Arguments.of("a network that goes through time", recurrent(false)),
                Arguments.of("each row once", unique()),
                Arguments.of(
                        "something else where a neighbour is all but nothing",
                        rows(
                                unary("Abs", "x", "size"),
                                unary("ReduceMin", "size", "least", attribute("keepdims", 0)),
                                binary("Less", "least", "speck", "small"),
                                binary("Greater", "least", "zero", "some"),
                                binary("And", "small", "some", "both"),
                                node("Where", names("both", "zero", "x"), names("y")))),
                Arguments.of("as many words as the longest text has", words(" ")),
                Arguments.of("as many parts as the longest text has", words(",")));
    }

    private static byte[] words(String delimiter) {
        return model(
                nodes(node("StringSplit", names("x"), names("y", "counts"), OnnxFile.text("delimiter", delimiter))),
                values(value("x", OnnxFile.STRING, "n")),
                values(value("y", OnnxFile.STRING, "n", -1)));
    }

    private static byte[] quantised() {
        return rows(
                node("DynamicQuantizeLinear", names("x"), names("bytes", "scale", "middle")),
                node("DequantizeLinear", names("bytes", "scale", "middle"), names("y")));
    }

    private static byte[] allOfMask(int type) {
        return mask(type, "ReduceMin");
    }

    private static byte[] anyOfMask(int type) {
        return mask(type, "ReduceMax");
    }

    /** Of so many elements that random ones are never alike. */
    private static byte[] mask(int type, String over) {
        return model(
                nodes(
                        unary("Cast", "x", "truths", attribute("to", OnnxFile.BOOL)),
                        unary("Cast", "truths", "numbers", attribute("to", FLOAT)),
                        unary(over, "numbers", "one", attribute("keepdims", 0)),
                        binary("Add", "numbers", "one", "y")),
                values(value("x", type, "n", 64)),
                values(value("y", FLOAT, "n", 64)));
    }

    private static byte[] allPositive() {
        return model(
                nodes(
                        unary("ReduceMin", "x", "least", attribute("keepdims", 0)),
                        binary("Greater", "least", "zero", "positive"),
                        node("Where", names("positive", "zero", "x"), names("y"))),
                values(value("x", FLOAT, "n", 64)),
                values(value("y", FLOAT, "n", 64)),
                floats("zero", SCALAR, 0));
    }

    private static byte[] normalisation() {
        return model(
                nodes(node(
                        "BatchNormalization",
                        names("x", "scale", "shift", "mean", "variance"),
                        names("y", "m", "v"),
                        attribute("training_mode", 1))),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "n", 2)),
                floats("scale", new long[] {2}, 1, 1),
                floats("shift", new long[] {2}, 0, 0),
                floats("mean", new long[] {2}, 0, 0),
                floats("variance", new long[] {2}, 1, 1));
    }

    /** An LSTM of two numbers and three units. Its first dimension is time; or the batch, with the dimensions exchanged. */
    private static byte[] recurrent(boolean batchFirst) {
        Random random = new Random(1);
        byte[] lstm = node("LSTM", names("in", "w", "r"), names("out"), attribute("hidden_size", 3));
        byte[] before = batchFirst
                ? unary("Transpose", "x", "in", attribute("perm", new long[] {1, 0, 2}))
                : unary("Identity", "x", "in");
        byte[] after = batchFirst
                ? unary("Transpose", "out", "y", attribute("perm", new long[] {2, 0, 1, 3}))
                : unary("Identity", "out", "y");
        return model(
                nodes(before, lstm, after),
                values(value("x", FLOAT, "n", batchFirst ? "time" : (Object) 1, 2)),
                values(value("y", FLOAT, "n", batchFirst ? "time" : (Object) 1, 1, 3)),
                floats("w", new long[] {1, 12, 2}, weights(random, 24)),
                floats("r", new long[] {1, 12, 3}, weights(random, 36)));
    }

    private static float[] weights(Random random, int count) {
        float[] weights = new float[count];
        for (int i = 0; i < count; i++) {
            weights[i] = (float) random.nextGaussian();
        }
        return weights;
    }

    private static byte[] unique() {
        return model(
                nodes(node("Unique", names("x"), names("y"), attribute("axis", 0), attribute("sorted", 0))),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "n", 2)));
    }

    private static byte[] places() {
        return model(
                nodes(unary("NonZero", "x", "y")),
                values(value("x", FLOAT, -1, 2)),
                values(value("y", OnnxFile.INT64, -1, -1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("modelsThatLookAcrossTheirRows")
    void aModelThatLooksAcrossItsRowsIsNotJoinedAndAnswersRightBesideOthers(String what, byte[] file)
            throws IOException {
        try (LoadedModel model = load(file)) {
            Random random = new Random(2);
            List<List<Tensor>> batch = IntStream.range(0, 8)
                    .mapToObj(i -> request(model, 1 + i % 3, random))
                    .toList();
            List<List<Tensor>> alone = batch.stream()
                    .map(request -> model.predict(List.of(request)).get(0))
                    .toList();

            model.prepareBatches(auto(8));
            List<List<Tensor>> together = model.predict(batch);

            assertThat(model.joining().by()).as(what).isEqualTo(Joining.By.SINGLE);
            assertThat(model.joining().why())
                    .startsWith("the self-check found that ")
                    .doesNotContain("ms, after");
            for (int i = 0; i < 8; i++) {
                assertThat(together.get(i).get(0).elements())
                        .isEqualTo(alone.get(i).get(0).elements());
            }
        }
    }

    static Stream<Arguments> modelsWhoseRowsAreOnTheirOwn() {
        return Stream.of(
                Arguments.of(
                        "a layer", rows(binary("MatMul", "x", "square", "product"), unary("Relu", "product", "y"))),
                Arguments.of("a softmax of each row", rows(unary("Softmax", "x", "y", attribute("axis", 1)))),
                Arguments.of("a network that goes through the time of each row", recurrent(true)),
                Arguments.of("texts", identity(OnnxFile.STRING, -1, 2)),
                Arguments.of("numbers in texts", numbersInTexts()),
                Arguments.of("truths", identity(OnnxFile.BOOL, "n")),
                Arguments.of("halves", identity(OnnxFile.FLOAT16, "n", 3)),
                Arguments.of("signed bytes", identity(OnnxFile.INT8, "n", "size")),
                Arguments.of("bytes", identity(OnnxFile.UINT8, "n", "size")),
                Arguments.of("whole numbers", identity(OnnxFile.INT64, "n")),
                Arguments.of("doubles", identity(OnnxFile.DOUBLE, "n")),
                Arguments.of("a look into a table of ten", table()),
                Arguments.of("pictures that must not be small", pictures()),
                Arguments.of("sizes that must be equal", equalSizes()));
    }

    private static byte[] numbersInTexts() {
        return model(
                nodes(unary("Cast", "x", "y", attribute("to", FLOAT))),
                values(value("x", OnnxFile.STRING, "n")),
                values(value("y", FLOAT, "n")));
    }

    private static byte[] table() {
        return model(
                nodes(binary("Gather", "table", "x", "y")),
                values(value("x", OnnxFile.INT64, "n", "size")),
                values(value("y", FLOAT, "n", "size")),
                floats("table", new long[] {10}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    }

    private static byte[] pictures() {
        return model(
                nodes(
                        node(
                                "MaxPool",
                                names("x"),
                                names("pooled"),
                                attribute("kernel_shape", new long[] {20, 20}),
                                attribute("strides", new long[] {20, 20})),
                        unary("GlobalAveragePool", "pooled", "y")),
                values(value("x", FLOAT, "n", 3, "height", "width")),
                values(value("y", FLOAT, "n", 3, 1, 1)));
    }

    private static byte[] equalSizes() {
        return model(
                nodes(binary("Add", "a", "b", "y")),
                values(value("a", FLOAT, "n", "size"), value("b", FLOAT, "n", "size")),
                values(value("y", FLOAT, "n", "size")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("modelsWhoseRowsAreOnTheirOwn")
    void aModelWhoseRowsAreOnTheirOwnIsJoined(String what, byte[] file) throws IOException {
        try (LoadedModel model = load(file)) {
            model.prepareBatches(auto(8));

            assertThat(model.joining().by()).as(model.joining().why()).isEqualTo(Joining.By.CHECKED);
            assertThat(model.joining().why()).contains("found no difference in ", " with up to 64 rows at once");
        }
    }

    @Test
    void namesOfDimensionsAloneCanForbidToJoin() throws IOException {
        byte[] twoNames = model(
                nodes(unary("Identity", "x", "y")),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "m", 2)));
        byte[] square = model(
                nodes(unary("Identity", "x", "y")),
                values(value("x", FLOAT, "N", "N")),
                values(value("y", FLOAT, "N", "N")));
        byte[] fixed = identity(FLOAT, 1, 2);

        assertThat(joined(twoNames, auto(8)))
                .isEqualTo(Joining.single("its first dimensions have different names: [m, n]"));
        assertThat(joined(square, auto(8)))
                .isEqualTo(Joining.single("in 'x' another dimension has the name of the first: 'N'"));
        assertThat(joined(places(), auto(8)))
                .isEqualTo(Joining.single("'y' of the shape [2, -1] has no free first dimension"));
        assertThat(joined(fixed, auto(8)))
                .isEqualTo(Joining.single("'x' of the shape [1, 2] has no free first dimension"));
    }

    @Test
    void aModelThatAnswersAtRandomOrChangesWithEachRunIsNotJoined() throws IOException {
        byte[] random = rows(unary("RandomNormalLike", "x", "y"));

        assertThat(joined(random, auto(8)).why()).contains("two runs of one request differ");
        assertThat(joined(normalisation(), auto(8)).by()).isEqualTo(Joining.By.SINGLE);
    }

    @Test
    void aModelThatTakesNoSampleIsNotJoinedAndSaysWhatItRefused() throws IOException {
        // No sizes of the samples fit: 7 by 11.
        byte[] file = model(
                nodes(node("Reshape", names("x", "shape"), names("y"))),
                values(value("x", FLOAT, "n", "size")),
                values(value("y", FLOAT, "n", 7, 11)),
                longs("shape", new long[] {3}, 0, 7, 11));

        assertThat(joined(file, auto(8)).why())
                .contains("the model takes none of its samples")
                .contains("Reshape");
    }

    @Test
    void aModelWhoseTimeGrowsWithAValueIsNotJoined() throws IOException {
        // It counts up to its input: the endless neighbour of everybody who is joined with it.
        byte[] file = model(
                nodes(
                        unary("ReduceMax", "x", "most", attribute("keepdims", 0)),
                        node("Range", names("zero", "most", "one"), names("numbers")),
                        unary("ReduceSum", "numbers", "sum", attribute("keepdims", 0)),
                        binary("Mul", "sum", "zero", "nothing"),
                        binary("Add", "x", "nothing", "y")),
                values(value("x", OnnxFile.INT64, "n")),
                values(value("y", OnnxFile.INT64, "n")),
                longs("zero", SCALAR, 0),
                longs("one", SCALAR, 1));

        assertThat(joined(file, auto(8)).why()).contains("where an input's values are large");
    }

    @Test
    void aCheckThatTakesTooLongEndsAndSaysSo() throws IOException {
        // Each run takes milliseconds at least, however fast the machine.
        byte[] file = model(
                nodes(
                        binary("MatMul", "x", "w", "a"),
                        binary("MatMul", "a", "w", "b"),
                        binary("MatMul", "b", "w", "c"),
                        binary("MatMul", "c", "w", "y")),
                values(value("x", FLOAT, "n", 300, 300)),
                values(value("y", FLOAT, "n", 300, 300)),
                floats("w", new long[] {300, 300}, weights(new Random(1), 90_000)));

        Joining joining = joined(file, new BatchTerms(Batching.AUTO, Optional.empty(), 8, Duration.ofMillis(100)));

        assertThat(joining.by()).isEqualTo(Joining.By.SINGLE);
        assertThat(joining.why()).contains("takes longer than 100 ms, after");
    }

    @Test
    void whereNoCheckIsToBeMadeNoneIsAndOnlyTheAuthorsWordJoins() throws IOException {
        byte[] file = identity(FLOAT, "n", 2);
        BatchAxes author = new BatchAxes(Map.of("x", 0), Map.of("y", 0));

        assertThat(joined(file, new BatchTerms(Batching.AUTO, Optional.empty(), 8, Duration.ZERO)))
                .isEqualTo(Joining.single("it may have ended the host before, and its self-check is left out, whose"
                        + " extreme values may have been why; batching=joined or its manifest may say that they run"
                        + " together"));
        assertThat(joined(file, new BatchTerms(Batching.AUTO, Optional.of(author), 8, Duration.ZERO))
                        .by())
                .isEqualTo(Joining.By.AUTHOR);
    }

    @Test
    void aRunThatDoesNotEndIsEndedWithTheCheck() throws IOException {
        byte[] body = OnnxFile.graph(
                nodes(unary("Identity", "going", "on"), binary("Add", "v", "v", "next")),
                values(value("i", OnnxFile.INT64), value("going", OnnxFile.BOOL), value("v", FLOAT, "n", 2)),
                values(value("on", OnnxFile.BOOL), value("next", FLOAT, "n", 2)));
        byte[] file = model(
                nodes(node("Loop", names("times", "", "x"), names("y"), attribute("body", body))),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "n", 2)),
                longs("times", SCALAR, Long.MAX_VALUE));

        Joining joining = joined(file, new BatchTerms(Batching.AUTO, Optional.empty(), 8, Duration.ofMillis(300)));

        assertThat(joining.why()).contains("takes longer than 300 ms, after 1 runs");
    }

    @Test
    void noMoreRowsRunTogetherThanWereChecked() throws IOException {
        // Beyond 5,000 rows something else; a check of batches of 8 does not go there, and so no batch does.
        byte[] file = model(
                nodes(
                        unary("Shape", "x", "shape"),
                        binary("Gather", "shape", "axis", "count"),
                        binary("Greater", "count", "limit", "many"),
                        node("Where", names("many", "zero", "x"), names("y"))),
                values(value("x", FLOAT, "n")),
                values(value("y", FLOAT, "n")),
                longs("axis", SCALAR, 0),
                longs("limit", SCALAR, 5_000),
                floats("zero", SCALAR, 0));
        try (LoadedModel model = load(file)) {
            model.prepareBatches(auto(8));
            float[] ones = new float[900];
            Arrays.fill(ones, 1);
            List<Tensor> request = List.of(new Tensor("x", TensorType.FP32, new long[] {900}, ones));

            List<List<Tensor>> answers = model.predict(List.of(request, request, request, request, request, request));

            assertThat(model.joining().by()).isEqualTo(Joining.By.CHECKED);
            assertThat(answers)
                    .allSatisfy(answer -> assertThat(answer.get(0).elements()).isEqualTo(ones));
        }
    }

    @Test
    void aBatchSizeOfOneNeedsNoCheck() throws IOException {
        assertThat(joined(identity(FLOAT, "n", 2), auto(1))).isEqualTo(Joining.single("its batch_size is 1"));
    }

    @Test
    void theAuthorsWordStandsOverNamesAndChecks() throws IOException {
        BatchAxes axes = new BatchAxes(Map.of("x", 0), Map.of("y", 0));
        byte[] twoNames = model(
                nodes(unary("Identity", "x", "y")),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "m", 2)));

        for (byte[] file : List.of(twoNames, quantised())) {
            assertThat(joined(file, terms(Batching.AUTO, axes)))
                    .isEqualTo(new Joining(Joining.By.AUTHOR, "its manifest says so"));
            assertThat(joined(file, terms(Batching.SINGLE, axes)))
                    .isEqualTo(Joining.single("it was registered with batching=single"));
            assertThat(joined(file, new BatchTerms(Batching.JOINED, Optional.empty(), 8, Duration.ofSeconds(60))))
                    .isEqualTo(new Joining(Joining.By.AUTHOR, "it was registered with batching=joined"));
        }
        assertThat(joined(identity(FLOAT, "n", 2), terms(Batching.AUTO, new BatchAxes(Map.of(), Map.of()))))
                .isEqualTo(Joining.single("its manifest names no input along which requests may be joined"));
    }

    static Stream<Arguments> wordsThatTheModelContradicts() {
        return Stream.of(
                Arguments.of(Map.of("z", 0), Map.of("y", 0), "but the input 'z' is not there"),
                Arguments.of(Map.of("x", 0), Map.of(), "but the output 'y' is not named"),
                Arguments.of(Map.of("x", 0), Map.of("y", 0, "z", 0), "but the output 'z' is not there"),
                Arguments.of(Map.of("x", 1), Map.of("y", 0), "but the input 'x' of the shape [-1, 2] has no free"),
                Arguments.of(Map.of("x", 0), Map.of("y", 2), "but the output 'y' of the shape [-1, 2] has no free"));
    }

    @ParameterizedTest
    @MethodSource("wordsThatTheModelContradicts")
    void aWordThatTheModelContradictsIsNotObeyedAndThatIsSaid(
            Map<String, Integer> inputs, Map<String, Integer> outputs, String why) throws IOException {
        Joining joining = joined(identity(FLOAT, "n", 2), terms(Batching.AUTO, new BatchAxes(inputs, outputs)));

        assertThat(joining.by()).isEqualTo(Joining.By.SINGLE);
        assertThat(joining.why()).startsWith("its manifest says so, ").contains(why);
    }

    @Test
    void requestsAreJoinedAndSplitAlongTheDimensionsThatTheAuthorNames() throws IOException {
        byte[] file = model(
                nodes(
                        unary("Transpose", "x", "turned", attribute("perm", new long[] {1, 0})),
                        binary("Mul", "turned", "factor", "y")),
                values(value("x", FLOAT, 2, "n"), value("factor", FLOAT)),
                values(value("y", FLOAT, "n", 2)));
        BatchAxes axes = new BatchAxes(Map.of("x", 1), Map.of("y", 0));
        try (LoadedModel model = load(file)) {
            model.prepareBatches(terms(Batching.AUTO, axes));
            List<Tensor> one = List.of(matrix(2, 1, 1, 2), factor(10));
            List<Tensor> two = List.of(factor(10), matrix(2, 3, 1, 2, 3, 4, 5, 6));
            List<Tensor> other = List.of(matrix(2, 1, 7, 8), factor(100));

            List<List<Tensor>> answers = model.predict(List.of(one, other, two));

            assertThat(model.joining().by()).isEqualTo(Joining.By.AUTHOR);
            assertThat(answers)
                    .extracting(answer -> (float[]) answer.get(0).elements())
                    .containsExactly(
                            new float[] {10, 20}, new float[] {700, 800}, new float[] {10, 40, 20, 50, 30, 60});
        }
    }

    @Test
    void outputsAreSplitAlongALaterDimensionToo() throws IOException {
        byte[] file = model(
                nodes(unary("Transpose", "x", "y", attribute("perm", new long[] {1, 0}))),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, 2, "n")));
        try (LoadedModel model = load(file)) {
            model.prepareBatches(terms(Batching.AUTO, new BatchAxes(Map.of("x", 0), Map.of("y", 1))));

            List<List<Tensor>> answers =
                    model.predict(List.of(List.of(matrix(1, 2, 1, 2)), List.of(matrix(2, 2, 3, 4, 5, 6))));

            assertThat(model.joining().by()).isEqualTo(Joining.By.AUTHOR);
            assertThat(answers.get(0).get(0)).hasToString("y FP32[2, 1]");
            assertThat(answers)
                    .extracting(answer -> (float[]) answer.get(0).elements())
                    .containsExactly(new float[] {1, 2}, new float[] {3, 5, 4, 6});
        }
    }

    @Test
    void aWrongWordThatOnlyARunShowsIsSaidAndTheAnswersAreRight() throws IOException {
        try (LoadedModel model = load(unique())) {
            model.prepareBatches(terms(Batching.AUTO, new BatchAxes(Map.of("x", 0), Map.of("y", 0))));
            List<Tensor> one = List.of(matrix(1, 2, 1, 2));
            Joining before = model.joining();

            List<List<Tensor>> answers = model.predict(List.of(one, one, one));

            assertThat(before.by()).isEqualTo(Joining.By.AUTHOR);
            assertThat(answers)
                    .hasSize(3)
                    .allSatisfy(answer -> assertThat(answer.get(0).elements()).isEqualTo(new float[] {1, 2}));
            assertThat(model.joining().by()).isEqualTo(Joining.By.SINGLE);
            assertThat(model.joining().why()).contains("the rows of its outputs [y FP32[1, 2]] are not those");
        }
    }

    @Test
    void anOutputThatIsTheSameForAnyNumberOfRowsIsNotSplitWhereTheNumberHappensToFit() throws IOException {
        byte[] file = alwaysRows(4);
        List<Tensor> one = List.of(matrix(1, 2, 1, 2));
        for (List<List<Tensor>> batch : List.of(
                List.of(one, one, one, one),
                List.of(List.of(matrix(3, 2, 1, 2, 3, 4, 5, 6)), one),
                List.of(List.of(matrix(4, 2, 1, 2, 3, 4, 5, 6, 7, 8)), one))) {
            try (LoadedModel model = load(file)) {
                model.prepareBatches(new BatchTerms(Batching.JOINED, Optional.empty(), 8, Duration.ofSeconds(60)));
                Joining before = model.joining();

                List<List<Tensor>> answers = model.predict(batch);

                assertThat(before.by()).isEqualTo(Joining.By.AUTHOR);
                assertThat(answers)
                        .allSatisfy(answer -> assertThat(answer.get(0)).hasToString("y FP32[4, 2]"));
                assertThat(model.joining().by()).isEqualTo(Joining.By.SINGLE);
                assertThat(model.joining().why()).startsWith("the rows of its outputs [y FP32[4, 2], z FP32[");
            }
        }
    }

    /** An output of so many rows, whatever those of the input are, which the engine does not see at load. */
    private static byte[] alwaysRows(int rows) {
        return model(
                nodes(
                        unary("Shape", "x", "shape"),
                        binary("Gather", "shape", "first", "count"),
                        binary("Mul", "count", "first", "nothing"),
                        binary("Add", "nothing", "rows", "end"),
                        node("Slice", names("four", "first", "end", "first"), names("y")),
                        unary("Identity", "x", "z")),
                values(value("x", FLOAT, "n", 2)),
                values(value("y", FLOAT, "n", 2), value("z", FLOAT, "n", 2)),
                longs("first", ONE, 0),
                longs("rows", ONE, rows),
                floats("four", new long[] {4, 2}, 1, 2, 3, 4, 5, 6, 7, 8));
    }

    static Stream<Arguments> constantModels() {
        byte[] zeros = rows(binary("Mul", "x", "zero", "y"));
        byte[] text = model(
                nodes(
                        join(
                                node(
                                        "LabelEncoder",
                                        names("t"),
                                        names("code"),
                                        attribute("keys_strings", "red", "green"),
                                        attribute("values_int64s", new long[] {1, 2}),
                                        attribute("default_int64", 0)),
                                ofMachineLearning()),
                        unary("Cast", "code", "number", attribute("to", FLOAT)),
                        binary("CumSum", "number", "axis", "sum"),
                        binary("Add", "x", "sum", "y")),
                values(value("x", FLOAT, "n"), value("t", OnnxFile.STRING, "n")),
                values(value("y", FLOAT, "n")),
                longs("axis", SCALAR, 0));
        return Stream.of(
                Arguments.of("nothing but zeros, whatever the samples", zeros, "x"),
                Arguments.of("sums of codes for words that no sample has", text, "t"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("constantModels")
    void whereAnInputMakesNoDifferenceNoSamenessIsFound(String what, byte[] file, String input) throws IOException {
        assertThat(joined(file, auto(8)))
                .as(what)
                .isEqualTo(Joining.single("the self-check found that its samples of the input '" + input
                        + "' make no difference to the answers, so that none to those of others can be seen"));
    }

    @Test
    void outputsThatDoNotHaveARowForEachOfTheInputAreNotJoined() throws IOException {
        assertThat(joined(alwaysRows(1), auto(8)).why())
                .isEqualTo("the self-check found that the outputs [y FP32[1, 2], z FP32[3, 2]] do not have the rows of"
                        + " the requests, 3");
    }

    @Test
    void aModelThatFailsOnlyWithJoinedRequestsIsNotJoinedForLong() throws IOException {
        try (LoadedModel model = load(identity(FLOAT, "n", 2))) {
            model.prepareBatches(terms(Batching.AUTO, new BatchAxes(Map.of("x", 0), Map.of("y", 0))));
            for (int i = 0; i < 3; i++) {
                assertThat(model.joining().by()).isEqualTo(Joining.By.AUTHOR);
                model.failedOnlyTogether("Reshape cannot");
            }

            List<List<Tensor>> answers =
                    model.predict(List.of(List.of(matrix(1, 2, 1, 2)), List.of(matrix(1, 2, 3, 4))));

            assertThat(model.joining())
                    .isEqualTo(Joining.single(
                            "joined runs fail, and the same requests succeed one by one: Reshape cannot"));
            assertThat(answers.get(1).get(0).elements()).isEqualTo(new float[] {3, 4});
        }
    }

    private static Tensor matrix(long rows, long columns, float... elements) {
        return new Tensor("x", TensorType.FP32, new long[] {rows, columns}, elements);
    }

    private static Tensor factor(float value) {
        return new Tensor("factor", TensorType.FP32, new long[0], new float[] {value});
    }

    private static List<Tensor> request(LoadedModel model, int rows, Random random) {
        TensorSpec spec = model.signature().inputs().get(0);
        long[] shape = spec.shape().stream().mapToLong(size -> size).toArray();
        shape[0] = rows;
        int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        Object elements = SampleValues.ORDINARY.get(0).elements(spec.type(), count, random);
        return List.of(new Tensor(spec.name(), spec.type(), shape, elements));
    }

    private static BatchTerms auto(int batchSize) {
        return new BatchTerms(Batching.AUTO, Optional.empty(), batchSize, Duration.ofSeconds(60));
    }

    private static BatchTerms terms(Batching wish, BatchAxes author) {
        return new BatchTerms(wish, Optional.of(author), 8, Duration.ofSeconds(60));
    }

    private Joining joined(byte[] file, BatchTerms terms) throws IOException {
        try (LoadedModel model = load(file)) {
            model.prepareBatches(terms);
            return model.joining();
        }
    }

    private LoadedModel load(byte[] file) throws IOException {
        Files.write(directory.resolve("model.onnx"), file);
        return new OnnxRuntime().load(FakeArchive.ofModel(directory, "model.onnx"));
    }
}
