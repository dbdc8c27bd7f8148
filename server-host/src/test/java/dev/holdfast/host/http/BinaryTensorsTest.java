package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The binary extension of the Open Inference Protocol, with the bytes that Triton's clients send by default. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BinaryTensorsTest {

    private static final String HEADER = "Inference-Header-Content-Length";

    @TempDir
    static Path directory;

    private HostUnderTest host;
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    void start() {
        host = new HostUnderTest(directory, Map.of("max_response_size", "1000"))
                .with("wide.mar")
                .with("words.mar")
                .with("big.mar");
    }

    @AfterAll
    void stop() {
        host.close();
    }

    private HttpResponse<byte[]> infer(String model, String json, byte[] tensors, String length) throws Exception {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(json.getBytes(StandardCharsets.UTF_8));
        body.writeBytes(tensors);
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(host.apis.inference() + "/v2/models/" + model + "/infer"))
                .timeout(Duration.ofSeconds(60))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
        if (!length.isEmpty()) {
            request.header(HEADER, length);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private HttpResponse<byte[]> infer(String model, String json, byte[] tensors) throws Exception {
        return infer(model, json, tensors, Integer.toString(json.getBytes(StandardCharsets.UTF_8).length));
    }

    private static byte[] floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    private static String x(int size) {
        return "{\"name\":\"x\",\"shape\":[2,3],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":" + size
                + "}}";
    }

    @Test
    void tensorsInBytesAreAnsweredInBytes() throws Exception {
        HttpResponse<byte[]> answer = infer(
                "wide",
                "{\"id\":\"a\",\"inputs\":[" + x(24) + "],\"parameters\":{\"binary_data_output\":true}}",
                floats(1, 2, 3, 4, 5, 6));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/octet-stream");
        int json = Integer.parseInt(answer.headers().firstValue(HEADER).orElseThrow());
        assertThat(new String(answer.body(), 0, json, StandardCharsets.UTF_8))
                .isEqualTo(
                        "{\"model_name\":\"wide\",\"model_version\":\"1.0\",\"id\":\"a\",\"outputs\":["
                                + "{\"name\":\"y\",\"shape\":[2,1],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":8}},"
                                + "{\"name\":\"z\",\"shape\":[2],\"datatype\":\"INT64\",\"parameters\":{\"binary_data_size\":16}}]}");
        assertThat(Arrays.copyOfRange(answer.body(), json, json + 8)).isEqualTo(floats(6, 15));
        assertThat(Arrays.copyOfRange(answer.body(), json + 8, answer.body().length))
                .containsExactly(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void eachOutputIsSentAsItIsAskedFor() throws Exception {
        HttpResponse<byte[]> answer = infer(
                "wide",
                "{\"inputs\":[" + x(24) + "],\"outputs\":[{\"name\":\"z\"},"
                        + "{\"name\":\"y\",\"parameters\":{\"binary_data\":true}}]}",
                floats(1, 2, 3, 4, 5, 6));

        int json = Integer.parseInt(answer.headers().firstValue(HEADER).orElseThrow());
        assertThat(new String(answer.body(), 0, json, StandardCharsets.UTF_8)).contains("\"data\":[0,1]");
        assertThat(Arrays.copyOfRange(answer.body(), json, answer.body().length))
                .isEqualTo(floats(6, 15));
    }

    @Test
    void bytesMayBeAskedForInJsonAloneAndJsonInBytes() throws Exception {
        HttpResponse<byte[]> bytes = infer(
                "words",
                "{\"inputs\":[{\"name\":\"w\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"a\",\"\"]}],"
                        + "\"parameters\":{\"binary_data_output\":true}}",
                new byte[0],
                "");
        int json = Integer.parseInt(bytes.headers().firstValue(HEADER).orElseThrow());
        assertThat(Arrays.copyOfRange(bytes.body(), json, bytes.body().length))
                .containsExactly(1, 0, 0, 0, 'a', 0, 0, 0, 0);

        HttpResponse<byte[]> text = infer("wide", "{\"inputs\":[" + x(24) + "]}", floats(1, 2, 3, 4, 5, 6));
        assertThat(text.headers().firstValue(HEADER)).isEmpty();
        assertThat(new String(text.body(), StandardCharsets.UTF_8)).contains("\"data\":[6.0,15.0]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            28 | 24 |     | has 4 bytes more than its tensors say
            20 | 20 |     | has 5 elements where its shape [2, 3] needs 6
            22 | 22 |     | has 22 bytes, which is no multiple of the 4 of an element of FP32
            28 | 32 |     | has a binary_data_size of 32, and the body 28 bytes more
            24 | -1 |     | -1 must be a number of bytes
            24 | 24 | 900 | is said to have 900 bytes
            24 | 24 | -1  | must say how many bytes of the body are JSON
            24 | 24 | ten | must say how many bytes of the body are JSON
            24 | 24 | 5   | The body is no JSON
            """)
    void whatDoesNotFitIsSaid(int sent, int said, String header, String message) throws Exception {
        String json = "{\"inputs\":[" + x(said) + "]}";

        HttpResponse<byte[]> answer =
                header == null ? infer("wide", json, new byte[sent]) : infer("wide", json, new byte[sent], header);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).contains(message);
    }

    @Test
    void dataInBothPlacesIsRefused() throws Exception {
        HttpResponse<byte[]> answer = infer(
                "wide",
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[1,2,3],"
                        + "\"parameters\":{\"binary_data_size\":12}}]}",
                floats(1, 2, 3));

        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).contains("send one of the two");
    }

    @Test
    void anAnswerInBytesThatIsTooLargeIsRefused() throws Exception {
        HttpResponse<byte[]> answer = infer(
                "big",
                "{\"inputs\":[{\"name\":\"body\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"x\"]}],"
                        + "\"parameters\":{\"binary_data_output\":true}}",
                new byte[0]);

        assertThat(new String(answer.body(), StandardCharsets.UTF_8)).contains("max_response_size, 1000 bytes");
    }
}
