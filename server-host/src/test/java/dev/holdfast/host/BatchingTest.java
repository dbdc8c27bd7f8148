package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What callers whose requests come at once get of one another, over the whole host: nothing. */
class BatchingTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** A batch that is full starts at once; so the tests wait for nobody, and nobody is left out of it. */
    private static final String LONG_DELAY = "&initial_workers=1&max_batch_delay=60000";

    @TempDir
    private Path directory;

    private Path store;

    @BeforeEach
    void modelStore() throws IOException {
        store = Files.createDirectory(directory.resolve("model-store"));
        copy("time_first.onnx", store.resolve("time_first.onnx"));
        copy("fails_strings.onnx", store.resolve("fails_strings.onnx"));
    }

    private static void copy(String model, Path to) throws IOException {
        try (InputStream in = BatchingTest.class.getResourceAsStream("/models/" + model)) {
            Files.copy(in, to);
        }
    }

    @Test
    void rowsOfStrangersAreNotAddedUp() throws Exception {
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            register(host, "time_first.onnx&batch_size=3" + LONG_DELAY);

            List<HttpResponse<String>> answers =
                    atOnce(host, "time_first", List.of("[[1,1],[1,1]]", "[[100,100],[100,100]]", "[[5,5],[5,5]]"));

            assertThat(answers).extracting(HttpResponse::statusCode).containsOnly(200);
            assertThat(answers)
                    .extracting(answer -> JSON.readTree(answer.body()).toString())
                    .containsExactly(
                            "[[1.0,1.0],[2.0,2.0]]", "[[100.0,100.0],[200.0,200.0]]", "[[5.0,5.0],[10.0,10.0]]");
            JsonNode described = describe(host, "time_first");
            assertThat(described.path("batching").asText()).isEqualTo("auto");
            assertThat(described.path("joining").asText()).isEqualTo("single");
            assertThat(described.path("joiningReason").asText())
                    .startsWith("the self-check found that an answer is another one beside other requests");
            assertThat(metrics(host))
                    .contains(
                            "holdfast_joining{joining=\"single\",model_name=\"time_first\",model_version=\"1.0\"} 1.0");
        }
    }

    @Test
    void oneBadRequestOfABatchFailsAloneWithItsReason() throws Exception {
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            register(host, "fails_strings.onnx&batch_size=4" + LONG_DELAY);

            List<HttpResponse<String>> answers =
                    atOnce(host, "fails_strings", List.of("[\"1\"]", "[\"abc\"]", "[\"2\"]", "[\"4\"]"));

            assertThat(describe(host, "fails_strings").path("joining").asText()).isEqualTo("checked");
            assertThat(answers).extracting(HttpResponse::statusCode).containsExactly(200, 400, 200, 200);
            assertThat(answers.get(0).body()).contains("1.0");
            assertThat(answers.get(2).body()).contains("2.0");
            assertThat(answers.get(3).body()).contains("4.0");
            assertThat(JSON.readTree(answers.get(1).body()).path("message").asText())
                    .contains("running Cast node")
                    .endsWith("Status Message: stod");
        }
    }

    @Test
    void theOperatorsWordOnBatchesSurvivesARestartAndIsRefusedWhereItIsNone() throws Exception {
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            register(host, "time_first.onnx&batch_size=8&batching=joined&initial_workers=1");
            assertThat(describe(host, "time_first").path("joining").asText()).isEqualTo("author");
            HttpResponse<String> refused = send(
                    host.managementAddress() + "/models?url=time_first.onnx&model_name=x&batching=maybe", "POST", "");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("Parameter batching 'maybe' must be auto, joined or single.");
        }
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            JsonNode described = describe(host, "time_first");
            assertThat(described.path("batching").asText()).isEqualTo("joined");
            assertThat(described.path("joining").asText()).isEqualTo("author");
            assertThat(described.path("joiningReason").asText()).isEqualTo("it was registered with batching=joined");
        }
    }

    @Test
    void aWarmUpRequestRunsBeforeAVersionIsReadyAndItsFailureIsThatOfTheLoad() throws Exception {
        archive("warm", "{\"modelFile\": \"m.onnx\", \"warmUp\": {\"inputs\": [\"7\"]}}");
        archive("file", "{\"modelFile\": \"m.onnx\", \"warmUp\": \"bodies/one.json\"}");
        Files.createDirectory(store.resolve("file/bodies"));
        Files.writeString(store.resolve("file/bodies/one.json"), "[\"8\"]");
        archive("cold", "{\"modelFile\": \"m.onnx\", \"warmUp\": {\"inputs\": [\"abc\"]}}");
        archive("wrong", "{\"modelFile\": \"m.onnx\", \"warmUp\": {\"y\": [1]}}");
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            register(host, "warm");
            register(host, "file");

            for (String model : List.of("cold", "wrong")) {
                HttpResponse<String> refused = send(host.managementAddress() + "/models?url=" + model, "POST", "");

                assertThat(refused.statusCode()).isEqualTo(400);
                assertThat(refused.body())
                        .contains("Archive " + model + ": the warm-up request of its manifest failed: ");
                assertThat(send(host.managementAddress() + "/models/" + model, "GET", "")
                                .statusCode())
                        .isEqualTo(404);
            }
        }
    }

    @Test
    void aWarmUpRequestThatDoesNotEndIsEndedWhenTheTimeToLoadIsOver() throws Exception {
        Path archive = Files.createDirectory(store.resolve("endless"));
        copy("loop-count-from-input.onnx", archive.resolve("m.onnx"));
        Files.writeString(
                archive.resolve("manifest.json"), "{\"modelFile\": \"m.onnx\", \"warmUp\": [9000000000000000000]}");
        try (Host host = HostsInTests.start(store, directory.resolve("logs"))) {
            String register = host.managementAddress() + "/models?url=endless&startup_timeout=1";
            for (int i = 0; i < 2; i++) {
                assertThat(send(register, "POST", "").statusCode()).isEqualTo(408);
                Awaitility.await()
                        .until(() -> !send(host.inferenceAddress() + "/ping", "GET", "")
                                .body()
                                .contains("stuck"));
            }
        }
    }

    private void archive(String name, String manifest) throws IOException {
        Path archive = Files.createDirectory(store.resolve(name));
        copy("fails_strings.onnx", archive.resolve("m.onnx"));
        Files.writeString(archive.resolve("manifest.json"), manifest);
    }

    private static void register(Host host, String query) throws Exception {
        HttpResponse<String> answer = send(host.managementAddress() + "/models?url=" + query, "POST", "");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static JsonNode describe(Host host, String model) throws Exception {
        return JSON.readTree(send(host.managementAddress() + "/models/" + model, "GET", "")
                        .body())
                .get(0);
    }

    private static String metrics(Host host) throws Exception {
        return send(host.metricsAddress() + "/metrics", "GET", "").body();
    }

    private static List<HttpResponse<String>> atOnce(Host host, String model, List<String> bodies) {
        List<CompletableFuture<HttpResponse<String>>> answers = bodies.stream()
                .map(body -> HTTP.sendAsync(
                        request(host.inferenceAddress() + "/predictions/" + model, "POST", body),
                        HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8)))
                .toList();
        return answers.stream().map(CompletableFuture::join).toList();
    }

    private static HttpResponse<String> send(String uri, String method, String body) throws Exception {
        return HTTP.send(request(uri, method, body), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest request(String uri, String method, String body) {
        return HttpRequest.newBuilder(URI.create(uri))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
    }
}
