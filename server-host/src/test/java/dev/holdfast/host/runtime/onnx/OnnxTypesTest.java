package dev.holdfast.host.runtime.onnx;

import static dev.holdfast.host.runtime.onnx.OnnxFile.BFLOAT16;
import static dev.holdfast.host.runtime.onnx.OnnxFile.DOUBLE;
import static dev.holdfast.host.runtime.onnx.OnnxFile.FLOAT;
import static dev.holdfast.host.runtime.onnx.OnnxFile.INT64;
import static dev.holdfast.host.runtime.onnx.OnnxFile.STRING;
import static dev.holdfast.host.runtime.onnx.OnnxFile.UINT16;
import static dev.holdfast.host.runtime.onnx.OnnxFile.UINT32;
import static dev.holdfast.host.runtime.onnx.OnnxFile.UINT64;
import static dev.holdfast.host.runtime.onnx.OnnxFile.attribute;
import static dev.holdfast.host.runtime.onnx.OnnxFile.identity;
import static dev.holdfast.host.runtime.onnx.OnnxFile.model;
import static dev.holdfast.host.runtime.onnx.OnnxFile.names;
import static dev.holdfast.host.runtime.onnx.OnnxFile.node;
import static dev.holdfast.host.runtime.onnx.OnnxFile.nodes;
import static dev.holdfast.host.runtime.onnx.OnnxFile.optional;
import static dev.holdfast.host.runtime.onnx.OnnxFile.sequence;
import static dev.holdfast.host.runtime.onnx.OnnxFile.value;
import static dev.holdfast.host.runtime.onnx.OnnxFile.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.platform.Fp16Conversions;
import dev.holdfast.host.http.PredictionBody;
import dev.holdfast.host.runtime.FakeArchive;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.wire.RawTensors;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Types that ONNX Runtime hands to Java by detours, or not at all. */
class OnnxTypesTest {

    @RegisterExtension
    final LogLines lines = new LogLines(OnnxRuntime.class);

    @TempDir
    Path directory;

    private LoadedModel load(byte[] file) throws IOException {
        Files.write(directory.resolve("model.onnx"), file);
        return new OnnxRuntime().load(FakeArchive.ofModel(directory, "model.onnx"));
    }

    private static Tensor floats(long rows, long columns, float... elements) {
        return new Tensor("x", TensorType.FP32, new long[] {rows, columns}, elements);
    }

    private static List<Tensor> predict(LoadedModel model, Tensor... request) {
        model.check(List.of(request));
        return model.predict(List.of(List.of(request))).get(0);
    }

    /** A model of {@code y}, that is {@code x} as another type, and of {@code z}, that is {@code x}. */
    private static byte[] cast(int from, int to) {
        return model(
                nodes(
                        node("Cast", names("x"), names("y"), attribute("to", to)),
                        node("Identity", names("x"), names("z"))),
                values(value("x", from, -1)),
                values(value("y", to, -1), value("z", from, -1)));
    }

    @Test
    void unsignedNumbersAreUnsignedInsideTheModel() throws IOException {
        try (LoadedModel sixteen = load(cast(UINT16, DOUBLE));
                LoadedModel thirtyTwo = load(cast(UINT32, DOUBLE));
                LoadedModel sixtyFour = load(cast(UINT64, DOUBLE))) {
            long[] shape = {2};

            assertThat(predict(sixteen, new Tensor("x", TensorType.UINT16, shape, new int[] {65535, 0}))
                            .get(0)
                            .elements())
                    .isEqualTo(new double[] {65535, 0});
            assertThat(predict(thirtyTwo, new Tensor("x", TensorType.UINT32, shape, new long[] {4294967295L, 0}))
                            .get(0)
                            .elements())
                    .isEqualTo(new double[] {4294967295.0, 0});
            assertThat(predict(sixtyFour, new Tensor("x", TensorType.UINT64, shape, new long[] {-1, 1L << 63}))
                            .get(0)
                            .elements())
                    .isEqualTo(new double[] {0x1p64, 0x1p63});
        }
    }

    @Test
    void unsignedTensorsWithoutElementsAndWithoutDimensionsPass() throws IOException {
        try (LoadedModel rows = load(identity(UINT64, -1, 3));
                LoadedModel scalar = load(identity(UINT16))) {
            assertThat(predict(rows, new Tensor("x", TensorType.UINT64, new long[] {0, 3}, new long[0])))
                    .singleElement()
                    .hasToString("y UINT64[0, 3]");
            assertThat(predict(scalar, new Tensor("x", TensorType.UINT16, new long[0], new int[] {40_000}))
                            .get(0)
                            .elements())
                    .isEqualTo(new int[] {40_000});
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FP16, 65519.99, 65504",
        "FP16, 1e-8, 0",
        "BF16, 1.00390625, 1",
        "BF16, 1.01171875, 1.015625",
        "BF16, 3.3961773e38, 3.3895314e38",
        "BF16, -Infinity, -Infinity"
    })
    void halfNumbersAreRoundedToTheNearest(TensorType type, float given, float answered) throws IOException {
        try (LoadedModel model = load(identity(type == TensorType.FP16 ? OnnxFile.FLOAT16 : BFLOAT16, -1))) {
            Tensor x = new Tensor("x", type, new long[] {1}, new float[] {given});

            assertThat(predict(model, x).get(0).elements()).isEqualTo(new float[] {answered});
        }
    }

    /** Every number of FP16 and BF16 from here on, and what lies half way to the next one, with its neighbours as texts. */
    @ParameterizedTest
    @CsvSource({"FP16, 0, 31742", "BF16, 0, 300", "BF16, 16200, 16600", "BF16, 32300, 32638"})
    void aTextIsRoundedOnceToTheNearestAndTheMiddleGoesToTheEvenOne(TensorType type, int from, int to)
            throws IOException {
        BigDecimal little = new BigDecimal("1e-60");
        StringJoiner texts = new StringJoiner(",", "[", "]");
        List<Float> wanted = new ArrayList<>();
        for (int bits = from; bits <= to; bits++) {
            float low = number(type, bits);
            float high = number(type, bits + 1);
            BigDecimal middle =
                    new BigDecimal(low).add(new BigDecimal(high)).divide(BigDecimal.valueOf(2), MathContext.UNLIMITED);
            texts.add("%s,%s,%s,-%2$s".formatted(middle.subtract(little), middle, middle.add(little)));
            float even = bits % 2 == 0 ? low : high;
            wanted.addAll(List.of(low, even, high, -even));
        }
        try (LoadedModel model = load(identity(type == TensorType.FP16 ? OnnxFile.FLOAT16 : BFLOAT16, -1))) {
            byte[] body = texts.toString().getBytes(StandardCharsets.US_ASCII);

            Tensor[] x = PredictionBody.read(body, model.signature()).toArray(Tensor[]::new);

            assertThat((float[]) predict(model, x).get(0).elements()).containsExactly(wanted.toArray(Float[]::new));
        }
    }

    private static float number(TensorType type, int bits) {
        return type == TensorType.FP16 ? Fp16Conversions.fp16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
    }

    @ParameterizedTest
    @CsvSource({
        "FP16, 65519.99999999999999999999, 65520",
        "FP16, -65519.99999999999999999999, -65520.00000000000001",
        "BF16, 339617752923046005526922703901628039167.9999, 339617752923046005526922703901628039168",
        "BF16, 3.3961775292304600e38, 3.396177529230461e38"
    })
    void aTextIsInfiniteOnlyWhereTheNumberItselfIsRoundedToInfinity(TensorType type, String last, String beyond)
            throws IOException {
        try (LoadedModel model = load(identity(type == TensorType.FP16 ? OnnxFile.FLOAT16 : BFLOAT16, -1))) {
            Tensor[] x = PredictionBody.read(("[" + last + "]").getBytes(StandardCharsets.US_ASCII), model.signature())
                    .toArray(Tensor[]::new);

            float answer = ((float[]) predict(model, x).get(0).elements())[0];

            assertThat(Math.abs(answer)).isEqualTo(type == TensorType.FP16 ? 65504 : 0x1.FEp127f);
            assertThatThrownBy(() -> PredictionBody.read(
                            ("[" + beyond + "]").getBytes(StandardCharsets.US_ASCII), model.signature()))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("element 0 is " + beyond + ", which is no number in the range of " + type);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FP16, 65520, -65504 to 65504",
        "FP16, -70000, -65504 to 65504",
        "BF16, 3.3961775e38, -3.3895E38 to 3.3895E38"
    })
    void aHalfNumberThatWouldBecomeInfiniteIsRefused(TensorType type, float given, String range) throws IOException {
        try (LoadedModel model = load(identity(type == TensorType.FP16 ? OnnxFile.FLOAT16 : BFLOAT16, -1))) {
            Tensor x = new Tensor("x", type, new long[] {2}, new float[] {Float.NaN, given});

            assertThatThrownBy(() -> model.check(List.of(x)))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessage(
                            "The input 'x' holds " + given + " as element 1; the range of " + type + " is " + range);
        }
    }

    @Test
    void unsignedNumbersOutsideTheirRangeAreRefused() throws IOException {
        try (LoadedModel sixteen = load(identity(UINT16, -1));
                LoadedModel thirtyTwo = load(identity(UINT32, -1))) {
            assertThatThrownBy(() -> sixteen.check(
                            List.of(new Tensor("x", TensorType.UINT16, new long[] {1}, new int[] {65536}))))
                    .hasMessageEndingWith("holds 65536 as element 0; the range of UINT16 is 0 to 65535");
            assertThatThrownBy(() -> thirtyTwo.check(
                            List.of(new Tensor("x", TensorType.UINT32, new long[] {1}, new long[] {-1}))))
                    .hasMessageEndingWith("holds -1 as element 0; the range of UINT32 is 0 to 4294967295");
        }
    }

    @Test
    void probabilitiesByTheirLabelsComeAsATensorWithLabels() throws IOException {
        try (LoadedModel texts = load(OnnxFile.zipMap(attribute("classlabels_strings", "no", "grün"), STRING, 2));
                LoadedModel numbers =
                        load(OnnxFile.zipMap(attribute("classlabels_int64s", new long[] {30, -4}), INT64, 2))) {
            Tensor named = predict(texts, floats(2, 2, 1, 2, 3, 4)).get(0);
            Tensor counted = predict(numbers, floats(1, 2, 1, 2)).get(0);

            assertThat(named).hasToString("y FP32[2, 2]");
            assertThat(named.elements()).isEqualTo(new float[] {2, 1, 4, 3});
            assertThat(named.labels().orElseThrow()).hasToString("y.labels BYTES[2]");
            assertThat(named.labels().orElseThrow().elements()).isEqualTo(new byte[][] {
                "grün".getBytes(StandardCharsets.UTF_8), "no".getBytes(StandardCharsets.UTF_8)
            });
            assertThat(counted.elements()).isEqualTo(new float[] {2, 1});
            assertThat(counted.labels().orElseThrow().elements()).isEqualTo(new long[] {-4, 30});
            assertThat(texts.signature().outputs())
                    .containsExactly(
                            new TensorSpec("y", TensorType.FP32, List.of(-1L, -1L), Optional.of(TensorType.BYTES)),
                            new TensorSpec("z", TensorType.FP32, List.of(-1L, 2L)));
        }
    }

    @Test
    void probabilitiesOfNoRowsHaveNoLabelsAndTheTypeOfTheirs() throws IOException {
        try (LoadedModel texts = load(OnnxFile.zipMap(attribute("classlabels_strings", "no", "yes"), STRING, 2));
                LoadedModel numbers =
                        load(OnnxFile.zipMap(attribute("classlabels_int64s", new long[] {30, -4}), INT64, 2))) {
            for (LoadedModel model : List.of(texts, numbers)) {
                List<Tensor> answer = predict(model, floats(0, 2));
                TensorType declared =
                        model.signature().outputs().get(0).labels().orElseThrow();

                assertThat(answer).extracting(Tensor::toString).containsExactly("y FP32[0, 0]", "z FP32[0, 2]");
                assertThat(answer.get(0).labels().orElseThrow()).hasToString("y.labels " + declared + "[0]");
            }
        }
    }

    @Test
    void eachRequestOfABatchGetsTheProbabilitiesOfItsRows() throws IOException {
        try (LoadedModel model = load(OnnxFile.zipMap(attribute("classlabels_strings", "a", "b"), STRING, 2))) {
            List<List<Tensor>> answers =
                    model.predict(List.of(List.of(floats(1, 2, 1, 2)), List.of(floats(2, 2, 3, 4, 5, 6))));

            assertThat(answers)
                    .extracting(answer -> answer.get(0).elements())
                    .containsExactly(new float[] {1, 2}, new float[] {3, 4, 5, 6});
            assertThat(answers).allMatch(answer -> answer.get(0).labels().isPresent());
        }
    }

    private void assertLeftOut(byte[] file, String why) throws IOException {
        try (LoadedModel model = load(file)) {
            Tensor x = new Tensor("x", TensorType.FP32, new long[] {2}, new float[] {1, 2});

            List<Tensor> answer = predict(model, x);

            assertThat(answer).singleElement().hasToString("z FP32[2]");
            assertThat(answer.get(0).elements()).isEqualTo(new float[] {1, 2});
            assertThat(model.predict(List.of(List.of(x), List.of(x)))).hasSize(2);
            assertThat(model.signature().outputs()).extracting(TensorSpec::name).containsExactly("z");
            assertThat(model.signature().leftOut()).containsOnlyKeys("y").containsEntry("y", why);
            assertThat(lines.warnings())
                    .endsWith("Archive model.onnx: outputs are left out of the answers: ['y' is " + why + "]");
        }
    }

    @Test
    void oneOutputThatCannotBeOfferedLeavesTheOthers() throws IOException {
        byte[][] x = values(value("x", FLOAT, -1));
        byte[] same = node("Identity", names("x"), names("z"));

        assertLeftOut(cast(FLOAT, OnnxFile.FLOAT8), "a tensor of the type FLOAT8E4M3FN");
        assertLeftOut(
                cast(FLOAT, OnnxFile.INT4), "a tensor of a type that ONNX Runtime does not tell Java of, such as INT4");
        assertLeftOut(
                model(
                        nodes(node("SequenceConstruct", names("x"), names("y")), same),
                        x,
                        values(sequence("y", FLOAT), value("z", FLOAT, -1))),
                "a sequence of tensors of FLOAT");
        assertLeftOut(
                model(
                        nodes(node("Optional", names("x"), names("y")), same),
                        x,
                        values(optional("y", FLOAT, -1), value("z", FLOAT, -1))),
                "of the kind optional");
    }

    @Test
    void aModelOfWhichNothingCanBeOfferedIsRefused() {
        byte[] file = model(
                nodes(node("SequenceConstruct", names("x"), names("y"))),
                values(value("x", FLOAT, -1)),
                values(sequence("y", FLOAT)));

        assertThatThrownBy(() -> load(file))
                .isInstanceOf(ModelLoadException.class)
                .hasMessage("Archive model.onnx has no output that can be offered: ['y' is a sequence of tensors of"
                        + " FLOAT]");
    }

    @Test
    void aModelWithAnInputThatCannotBeSentIsRefusedByName() {
        byte[] sequence = model(
                nodes(node("SequenceLength", names("x"), names("y"))),
                values(sequence("x", FLOAT)),
                values(value("y", INT64)));
        byte[] optional = model(
                nodes(node("OptionalHasElement", names("x"), names("y"))),
                values(optional("x", FLOAT, -1)),
                values(value("y", OnnxFile.BOOL)));

        assertThatThrownBy(() -> load(sequence))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining(
                        "has the input 'x', which is a sequence of tensors of FLOAT; inputs must be tensors");
        assertThatThrownBy(() -> load(optional))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining(
                        "has an input of a type that ONNX Runtime does not tell Java of, such as an optional");
    }

    @Test
    void aModelWithoutInputsIsAsked() throws IOException {
        byte[] file = model(
                nodes(node("Constant", names(), names("y"), attribute("value_ints", new long[] {7, 8}))),
                values(),
                values(value("y", INT64, 2)));
        try (LoadedModel model = load(file)) {
            assertThat(predict(model).get(0).elements()).isEqualTo(new long[] {7, 8});
            assertThat(model.predict(List.of(List.of(), List.of()))).hasSize(2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "FP32, 1, 0000803f0000c07f",
        "UINT8, 2, ff01",
        "INT8, 3, ff7f",
        "UINT16, 4, ffff0201",
        "INT16, 5, feff0201",
        "INT32, 6, ffffffff01000000",
        "INT64, 7, feffffffffffffff0100000000000000",
        "FP16, 10, 003cff7b",
        "FP64, 11, 000000000000f03f00000000000000c0",
        "UINT32, 12, ffffffff01000000",
        "UINT64, 13, ffffffffffffffff0100000000000000",
        "BF16, 16, 803f00c0"
    })
    void whatCameAsBytesGoesInAsItCame(TensorType type, int onnx, String hex) throws IOException {
        byte[] raw = HexFormat.of().parseHex(hex);

        try (LoadedModel model = load(identity(onnx, 2))) {
            Tensor packed = RawTensors.read("x", type, new long[] {2}, ByteBuffer.wrap(raw));
            Tensor answer = predict(model, packed).get(0);

            assertThat(packed.bytes()).isPresent();
            assertThat(RawTensors.of(answer)).isEqualTo(raw);
            assertThat(answer.elements()).isEqualTo(packed.elements());
        }
    }
}
