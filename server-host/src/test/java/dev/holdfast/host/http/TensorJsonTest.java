package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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
        "INT64,-9223372036854775808,-9223372036854775809"
    })
    void wholeNumbersEndWhereTheirTypeEnds(TensorType type, String last, String beyond) {
        assertThat(plain(
                        false,
                        read("[" + last + "]", signature(type, -1L)).inputs().get(0)))
                .isEqualTo("[" + last + "]");
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> read("[" + beyond + "]", signature(type, -1L)))
                .hasMessageContaining("is " + beyond + ", which is no whole number in the range of " + type)
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

        assertThat(new String(WRITER.open("m", "1.0", Optional.of("7"), List.of(y)), StandardCharsets.UTF_8))
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
