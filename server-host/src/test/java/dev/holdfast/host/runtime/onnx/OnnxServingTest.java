package dev.holdfast.host.runtime.onnx;

import static dev.holdfast.host.runtime.onnx.OnnxFile.FLOAT;
import static dev.holdfast.host.runtime.onnx.OnnxFile.FLOAT16;
import static dev.holdfast.host.runtime.onnx.OnnxFile.INT64;
import static dev.holdfast.host.runtime.onnx.OnnxFile.STRING;
import static dev.holdfast.host.runtime.onnx.OnnxFile.UINT64;
import static dev.holdfast.host.runtime.onnx.OnnxFile.attribute;
import static dev.holdfast.host.runtime.onnx.OnnxFile.identity;
import static dev.holdfast.host.runtime.onnx.OnnxFile.model;
import static dev.holdfast.host.runtime.onnx.OnnxFile.names;
import static dev.holdfast.host.runtime.onnx.OnnxFile.node;
import static dev.holdfast.host.runtime.onnx.OnnxFile.nodes;
import static dev.holdfast.host.runtime.onnx.OnnxFile.sequence;
import static dev.holdfast.host.runtime.onnx.OnnxFile.value;
import static dev.holdfast.host.runtime.onnx.OnnxFile.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.Host;
import dev.holdfast.host.HostsInTests;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of all kinds of types and of sessions, asked over HTTP in a whole host. */
class OnnxServingTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path directory;

    private Path store;
    private Host host;

    @BeforeEach
    void start() throws IOException {
        store = Files.createDirectories(directory.resolve("models"));
        host = HostsInTests.start(store, directory.resolve("logs"));
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private void serve(String name, byte[] file) throws Exception {
        Files.write(store.resolve(name + ".onnx"), file);
        register(name + ".onnx");
    }

    private void register(String archive) throws Exception {
        HttpResponse<String> answer =
                send(host.managementAddress() + "/models?url=" + archive + "&initial_workers=1", "POST", "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static HttpResponse<String> send(String uri, String method, String body) throws Exception {
        return HTTP.send(
                HttpRequest.newBuilder(URI.create(uri))
                        .method(method, HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> ask(String path, String body) throws Exception {
        return send(host.inferenceAddress() + path, "POST", body);
    }

    private String describe(String path) throws Exception {
        return send(host.managementAddress() + path, "GET", "").body();
    }

    @Test
    void numbersThatTheTypeCannotHoldAreRefusedAndTheOthersComeBack() throws Exception {
        serve("half", identity(FLOAT16, -1));
        serve("unsigned", identity(UINT64, -1));

        HttpResponse<String> tooLarge = ask("/predictions/half", "[1, 70000]");

        assertThat(tooLarge.statusCode()).isEqualTo(400);
        assertThat(tooLarge.body())
                .contains("Tensor 'x': element 1 is 70000, which is no number in the range of FP16 (-65504 to 65504)");
        assertThat(ask("/predictions/half", "[65504, \"NaN\", \"-Infinity\"]").body())
                .isEqualTo("[65504.0,\"NaN\",\"-Infinity\"]");
        assertThat(ask("/predictions/unsigned", "[18446744073709551615, 0]").body())
                .isEqualTo("[18446744073709551615,0]");
    }

    @Test
    void noRowsAreAnsweredWithNoProbabilities() throws Exception {
        serve("classifier", OnnxFile.zipMap(attribute("classlabels_int64s", new long[] {7, 8}), INT64, 2));
        String none = "{\"name\":\"x\",\"shape\":[0,2],\"datatype\":\"FP32\",\"data\":[]}";

        assertThat(ask("/predictions/classifier", "[]").body()).isEqualTo("{\"y\":[],\"z\":[]}");
        assertThat(ask("/v1/models/classifier:predict", "{\"instances\":[]}").body())
                .isEqualTo("{\"predictions\":[]}");
        assertThat(ask("/v2/models/classifier/infer", "{\"inputs\":[" + none + "]}")
                        .body())
                .contains("{\"name\":\"y\",\"shape\":[0,0],\"datatype\":\"FP32\",\"data\":[]},"
                        + "{\"name\":\"y.labels\",\"shape\":[0],\"datatype\":\"INT64\",\"data\":[]},"
                        + "{\"name\":\"z\",\"shape\":[0,2],\"datatype\":\"FP32\",\"data\":[]}");
    }

    @Test
    void probabilitiesByLabelComeAsObjectsAndInTheOpenProtocolAsTwoTensors() throws Exception {
        serve("classifier", OnnxFile.zipMap(attribute("classlabels_strings", "no", "yes"), STRING, 2));
        String open = "\"inputs\":[{\"name\":\"x\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[0.25,0.75]}]";

        assertThat(ask("/predictions/classifier", "[0.25, 0.75]").body())
                .isEqualTo("{\"y\":{\"no\":0.25,\"yes\":0.75},\"z\":[0.25,0.75]}");
        assertThat(ask("/v1/models/classifier:predict", "{\"instances\": [[0.25, 0.75], [1, 0]]}")
                        .body())
                .isEqualTo("{\"predictions\":[{\"y\":{\"no\":0.25,\"yes\":0.75},\"z\":[0.25,0.75]},"
                        + "{\"y\":{\"no\":1.0,\"yes\":0.0},\"z\":[1.0,0.0]}]}");
        assertThat(ask("/v2/models/classifier/infer", "{" + open + "}").body())
                .contains("{\"name\":\"y\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[0.25,0.75]},"
                        + "{\"name\":\"y.labels\",\"shape\":[2],\"datatype\":\"BYTES\",\"data\":[\"no\",\"yes\"]},"
                        + "{\"name\":\"z\"");
        assertThat(ask("/v2/models/classifier/infer", "{" + open + ",\"outputs\":[{\"name\":\"y.labels\"}]}")
                        .body())
                .contains("\"outputs\":[{\"name\":\"y.labels\"")
                .doesNotContain("\"name\":\"y\"");
        String metadata = send(host.inferenceAddress() + "/v2/models/classifier", "GET", "")
                .body()
                .replaceAll("\\s", "");
        assertThat(metadata)
                .contains("\"platform\":\"onnx_onnxv1\"")
                .contains("\"outputs\":[{\"name\":\"y\",\"datatype\":\"FP32\",\"shape\":[-1,-1]},"
                        + "{\"name\":\"y.labels\",\"datatype\":\"BYTES\",\"shape\":[-1]},");
    }

    @Test
    void anOutputThatIsLeftOutIsNamedWithTheReason() throws Exception {
        serve(
                "odd",
                model(
                        nodes(
                                node("SequenceConstruct", names("x"), names("y")),
                                node("Identity", names("x"), names("z"))),
                        values(value("x", FLOAT, -1)),
                        values(sequence("y", FLOAT), value("z", FLOAT, -1))));
        String open =
                "{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[3]}],\"outputs\":[{\"name\":\"%s\"}]}";

        HttpResponse<String> refused = ask("/v2/models/odd/infer", open.formatted("y"));

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body())
                .contains("The model's output 'y' is left out of its answers, for it is a sequence of tensors of FLOAT;"
                        + " they have [z].");
        assertThat(ask("/v2/models/odd/infer", open.formatted("z")).statusCode())
                .isEqualTo(200);
        assertThat(ask("/predictions/odd", "[3]").body()).isEqualTo("[3.0]");
        assertThat(describe("/models/odd"))
                .contains("\"outputsLeftOut\": {\n      \"y\": \"a sequence of tensors of FLOAT\"\n    }")
                .contains("\"runtime\": \"onnx\"", "\"runtimeType\": \"python\"", "\"platform\": \"onnx_onnxv1\"");
    }

    @Test
    void aModelWithoutInputsIsAskedByAnEmptyObject() throws Exception {
        serve(
                "constant",
                model(
                        nodes(node("Constant", names(), names("y"), attribute("value_ints", new long[] {7}))),
                        values(),
                        values(value("y", INT64, 1))));

        assertThat(ask("/predictions/constant", "{}").body()).isEqualTo("[7]");
        assertThat(ask("/v1/models/constant:predict", "{}").body()).isEqualTo("{\"predictions\":[7]}");
        assertThat(ask("/v2/models/constant/infer", "{\"inputs\":[]}").statusCode())
                .isEqualTo(200);
        HttpResponse<String> wrong = ask("/predictions/constant", "[1]");
        assertThat(wrong.statusCode()).isEqualTo(400);
        assertThat(wrong.body())
                .contains("There is a value, and no input that could take it. The model has no inputs: send {}.");
    }

    private void serveSums() throws Exception {
        Path sums = Files.createDirectories(store.resolve("sums"));
        Files.write(
                sums.resolve("m.onnx"),
                model(
                        nodes(
                                node("Add", names("x", "before"), names("sum")),
                                node("Identity", names("sum"), names("after"))),
                        values(value("x", FLOAT, 1), value("before", FLOAT, 1)),
                        values(value("sum", FLOAT, 1), value("after", FLOAT, 1))));
        Files.writeString(sums.resolve("session.json"), "{\"carry\": {\"before\": \"after\"}, \"maxSessions\": 1}");
        Files.writeString(sums.resolve("manifest.json"), "{\"modelFile\": \"m.onnx\", \"handler\": \"onnx-session\"}");
        register("sums");
    }

    private static void assertSession(HttpResponse<String> answer, String body, boolean isNew, int step) {
        assertThat(answer.body()).isEqualTo(body);
        assertThat(answer.headers().firstValue("Holdfast-Session-New")).hasValue(String.valueOf(isNew));
        assertThat(answer.headers().firstValue("Holdfast-Session-Step")).hasValue(String.valueOf(step));
    }

    @Test
    void answersSayWhereTheirSessionStandsAndOneThatIsNotThereIsAConflict() throws Exception {
        serveSums();

        HttpResponse<String> without = ask("/predictions/sums", "{\"x\":[7]}");
        assertThat(without.statusCode()).as(without.body()).isEqualTo(200);
        assertThat(without.body()).isEqualTo("[7.0]");
        assertSession(ask("/predictions/sums", "{\"x\":[1],\"session_id\":[\"a\"]}"), "[1.0]", true, 1);
        assertSession(
                ask("/predictions/sums", "{\"x\":[2],\"session_id\":\"a\",\"session_start\":false}"),
                "[3.0]",
                false,
                2);
        assertSession(
                ask("/v1/models/sums:predict", "{\"instances\":[{\"x\":4,\"session_id\":\"a\",\"session_end\":true}]}"),
                "{\"predictions\":[7.0]}",
                false,
                3);

        HttpResponse<String> gone =
                ask("/predictions/sums", "{\"x\":[2],\"session_id\":[\"a\"],\"session_start\":[false]}");

        assertThat(gone.statusCode()).isEqualTo(409);
        assertThat(gone.body())
                .contains("\"type\": \"ConflictStatusException\"")
                .contains("Model sums has no session 'a' to go on with (session_start=false)");
        assertSession(
                ask("/predictions/sums", "{\"x\":[5],\"session_id\":[\"a\"],\"session_start\":[true]}"),
                "[5.0]",
                true,
                1);
    }

    @Test
    void oneSessionMoreThanThereMayBeIsForLaterAndNotTheCallersMistake() throws Exception {
        serveSums();
        assertThat(ask("/predictions/sums", "{\"x\":[1],\"session_id\":[\"a\"]}")
                        .statusCode())
                .isEqualTo(200);

        HttpResponse<String> second = ask("/predictions/sums", "{\"x\":[1],\"session_id\":[\"b\"]}");

        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(second.headers().firstValue("Retry-After")).isPresent();
        assertThat(second.body())
                .contains(
                        "Model sums has 1 sessions, as many as it may; the session 'b' can begin when one of them ends");
    }

    @Test
    void theOpenProtocolHasTheSessionsStandInItsParameters() throws Exception {
        serveSums();
        String request = "{\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]},"
                + "{\"name\":\"session_id\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"a\"]}%s]}";
        String goesOn = ",{\"name\":\"session_start\",\"shape\":[1],\"datatype\":\"BOOL\",\"data\":[false]}";

        assertThat(ask("/v2/models/sums/infer", request.formatted(goesOn)).statusCode())
                .isEqualTo(409);
        assertThat(ask("/v2/models/sums/infer", request.formatted("")).body())
                .contains("\"parameters\":{\"session_new\":true,\"session_step\":1},\"outputs\":[{\"name\":\"sum\"")
                .doesNotContain("\"name\":\"session_");
        assertThat(ask("/v2/models/sums/infer", request.formatted(goesOn)).body())
                .contains("\"parameters\":{\"session_new\":false,\"session_step\":2}");
    }

    /** As Triton's clients say it: a sequence that does not start goes on. */
    @Test
    void aSequenceInTheParametersIsASession() throws Exception {
        serveSums();

        assertThat(ask("/v2/models/sums/infer", inSequence("42", false, false)).statusCode())
                .isEqualTo(409);
        assertThat(ask("/v2/models/sums/infer", inSequence("42", true, false)).body())
                .contains("\"session_new\":true,\"session_step\":1")
                .contains("\"data\":[1.0]");
        assertThat(ask("/v2/models/sums/infer", inSequence("42", false, true)).body())
                .contains("\"session_new\":false,\"session_step\":2")
                .contains("\"data\":[2.0]");
        assertThat(ask("/v2/models/sums/infer", inSequence("\"42\"", false, false))
                        .statusCode())
                .isEqualTo(409);
        assertThat(ask("/v2/models/sums/infer", inSequence("0", false, false)).body())
                .contains("\"data\":[1.0]");
    }

    private static String inSequence(String id, boolean start, boolean end) {
        return withParameters("\"sequence_id\":" + id + ",\"sequence_start\":" + start + ",\"sequence_end\":" + end);
    }

    private static String withParameters(String parameters) {
        return "{\"parameters\":{" + parameters
                + "},\"inputs\":[{\"name\":\"x\",\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1]}]}";
    }

    @Test
    void theSessionMayStandInTheParametersUnderItsOwnNames() throws Exception {
        serveSums();

        assertThat(ask("/v2/models/sums/infer", withParameters("\"session_id\":\"a\""))
                        .body())
                .contains("\"session_new\":true,\"session_step\":1");
        assertThat(ask("/v2/models/sums/infer", withParameters("\"session_id\":\"a\",\"session_start\":false"))
                        .body())
                .contains("\"session_new\":false,\"session_step\":2");
        HttpResponse<String> noTruth =
                ask("/v2/models/sums/infer", withParameters("\"session_id\":\"a\",\"session_start\":1"));
        assertThat(noTruth.statusCode()).isEqualTo(400);
        assertThat(noTruth.body()).contains("Parameter 'session_start' must be true or false");
    }
}
