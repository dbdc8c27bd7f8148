package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes of workflows that take tensors: what comes before them is read as the body of a prediction. */
class WorkflowTensorsIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String FUNCTIONS = """
            import json

            def pair(data, context):
                if data is None:
                    return None
                return [{"x": row["body"]["all"], "y": [2, 4]} for row in data]

            def x(data, context):
                return [[6, 12] for row in data] if data else None

            def y(data, context):
                return [[3, 4] for row in data] if data else None

            def word(data, context):
                return ["nine" for row in data] if data else None

            def tell(data, context):
                if data is None:
                    return None
                return ["got " + json.dumps(row["body"] if isinstance(row["body"], list) else json.loads(bytes(row["body"])))
                        for row in data]
            """;

    @TempDir
    Path directory;

    private Path store;
    private PythonHost host;

    @BeforeEach
    void startHost() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        OnnxFiles.write(store, "divider.onnx", OnnxFiles.divider());
        host = new PythonHost(store, directory.resolve("logs"));
    }

    @AfterEach
    void stopHost() {
        if (host != null) {
            host.close();
        }
    }

    private HttpResponse<String> register(String name, String dag) throws Exception {
        PythonArchives.war(
                store, name, "models: {d: {url: divider.onnx}, e: {url: divider.onnx}}\ndag: " + dag + "\n", FUNCTIONS);
        return host.management("POST", "/workflows?url=" + name + ".war");
    }

    private void registerOne(String name, String dag) throws Exception {
        PythonArchives.war(store, name, "models: {d: {url: divider.onnx}}\ndag: " + dag + "\n", FUNCTIONS);
        HttpResponse<String> answer = host.management("POST", "/workflows?url=" + name + ".war");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void aModelGetsItsInputsByNameFromOneNodeOrEachFromTheNodeThatIsCalledSo() throws Exception {
        registerOne("one", "{pair: [d], d: [tell]}");
        registerOne("each", "{x: [d], y: [d]}");

        assertThat(host.predict("/wfpredict/one", "{\"all\": [8, 16]}", "Content-Type", "application/json")
                        .body())
                .isEqualTo("got [4, 4]");
        HttpResponse<String> each = host.predict("/wfpredict/each", "anything", "Content-Type", "a/b");
        assertThat(JSON.readTree(each.body())).isEqualTo(JSON.readTree("[2, 3]"));
        assertThat(each.headers().firstValue("Content-Type")).contains("application/json");
    }

    @Test
    void aModelAtTheBeginningReadsTheRequestAsAPredictionDoes() throws Exception {
        registerOne("first", "{d: [tell]}");
        String body = "{\"x\": [6, 12], \"y\": [2, 4]}";

        for (String type : new String[] {"application/json", "application/x-www-form-urlencoded", "a/b"}) {
            assertThat(host.predict("/wfpredict/first", body, "Content-Type", type)
                            .body())
                    .as(type)
                    .isEqualTo("got [3, 3]");
        }
        assertThat(host.predict(
                                "/wfpredict/first",
                                "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n[9, 9]\r\n"
                                        + "--b\r\nContent-Disposition: form-data; name=\"y\"\r\n\r\n[3, 1]\r\n--b--\r\n",
                                "Content-Type",
                                "multipart/form-data; boundary=b")
                        .body())
                .isEqualTo("got [3, 9]");
        HttpResponse<String> wrong = host.predict("/wfpredict/first", "{\"x\": [1, 2]}", "Content-Type", "a/b");
        assertThat(wrong.statusCode()).isEqualTo(400);
        assertThat(wrong.body())
                .contains("Workflow \\\"first\\\" failed at its node 'd': Input 'y' is missing")
                .contains("The model wants JSON with 'x' INT64[2], 'y' INT64[2]");
    }

    @Test
    void whatANodeGivesAndTheModelCannotReadIsAFailureOfTheWorkflowThatNamesTheModel() throws Exception {
        registerOne("words", "{word: [d]}");

        HttpResponse<String> answer = host.predict("/wfpredict/words", "x", "Content-Type", "a/b");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("Workflow \\\"words\\\" failed at its node 'd': The body is no JSON");
    }

    @Test
    void whatCanNeverFitIsRefusedWithTheInputsAndLeavesNothing() throws Exception {
        for (Map.Entry<String, String> refused : Map.of(
                        "{x: [d], word: [d], d: [e]}",
                        "its node 'd' is a model with the inputs 'x' INT64[2], 'y' INT64[2], and the nodes [x, word] stand"
                                + " before it. What several nodes answer goes to the inputs that have their names",
                        "{pair: [d], d: [e]}",
                        "its node 'e' is a model with the inputs 'x' INT64[2], 'y' INT64[2], and the node 'd' before it gives"
                                + " 'z' INT64[2]. Put a function between")
                .entrySet()) {
            HttpResponse<String> answer = register("never", refused.getKey());

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
            assertThat(JSON.readTree(answer.body()).path("message").asText()).contains(refused.getValue());
            assertThat(host.management("GET", "/workflows/never").statusCode()).isEqualTo(404);
            assertThat(host.management("GET", "/models/never__d").statusCode()).isEqualTo(404);
        }
    }
}
