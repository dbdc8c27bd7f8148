package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.wire.TensorReader;
import dev.holdfast.host.wire.TensorRequest;
import dev.holdfast.host.wire.TensorWriter;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TensorJsonTest {

    private static final TensorWriter WRITER = new TensorWriter(1 << 20);

    private static ModelSignature signature(TensorType type, Long... shape) {
        return new ModelSignature("t", List.of(new TensorSpec("x", type, List.of(shape))), List.of(), false);
    }

    private static TensorRequest read(String json, ModelSignature signature) {
        return TensorReader.read(json.getBytes(StandardCharsets.UTF_8), signature);
    }

    private static String plain(boolean oneRow, Tensor... outputs) {
        return new String(WRITER.plain(List.of(outputs), oneRow), StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [1, 2.5, -3e2]                         | true
            [[1, 2.5, -3e2]]                       | false
            {"x": [1, 2.5, -3e2]}                  | true
            {"x": [[1, 2.5, -3e2]]}                | false
            {"instances": [[1, 2.5, -3e2]]}        | false
            {"instances": [{"x": [1, 2.5, -3e2]}]} | false
            {"inputs": [[1, 2.5, -3e2]]}           | false
            {"inputs": [1, 2.5, -3e2]}             | true
            {"inputs": {"x": [[1, 2.5, -3e2]]}}    | false
            [{"x": [1, 2.5, -3e2]}]                | false
            {"signature_name": "s", "instances": [[1, 2.5, -3e2]]} | false
            {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2.5, -3e2]}]}   | false
            {"inputs": [{"data": [[1, 2.5, -3e2]], "datatype": "FP32", "shape": [1, 3], "name": "x"}], "id": "7"} | false
            """)
    void everyFormGivesTheSameTensor(String json, boolean oneRow) {
        TensorRequest request = read(json, signature(TensorType.FP32, -1L, 3L));

        Tensor x = request.inputs().get(0);
        assertThat(x.name()).isEqualTo("x");
        assertThat(x.shape()).containsExactly(1, 3);
        assertThat((float[]) x.elements()).containsExactly(1, 2.5f, -300);
        assertThat(request.oneRow()).isEqualTo(oneRow);
        assertThat(request.open().isPresent()).isEqualTo(json.contains("datatype"));
    }

    @ParameterizedTest
    @EnumSource(
            value = TensorType.class,
            names = {"BOOL", "BYTES"},
            mode = EnumSource.Mode.EXCLUDE)
    void everyTypeOfNumberComesBackAsItWasRead(TensorType type) {
        boolean unsigned = type.name().startsWith("U");
        String json = unsigned ? "[[0,1],[2,127]]" : "[[0,1],[-2,127]]";

        Tensor x = read(json, signature(type, -1L, 2L)).inputs().get(0);

        assertThat(x.type()).isEqualTo(type);
        assertThat(x.elements()).isInstanceOf(type.array());
        assertThat(plain(false, x).replace(".0", "")).isEqualTo(json);
    }

    @ParameterizedTest
    @CsvSource({
        "INT8,127,128",
        "INT16,-32768,-32769",
        "INT32,2147483647,2147483648",
        "UINT8,255,256",
        "UINT16,65535,-1",
        "UINT32,4294967295,4294967296",
        "UINT64,18446744073709551615,18446744073709551616",
        "UINT64,9223372036854775808,-1",
        "INT64,-9223372036854775808,-9223372036854775809"
    })
    void wholeNumbersEndWhereTheirTypeEnds(TensorType type, String last, String beyond) {
        assertThat(plain(
                        false,
                        read("[" + last + "]", signature(type, -1L)).inputs().get(0)))
                .isEqualTo("[" + last + "]");
        assertThatThrownBy(() -> read("[" + beyond + "]", signature(type, -1L)))
                .hasMessageContaining("element 0 is " + beyond + ", which is no whole number in the range of " + type)
                .hasMessageContaining("(" + type.range() + ")")
                .hasMessageEndingWith("The model wants JSON with 'x' " + type + "[-1].");
    }

    @Test
    void truthsAndTextsAreRead() {
        assertThat((boolean[]) read("[true,false]", signature(TensorType.BOOL, -1L))
                        .inputs()
                        .get(0)
                        .elements())
                .containsExactly(true, false);
        Tensor texts = read("[\"a\\u00e9\", \"\\ud83d\\ude00\"]", signature(TensorType.BYTES, -1L))
                .inputs()
                .get(0);
        assertThat(plain(false, texts)).isEqualTo("[\"aé\",\"😀\"]");
    }

    @Test
    void aRandomTensorIsReadToTheLastBit() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        float[] wanted = new float[5 * 7];
        List<List<Float>> rows = new ArrayList<>();
        for (int row = 0; row < 5; row++) {
            List<Float> line = new ArrayList<>();
            for (int column = 0; column < 7; column++) {
                float value = Float.intBitsToFloat(random.nextInt());
                value = Float.isFinite(value) ? value : 1;
                wanted[row * 7 + column] = value;
                line.add(value);
            }
            rows.add(line);
        }

        Tensor x = read(rows.toString(), signature(TensorType.FP32, -1L, 7L))
                .inputs()
                .get(0);
        Tensor again = read(plain(false, x), signature(TensorType.FP32, -1L, 7L))
                .inputs()
                .get(0);

        assertThat((float[]) x.elements()).as("seed %d", seed).containsExactly(wanted);
        assertThat((float[]) again.elements()).as("seed %d", seed).containsExactly(wanted);
    }

    @Test
    void severalInputsComeByRowOrByName() {
        ModelSignature two = new ModelSignature(
                "t",
                List.of(
                        new TensorSpec("a", TensorType.FP32, List.of(-1L, 2L)),
                        new TensorSpec("b", TensorType.INT64, List.of(-1L))),
                List.of(),
                false);

        for (String json : List.of(
                "{\"a\": [[1,2],[3,4]], \"b\": [5,6]}",
                "{\"b\": [5,6], \"a\": [[1,2],[3,4]]}",
                "{\"instances\": [{\"a\": [1,2], \"b\": 5}, {\"b\": 6, \"a\": [3,4]}]}",
                "{\"inputs\": {\"a\": [[1,2],[3,4]], \"b\": [5,6]}}")) {
            List<Tensor> inputs = read(json, two).inputs();

            assertThat(inputs.get(0).shape()).as(json).containsExactly(2, 2);
            assertThat((float[]) inputs.get(0).elements()).containsExactly(1, 2, 3, 4);
            assertThat((long[]) inputs.get(1).elements()).containsExactly(5, 6);
        }
    }

    @ParameterizedTest
    @CsvSource({"FP16,65519,65520", "FP16,-65519.9,-70000", "BF16,3.396e38,3.397e38", "FP32,3.4028235e38,3.41e38"})
    void numbersEndWhereTheirTypeWouldBecomeInfinite(TensorType type, String last, String beyond) {
        assertThat(read("[" + last + "]", signature(type, -1L)).inputs().get(0).elements())
                .isEqualTo(new float[] {Float.parseFloat(last)});
        for (String form :
                List.of("[0, %s]", "{\"x\": [0, %s]}", "{\"instances\": [0, %s]}", "{\"inputs\": [0, %s]}")) {
            assertThatThrownBy(() -> read(form.formatted(beyond), signature(type, -1L)))
                    .hasMessageStartingWith("Tensor 'x': element 1 is " + beyond
                            + ", which is no number in the range of " + type + " (" + type.range() + ")");
        }
        String open = "{\"inputs\":[{\"name\":\"x\",\"shape\":[2],\"datatype\":\"" + type + "\",\"data\":[0,%s]}]}";
        assertThatThrownBy(() -> read(open.formatted(beyond), signature(type, -1L)))
                .hasMessageStartingWith("Tensor 'x': element 1 is " + beyond);
    }

    @ParameterizedTest
    @EnumSource(names = {"FP16", "BF16", "FP32", "FP64"})
    void whatAnswersSayOfNumbersThatAreNotFiniteIsTakenInEveryForm(TensorType type) {
        String values = "[\"NaN\",\"Infinity\",\"-Infinity\"]";
        for (String form : List.of(
                "[%s]",
                "{\"x\": [%s]}",
                "{\"instances\": [%s]}",
                "{\"instances\": [{\"x\": %s}]}",
                "{\"inputs\": {\"x\": [%s]}}",
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"" + type + "\",\"data\":%s}]}",
                "{\"inputs\":[{\"data\":[%s],\"name\":\"x\",\"datatype\":\"" + type + "\",\"shape\":[1,3]}]}")) {
            Tensor x = read(form.formatted(values), signature(type, -1L, 3L))
                    .inputs()
                    .get(0);

            assertThat(plain(false, x)).as(form).isEqualTo("[" + values + "]");
        }
    }

    @Test
    void theMembersOfATensorComeInAnyOrder() {
        List<String> members = List.of(
                "\"name\":\"data\"",
                "\"shape\":[2,2]",
                "\"datatype\":\"INT64\"",
                "\"data\":[[1,2],[3,4]]",
                "\"parameters\":{}");
        ModelSignature signature = new ModelSignature(
                "t", List.of(new TensorSpec("data", TensorType.INT64, List.of(-1L, 2L))), List.of(), false);
        for (List<String> order : orders(members)) {
            String json = "{\"inputs\":[{" + String.join(",", order) + "}]}";

            assertThat((long[]) read(json, signature).inputs().get(0).elements())
                    .as(json)
                    .containsExactly(1, 2, 3, 4);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            INT64 | 5
            FP32  | "NaN"
            FP64  | 1.5e3
            BOOL  | true
            BYTES | "a, ]}"
            """, quoteCharacter = '\'')
    void aScalarMayStandBeforeItsType(TensorType type, String data) {
        for (List<String> order : orders(
                List.of("\"name\":\"x\"", "\"shape\":[]", "\"datatype\":\"" + type + "\"", "\"data\":" + data))) {
            String json = "{\"inputs\":[{" + String.join(",", order) + "}]}";

            assertThat(read(
                                    json,
                                    new ModelSignature(
                                            "t", List.of(new TensorSpec("x", type, List.of())), List.of(), false))
                            .inputs())
                    .as(json)
                    .hasSize(1);
        }
    }

    private static List<List<String>> orders(List<String> members) {
        if (members.isEmpty()) {
            return List.of(List.of());
        }
        List<List<String>> orders = new ArrayList<>();
        for (String first : members) {
            List<String> rest = new ArrayList<>(members);
            rest.remove(first);
            for (List<String> order : orders(rest)) {
                List<String> whole = new ArrayList<>(List.of(first));
                whole.addAll(order);
                orders.add(whole);
            }
        }
        return orders;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [2,0]   | [[],[]]
            [2,0]   | []
            [0,4]   | []
            [0]     | []
            [2,0,3] | [[],[]]
            [2,0,3] | []
            [1,2,0] | [[[],[]]]
            [0,0]   | []
            """)
    void dataWithoutElementsHasTheShapeThatIsSaid(String shape, String data) {
        String json =
                "{\"inputs\":[{\"name\":\"x\",\"data\":" + data + ",\"datatype\":\"FP32\",\"shape\":" + shape + "}]}";

        Tensor x = read(json, signature(TensorType.FP32, -1L)).inputs().get(0);

        assertThat(Arrays.toString(x.shape()).replace(" ", "")).isEqualTo(shape);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            [2,0] | [[],[1]]     | its rows are not all of one length and depth
            [2,0] | [[1],[]]     | its rows are not all of one length and depth
            [2,0] | [[],[],[]]   | has data of shape [3, 0] where its shape says [2, 0]
            [0,4] | [[]]         | has data of shape [1, 0] where its shape says [0, 4]
            [0]   | [[]]         | has data of shape [1, 0] where its shape says [0]
            [2,2] | [[],[]]      | has data of shape [2, 0] where its shape says [2, 2]
            [2,2] | []           | has 0 elements where its shape [2, 2] needs 4
            [2,0] | [1]          | has 1 elements where its shape [2, 0] needs 0
            """)
    void dataThatDoesNotFitItsShapeIsRefused(String shape, String data, String message) {
        String json =
                "{\"inputs\":[{\"shape\":" + shape + ",\"data\":" + data + ",\"datatype\":\"FP32\",\"name\":\"x\"}]}";

        assertThatThrownBy(() -> read(json, signature(TensorType.FP32, -1L))).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            []                | -1,3   | [0, 3]
            {"x": []}         | -1,3   | [0, 3]
            {"instances": []} | -1,3   | [0, 3]
            []                | -1,2,3 | [0, 2, 3]
            [[],[]]           | -1,-1,3 | [2, 0, 3]
            [[]]              | -1,-1  | [1, 0]
            """)
    void noRowsAreATensorOfTheOtherSizes(String json, String wanted, String shape) {
        Long[] sizes = Arrays.stream(wanted.split(",")).map(Long::valueOf).toArray(Long[]::new);

        TensorRequest request = read(json, signature(TensorType.FP32, sizes));

        assertThat(Arrays.toString(request.inputs().get(0).shape())).isEqualTo(shape);
        assertThat(request.oneRow()).isFalse();
    }

    @Test
    void aModelWithoutInputsTakesAnEmptyObjectAndSaysSo() {
        ModelSignature none = new ModelSignature("t", List.of(), List.of(), false);

        TensorRequest request = read("{}", none);

        assertThat(request.inputs()).isEmpty();
        assertThat(request.oneRow()).isFalse();
        assertThat(read("{\"inputs\":[]}", none).inputs()).isEmpty();
        for (String wrong : List.of("", "5", "[1]", "{\"x\":1}", "{")) {
            assertThatThrownBy(() -> read(wrong, none))
                    .as(wrong)
                    .hasMessageEndingWith(" The model has no inputs: send {}.");
        }
    }

    @Test
    void whatARequestMayHaveBesidesItsInputsIsReadWithoutCountingAsOne() {
        ModelSignature signature = new ModelSignature(
                "t",
                List.of(new TensorSpec("x", TensorType.FP32, List.of(-1L, 2L))),
                List.of(new TensorSpec("session_end", TensorType.BOOL, List.of(1L))),
                List.of(),
                List.of(),
                Map.of(),
                false);

        TensorRequest with = read("{\"x\": [1, 2], \"session_end\": true}", signature);

        assertThat(with.inputs()).extracting(Tensor::name).containsExactly("x", "session_end");
        assertThat(with.inputs().get(1).shape()).containsExactly(1);
        assertThat(with.oneRow()).isTrue();
        assertThat(read("[1, 2]", signature).inputs()).hasSize(1);
    }

    private static Tensor labelled(String name, float[][] rows, String... labels) {
        float[] values = new float[rows.length * labels.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = rows[i / labels.length][i % labels.length];
        }
        byte[][] texts = Arrays.stream(labels)
                .map(label -> label.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        return new Tensor(name, TensorType.FP32, new long[] {rows.length, labels.length}, values)
                .labelled(new Tensor(name + ".labels", TensorType.BYTES, new long[] {labels.length}, texts));
    }

    @Test
    void labelledValuesAreWrittenByTheirLabels() {
        Tensor y = labelled("y", new float[][] {{0.25f, 0.75f}, {1, Float.NaN}}, "no", "yes");
        Tensor k = new Tensor("k", TensorType.INT64, new long[] {2}, new long[] {5, 6});

        assertThat(plain(false, y)).isEqualTo("[{\"no\":0.25,\"yes\":0.75},{\"no\":1.0,\"yes\":\"NaN\"}]");
        assertThat(plain(true, labelled("y", new float[][] {{1, 2}}, "a", "b"))).isEqualTo("{\"a\":1.0,\"b\":2.0}");
        assertThat(plain(true, k, labelled("y", new float[][] {{1}}, "a")))
                .isEqualTo("{\"k\":[5,6],\"y\":{\"a\":1.0}}");
        assertThat(new String(WRITER.predictions(List.of(k, y)), StandardCharsets.UTF_8))
                .isEqualTo("{\"predictions\":[{\"k\":5,\"y\":{\"no\":0.25,\"yes\":0.75}},"
                        + "{\"k\":6,\"y\":{\"no\":1.0,\"yes\":\"NaN\"}}]}");
    }

    @Test
    void anOutputThatIsNoTextIsAnErrorOfTheModel() {
        Tensor y = new Tensor("y", TensorType.BYTES, new long[] {1}, new byte[][] {{(byte) 0xc0, (byte) 0xaf}});

        assertThatThrownBy(() -> plain(false, y))
                .isInstanceOf(ApiFailure.class)
                .hasMessage("The model's output 'y' holds bytes that are no UTF-8, which JSON cannot say.");
    }

    @Test
    void emptyRowsKeepTheirShape() {
        assertThat(read("[[],[]]", signature(TensorType.FP32, -1L, -1L))
                        .inputs()
                        .get(0)
                        .shape())
                .containsExactly(2, 0);
        assertThat(read("{\"instances\":[]}", signature(TensorType.FP32, -1L))
                        .inputs()
                        .get(0)
                        .shape())
                .containsExactly(0);
    }

    @Test
    void answersHaveTheShapeOfTheQuestion() {
        Tensor row = new Tensor("y", TensorType.FP32, new long[] {1, 2}, new float[] {1, 2});
        Tensor scalar = new Tensor("s", TensorType.INT32, new long[] {}, new int[] {7});
        Tensor cube = new Tensor("c", TensorType.INT8, new long[] {2, 1, 2}, new byte[] {1, 2, 3, 4});

        assertThat(plain(true, row)).isEqualTo("[1.0,2.0]");
        assertThat(plain(false, row)).isEqualTo("[[1.0,2.0]]");
        assertThat(plain(true, scalar)).isEqualTo("7");
        assertThat(plain(true, cube)).isEqualTo("[[[1,2]],[[3,4]]]");
        assertThat(plain(true, row, scalar)).isEqualTo("{\"y\":[1.0,2.0],\"s\":7}");
    }

    @Test
    void predictionsOfSeveralOutputsComeByRow() {
        Tensor y = new Tensor("y", TensorType.FP32, new long[] {2, 2}, new float[] {1, 2, 3, 4});
        Tensor z = new Tensor("z", TensorType.INT64, new long[] {2}, new long[] {5, 6});

        assertThat(new String(WRITER.predictions(List.of(y, z)), StandardCharsets.UTF_8))
                .isEqualTo("{\"predictions\":[{\"y\":[1.0,2.0],\"z\":5},{\"y\":[3.0,4.0],\"z\":6}]}");
    }

    @Test
    void whatJsonCannotSayBecomesText() throws Exception {
        Tensor y = new Tensor("y", TensorType.FP32, new long[] {3}, new float[] {
            Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
        });

        JsonNode answer = new ObjectMapper().readTree(plain(false, y));

        assertThat(answer).map(JsonNode::asText).containsExactly("NaN", "Infinity", "-Infinity");
    }

    @Test
    void theOpenAnswerIsFlatAndNamesItsShape() {
        Tensor y = new Tensor("y", TensorType.FP64, new long[] {2, 1}, new double[] {0.1, 2});

        assertThat(new String(WRITER.open("m", "1.0", Optional.of("7"), List.of(y), Map.of()), StandardCharsets.UTF_8))
                .isEqualTo("{\"model_name\":\"m\",\"model_version\":\"1.0\",\"id\":\"7\",\"outputs\":[{\"name\":\"y\","
                        + "\"shape\":[2,1],\"datatype\":\"FP64\",\"data\":[0.1,2.0]}]}");
    }

    @Test
    void anyBytesWhateverGiveATensorOrAClearRefusal() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] alphabet = "[]{}\":,.0123456789eE-+truefalsn xinputsdatah\\u\u00e9".getBytes(StandardCharsets.UTF_8);
        ModelSignature signature = signature(TensorType.FP32, -1L, 3L);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] body = new byte[random.nextInt(40)];
            for (int i = 0; i < body.length; i++) {
                body[i] = alphabet[random.nextInt(alphabet.length)];
            }
            try {
                Tensor x = TensorReader.read(body, signature).inputs().get(0);
                assertThat(Array.getLength(x.elements())).isEqualTo(x.count());
            } catch (dev.holdfast.host.runtime.InvalidInputException e) {
                refused++;
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ": " + new String(body, StandardCharsets.UTF_8), e);
            }
        }
        assertThat(refused).isPositive();
    }
}
