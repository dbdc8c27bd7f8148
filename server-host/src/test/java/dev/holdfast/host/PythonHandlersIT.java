package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user of TorchServe does with an archive that has a Python handler, from registering it to its answers. */
class PythonHandlersIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    static Path store;

    @TempDir
    static Path logs;

    private static PythonHost host;

    @BeforeAll
    static void startHost() {
        host = new PythonHost(store, logs);
    }

    @AfterAll
    static void stopHost() {
        if (host != null) {
            host.close();
        }
    }

    @Test
    void aHandlerWithAClassAnswersWhatItWasGiven() throws Exception {
        host.register("double", """
                class Doubler:
                    def initialize(self, context):
                        self.factor = 2

                    def handle(self, data, context):
                        return [{"doubled": row["body"]["x"] * self.factor} for row in data]
                """);

        HttpResponse<String> answer =
                host.predict("/predictions/double", "{\"x\": 21}", "Content-Type", "application/json; charset=utf-8");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\n  \"doubled\": 42\n}");
        assertThat(answer.headers().firstValue("Content-Type")).isEmpty();
    }

    @Test
    void theDescriptionSaysWhichWorkerRunsInWhichPythonAsWhichProcess() throws Exception {
        host.register(
                "told", "def handle(data, context):\n    import os\n    return [str(os.getpid())] if data else None\n");

        JsonNode worker = host.worker("told");

        assertThat(worker.path("status").textValue()).isEqualTo("READY");
        assertThat(worker.path("worker").textValue()).isIn("holdfast", "torchserve");
        assertThat(worker.path("python").textValue()).matches("3\\.\\d+\\.\\d+");
        assertThat(worker.path("pythonExecutable").textValue()).startsWith("/");
        assertThat(worker.path("memoryUsage").longValue()).isPositive();
        assertThat(host.predict("/predictions/told", "x").body())
                .isEqualTo(worker.path("pid").asText())
                .isNotEqualTo(Long.toString(ProcessHandle.current().pid()));
        assertThat(host.describe("told").path("runtime").textValue()).isEqualTo("python");
    }

    private static final String SHOW = """
            def handle(data, context):
                if data is None:
                    return None
                return [
                    sorted((k, type(v).__name__, v if isinstance(v, (str, dict)) else bytes(v).decode("latin-1"))
                           for k, v in row.items())
                    for row in data
                ]
            """;

    private static String shown(String path, String body, String... headers) throws IOException, InterruptedException {
        return JSON.readTree(host.predict(path, body, headers).body()).toString();
    }

    @Test
    void bodiesAndFormsReachTheHandlerAsTorchServeHandsThemOver() throws Exception {
        host.register("show", SHOW);

        assertThat(shown("/predictions/show", "raw")).isEqualTo("[[\"body\",\"bytearray\",\"raw\"]]");
        assertThat(shown("/predictions/show", "raw", "Content-Type", "text/plain"))
                .isEqualTo("[[\"body\",\"str\",\"raw\"]]");
        assertThat(shown("/predictions/show", "{\"a\": 1}", "Content-Type", "application/json"))
                .isEqualTo("[[\"body\",\"dict\",{\"a\":1}]]");
        assertThat(shown("/predictions/show", "{\"a\": 1", "Content-Type", "application/json"))
                .as("what cannot be decoded stays as it came")
                .isEqualTo("[[\"body\",\"bytearray\",\"{\\\"a\\\": 1\"]]");
        assertThat(shown(
                        "/predictions/show?who=me", "a=1&b=x%20y", "Content-Type", "application/x-www-form-urlencoded"))
                .isEqualTo(
                        "[[\"a\",\"bytearray\",\"1\"],[\"b\",\"bytearray\",\"x y\"],[\"who\",\"bytearray\",\"me\"]]");
        String form = "--cut\r\nContent-Disposition: form-data; name=\"data\"; filename=\"k.txt\"\r\n"
                + "Content-Type: text/plain\r\n\r\nkitten\r\n"
                + "--cut\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n7\r\n--cut--\r\n";
        assertThat(shown("/predictions/show", form, "Content-Type", "multipart/form-data; boundary=cut"))
                .isEqualTo("[[\"data\",\"str\",\"kitten\"],[\"n\",\"bytearray\",\"7\"]]");
    }

    @ParameterizedTest
    @CsvSource({
        "multipart/form-data, no boundary at all",
        "multipart/form-data; boundary=cut, --cut that never ends",
        "application/x-www-form-urlencoded, a=%zz"
    })
    void aMalformedFormIsTheCallersFault(String type, String body) throws Exception {
        host.register("form" + Math.abs((type + body).hashCode()), SHOW);

        HttpResponse<String> answer =
                host.predict("/predictions/form" + Math.abs((type + body).hashCode()), body, "Content-Type", type);

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("BadRequestException");
    }

    @Test
    void headersThatAreTooLongAreRefusedWithTheReason() throws Exception {
        host.register(
                "headers",
                "def handle(data, context):\n    if data is None:\n        return None\n"
                        + "    context.set_response_header(0, 'X-Big', 'y' * int(data[0]['body']))\n    return ['ok']\n");

        assertThat(host.predict("/predictions/headers", "6000").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = host.predict("/predictions/headers", "7000");

        assertThat(refused.statusCode()).isEqualTo(500);
        assertThat(refused.body())
                .contains("The handler's answer has headers of 7009 bytes, and no more than 6144 are sent");
    }

    @Test
    void statusHeadersAndContentTypeAreThoseThatTheHandlerSets() throws Exception {
        host.register("custom", """
                def handle(data, context):
                    if data is None:
                        return None
                    context.set_response_content_type(0, "image/x-none")
                    context.set_response_status(599, "Odd", 0)
                    context.set_response_header(0, "X-Model", "seven")
                    context.set_response_header(0, "Content-Length", "3")
                    return [b"pixels"]
                """);

        HttpResponse<String> answer = host.predict("/predictions/custom", "x");

        assertThat(answer.statusCode()).isEqualTo(599);
        assertThat(answer.body()).isEqualTo("pixels");
        assertThat(answer.headers().firstValue("Content-Type")).contains("image/x-none");
        assertThat(answer.headers().firstValue("X-Model")).contains("seven");
    }

    @Test
    void tokensReachNoHandlerAndOtherAuthorizationDoes(@TempDir Path theirStore, @TempDir Path theirLogs)
            throws Exception {
        PythonArchives.mar(
                theirStore,
                "auth",
                "def handle(data, context):\n"
                        + "    return [str(context.get_request_header(0, 'Authorization'))] if data else None\n");
        try (PythonHost strict =
                new PythonHost(theirStore, theirLogs, Map.of("disable_token_authorization", "false"))) {
            String management = "Bearer " + strict.token("management");
            String inference = "Bearer " + strict.token("inference");
            assertThat(strict.management("POST", "/models?url=auth.mar&initial_workers=1", "Authorization", management)
                            .statusCode())
                    .isEqualTo(200);

            assertThat(strict.predict("/predictions/auth", "x", "Authorization", inference)
                            .body())
                    .isEqualTo("None");
        }
        PythonArchives.mar(
                store,
                "auth",
                "def handle(data, context):\n"
                        + "    return [str(context.get_request_header(0, 'Authorization'))] if data else None\n");
        host.registerArchive("auth");
        assertThat(host.predict("/predictions/auth", "x", "Authorization", "Basic abc")
                        .body())
                .isEqualTo("Basic abc");
    }

    @Test
    void aBatchGoesToTheHandlerAtOnceAndEachRequestHasItsOwnAnswer() throws Exception {
        PythonArchives.mar(store, "batch", """
                def handle(data, context):
                    if data is None:
                        return None
                    for i, row in enumerate(data):
                        if bytes(row["body"]) == b"bad":
                            context.set_response_status(418, "", i)
                    return ["%d %s" % (len(data), bytes(row["body"]).decode()) for row in data]
                """);
        host.registerArchive("batch", "&batch_size=3&max_batch_delay=30000");
        List<CompletableFuture<HttpResponse<String>>> asked = new ArrayList<>();
        for (String body : List.of("one", "bad", "three")) {
            asked.add(host.predictLater("/predictions/batch", body));
        }

        assertThat(asked)
                .map(answer -> answer.join().statusCode() + " " + answer.join().body())
                .containsExactly("200 3 one", "418 3 bad", "200 3 three");
    }

    @Test
    void explanationsAndPathsAreHeadersOfTheRequest() throws Exception {
        host.register("asked", """
                def handle(data, context):
                    if data is None:
                        return None
                    return ["%s %s" % (context.get_request_header(0, "explain"), context.get_request_header(0, "url_path"))]
                """);

        assertThat(host.predict("/predictions/asked", "x").body()).isEqualTo("False ");
        assertThat(host.predict("/predictions/asked/1.0/a/b", "x", "explain", "True")
                        .body())
                .isEqualTo("False a/b");
        assertThat(host.predict("/explanations/asked", "x").body()).isEqualTo("True ");
        assertThat(host.predict("/v1/models/asked:explain", "x").body()).isEqualTo("True ");
        assertThat(host.predict("/v1/models/asked:predict", "x").body()).isEqualTo("False ");
        assertThat(host.predict("/v2/models/asked/infer", "x").body()).isEqualTo("False ");
    }

    @Test
    void whatAHandlerRaisesIsToldAsTorchServeTellsIt() throws Exception {
        host.register("raises", """
                from ts.utils.util import PredictionException

                def handle(data, context):
                    if data is None:
                        return None
                    what = bytes(data[0]["body"]).decode()
                    if what == "coded":
                        raise PredictionException("custom text", 513)
                    if what == "memory":
                        raise MemoryError()
                    if what == "none":
                        return None
                    if what == "two":
                        return [1, 2]
                    if what == "set":
                        return [{1, 2}]
                    raise ValueError("no")
                """);

        assertThat(host.predict("/predictions/raises", "coded"))
                .satisfies(answer -> assertThat(answer.statusCode()).isEqualTo(513))
                .satisfies(answer -> assertThat(answer.body()).contains("\"message\": \"custom text\""));
        assertFails("memory", 507, "Out of resources");
        assertFails("none", 503, "Invalid model predict output");
        assertFails("two", 503, "number of batch response mismatched");
        assertFails("set", 503, "Unsupported model output data type.");
        assertFails("other", 503, "Prediction failed");
    }

    private static void assertFails(String body, int status, String message) throws IOException, InterruptedException {
        HttpResponse<String> answer = host.predict("/predictions/raises", body);
        assertThat(answer.statusCode()).as(body).isEqualTo(status);
        assertThat(answer.body()).contains("\"type\": \"InternalServerException\"", "\"message\": \"" + message + "\"");
    }

    @Test
    void everyFormOfAnEntryPointIsFound() throws Exception {
        PythonArchives.mar(
                store,
                "entry1",
                "\"handler\": \"sub/f.py:go\"",
                Map.of(
                        "sub/f.py",
                        "import beside\ndef go(data, context):\n    return [beside.NAME] if data else None\n",
                        "sub/beside.py",
                        "NAME = 'beside'\n"));
        PythonArchives.mar(
                store,
                "entry2",
                "\"handler\": \"service:handle\"",
                Map.of("service.py", "def handle(data, context):\n    return ['module'] if data else None\n"));
        PythonArchives.mar(
                store,
                "entry3",
                "\"handler\": \"json.py\"",
                Map.of("json.py", "class Only:\n    def handle(self, data, context):\n        return ['class']\n"));

        for (String name : List.of("entry1", "entry2", "entry3")) {
            host.registerArchive(name);
        }

        assertThat(host.predict("/predictions/entry1", "x").body()).isEqualTo("beside");
        assertThat(host.predict("/predictions/entry2", "x").body()).isEqualTo("module");
        assertThat(host.predict("/predictions/entry3", "x").body()).isEqualTo("class");
    }

    @Test
    void aRegistrationThatFailsSaysWhyAndLeavesNothingBehind() throws Exception {
        assertRefused("lacks", "import nowhere_to_be_found\n", 500, "No module named 'nowhere_to_be_found'", "line 1");
        assertRefused(
                "throws",
                "def handle(data, context):\n    raise ValueError('no weights')\n",
                500,
                "no weights",
                "line 2");
        assertRefused("entryless", "x = 1\n", 500, "exactly one class");
        assertRefused("wrong", "def handle(data\n", 500, "SyntaxError");
        assertRefused("ends", "import os\nprint('going')\nos._exit(3)\n", 500, "exit code 3", "going");
        assertRefused("memory", "def handle(data, context):\n    raise MemoryError()\n", 507, "Out of memory");
    }

    private static void assertRefused(String name, String handler, int status, String... message)
            throws IOException, InterruptedException {
        PythonArchives.mar(store, name, handler);

        HttpResponse<String> answer = host.management("POST", "/models?url=" + name + ".mar&initial_workers=2");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body())
                .contains("Failed to start workers for model " + name + " version: 1.0")
                .contains(message);
        assertThat(host.management("GET", "/models/" + name).statusCode()).isEqualTo(404);
        assertThat(ProcessHandle.current()
                        .descendants()
                        .filter(ProcessHandle::isAlive)
                        .map(child -> child.info().commandLine().orElse("")))
                .noneMatch(line -> line.contains(name + ".mar"));
    }

    @Test
    void aHandlerThatCannotBeThereIsRefusedBeforeAnythingRuns() throws Exception {
        PythonArchives.mar(store, "gone", "\"handler\": \"other.py\"", Map.of("handler.py", ""));
        PythonArchives.mar(store, "up", "\"handler\": \"../up.py\"", Map.of("handler.py", ""));

        assertThat(host.management("POST", "/models?url=gone.mar").statusCode()).isEqualTo(400);
        assertThat(host.management("POST", "/models?url=gone.mar").body()).contains("has no file other.py");
        assertThat(host.management("POST", "/models?url=up.mar").body()).contains("without '..'");
    }

    @Test
    void workersAreScaledAndDrainedAsThoseOfOtherModels() throws Exception {
        host.register(
                "scaled", "import os\ndef handle(data, context):\n    return [str(os.getpid())] if data else None\n");

        assertThat(host.management("PUT", "/models/scaled?min_worker=3&synchronous=true")
                        .body())
                .contains("Workers scaled to 3 for model: scaled");
        List<ProcessHandle> processes = host.processes("scaled");
        assertThat(processes).hasSize(3).allMatch(ProcessHandle::isAlive);
        assertThat(host.management("DELETE", "/models/scaled").statusCode()).isEqualTo(200);
        assertThat(processes).noneMatch(ProcessHandle::isAlive);
    }
}
