package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.snapshot.SnapshotText;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workflows as a user of TorchServe has them; and back after a restart, which they never were there. */
class WorkflowIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String FUNCTIONS = """
            def pre(data, context):
                return [bytes(row["body"]) + b" pre" for row in data] if data else None

            def post(data, context):
                return [bytes(row["body"]) + b" post" for row in data] if data else None

            def join(data, context):
                if data is None:
                    return None
                context.set_response_status(201, "", 0)
                return [{name: bytes(value).decode() for name, value in row.items()} for row in data]

            def fails(data, context):
                if data is not None:
                    raise ValueError("no")
            """;

    private static final String SEQUENCE = """
            models:
              min-workers: 1
              upper:
                url: upper.mar
            dag:
              pre: [upper]
              upper: [post]
            """;

    @TempDir
    Path directory;

    private Path store;
    private PythonHost host;

    @BeforeEach
    void startHost() throws IOException {
        store = Files.createDirectory(directory.resolve("store"));
        PythonArchives.mar(
                store,
                "upper",
                "def handle(data, context):\n"
                        + "    return [bytes(row['body']).upper() for row in data] if data else None\n");
        PythonArchives.mar(
                store,
                "lower",
                "def handle(data, context):\n"
                        + "    return [bytes(row['body']).lower() for row in data] if data else None\n");
        start();
    }

    private void start() {
        host = new PythonHost(store, directory.resolve("logs"));
    }

    @AfterEach
    void stopHost() {
        if (host != null) {
            host.close();
        }
    }

    private JsonNode json(String method, String path, int status) throws IOException, InterruptedException {
        HttpResponse<String> answer = host.management(method, path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        return JSON.readTree(answer.body());
    }

    @Test
    void aSequenceIsRegisteredAskedListedAndBackAfterARestart() throws Exception {
        PythonArchives.war(store, "seq", SEQUENCE, FUNCTIONS);

        assertThat(json("POST", "/workflows?url=seq.war", 200).path("status").asText())
                .isEqualTo("Workflow seq has been registered and scaled successfully.");

        assertThat(host.predict("/wfpredict/seq", "body", "Content-Type", "a/b").body())
                .isEqualTo("BODY PRE post");
        assertThat(json("GET", "/workflows", 200))
                .isEqualTo(
                        JSON.readTree("{\"workflows\": [{\"workflowName\": \"seq\", \"workflowUrl\": \"seq.war\"}]}"));
        JsonNode described = json("GET", "/workflows/seq", 200).path(0);
        assertThat(described.path("workflowDag").asText()).isEqualTo("{pre=[upper], upper=[post]}");
        assertThat(described.path("minWorkers").asInt()).isEqualTo(1);
        assertThat(json("GET", "/models", 200).path("models")).isEmpty();
        assertThat(json("POST", "/workflows?url=seq.war", 409).path("message").asText())
                .isEqualTo("Workflow seq is already registered.");

        host.close();
        start();

        assertThat(host.predict("/wfpredict/seq", "again", "Content-Type", "a/b")
                        .body())
                .isEqualTo("AGAIN PRE post");
        assertThat(json("DELETE", "/workflows/seq", 200).path("status").asText())
                .isEqualTo("Workflow \"seq\" unregistered");
        assertThat(host.predict("/wfpredict/seq", "x").statusCode()).isEqualTo(404);
        assertThat(json("GET", "/workflows", 200).path("workflows")).isEmpty();
        assertThat(json("GET", "/models/seq__upper", 404).path("type").asText()).isEqualTo("ModelNotFoundException");
    }

    @Test
    void branchesMeetAgainWithEachAnswerUnderTheNameOfItsNode() throws Exception {
        PythonArchives.war(store, "branch", """
                models:
                  up: {url: upper.mar}
                  down: {url: lower.mar}
                dag:
                  pre: [up, down]
                  up: [join]
                  down: [join]
                """, FUNCTIONS);
        PythonArchives.war(
                store,
                "open",
                "models: {up: {url: upper.mar}, down: {url: lower.mar}}\ndag: {pre: [up, down]}\n",
                FUNCTIONS);
        json("POST", "/workflows?url=branch.war&workflow_name=renamed", 200);
        json("POST", "/workflows?url=open.war", 200);

        HttpResponse<String> joined = host.predict("/wfpredict/renamed", "Body", "Content-Type", "a/b");
        HttpResponse<String> open = host.predict("/wfpredict/open", "Body", "Content-Type", "a/b");

        JsonNode both = JSON.readTree("{\"up\": \"BODY PRE\", \"down\": \"body pre\"}");
        assertThat(joined.statusCode()).isEqualTo(201);
        assertThat(JSON.readTree(joined.body())).isEqualTo(both);
        assertThat(JSON.readTree(open.body())).isEqualTo(both);
        JsonNode page = json("GET", "/workflows?limit=1", 200);
        assertThat(page.path("nextPageToken").asText()).isEqualTo("1");
        assertThat(page.path("workflows").path(0).path("workflowName").asText()).isEqualTo("open");
    }

    @Test
    void aNodeThatFailsIsTheAnswerAndSaysWhichOneItWas() throws Exception {
        PythonArchives.war(store, "bad", "dag: {pre: [fails], fails: [post]}\n", FUNCTIONS);
        json("POST", "/workflows?url=bad.war", 200);

        HttpResponse<String> answer = host.predict("/wfpredict/bad", "x", "Content-Type", "a/b");

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("Workflow \\\"bad\\\" failed at its node 'fails': Prediction failed");
    }

    @Test
    void aNodeThatFailsIsAskedAgainAsOftenAsItsRetryAttemptsSay() throws Exception {
        PythonArchives.mar(
                store,
                "moody",
                "calls = []\ndef handle(data, context):\n    if data is None:\n        return None\n"
                        + "    calls.append(1)\n    if len(calls) % 3:\n        raise ValueError('moody')\n"
                        + "    return [str(len(calls))] * len(data)\n");
        PythonArchives.war(
                store, "patient", "models: {retry-attempts: 2, m: {url: moody.mar}}\ndag: {pre: [m]}\n", FUNCTIONS);
        PythonArchives.war(
                store, "hasty", "models: {m: {url: moody.mar, retry-attempts: 1}}\ndag: {pre: [m]}\n", FUNCTIONS);
        PythonArchives.war(
                store, "endless", "models: {retry-attempts: 99, m: {url: moody.mar}}\ndag: {pre: [m]}\n", FUNCTIONS);
        json("POST", "/workflows?url=patient.war", 200);
        json("POST", "/workflows?url=hasty.war", 200);

        assertThat(host.predict("/wfpredict/patient", "x", "Content-Type", "a/b")
                        .body())
                .isEqualTo("3");
        assertThat(host.predict("/wfpredict/hasty", "x", "Content-Type", "a/b").statusCode())
                .isEqualTo(503);
        assertThat(json("POST", "/workflows?url=endless.war", 400)
                        .path("message")
                        .asText())
                .contains("retry-attempts '99' must be a whole number from 0 to 10");
    }

    @Test
    void whatCannotBeRegisteredSaysWhyAndLeavesNothing() throws Exception {
        PythonArchives.war(store, "circle", "dag: {a: [b], b: [a]}\n", FUNCTIONS);
        PythonArchives.war(store, "lacks", "models: {m: {url: none.mar}}\ndag: {pre: [m]}\n", FUNCTIONS);
        PythonArchives.war(store, "nofunction", "dag: {pre: [nowhere]}\n", FUNCTIONS);

        assertThat(json("POST", "/workflows?url=circle.war", 400)
                        .path("message")
                        .asText())
                .contains("its dag goes in a circle, with the nodes [a, b]");
        assertThat(json("POST", "/workflows?url=lacks.war", 404).path("message").asText())
                .contains("none.mar");
        assertThat(json("POST", "/workflows?url=nofunction.war", 500)
                        .path("message")
                        .asText())
                .contains("Failed to start workers for model nofunction__nowhere");
        assertThat(json("POST", "/workflows?url=upper.mar", 400).path("message").asText())
                .contains("ends in .war");
        assertThat(json("POST", "/workflows?url=seq.yaml", 400).path("message").asText())
                .isEqualTo(
                        "'seq.yaml' is the specification of a workflow, and a workflow is an archive whose name ends in .war,"
                                + " as with TorchServe. Make one: torch-workflow-archiver --workflow-name NAME --spec-file FILE.yaml"
                                + " --handler FILE.py.");
        assertThat(json("POST", "/workflows", 400).path("message").asText()).isEqualTo("Parameter url is required.");
        assertThat(json("GET", "/workflows", 200).path("workflows")).isEmpty();
        assertThat(json("GET", "/models/lacks__pre", 404).path("code").asInt()).isEqualTo(404);
        assertThat(json("GET", "/workflows/none", 404).path("type").asText()).isEqualTo("WorkflowNotFoundException");
    }

    @Test
    void noModelAndNoOtherWorkflowIsTakenForANodeOfAWorkflow() throws Exception {
        PythonArchives.war(store, "seq", SEQUENCE, FUNCTIONS);
        json("POST", "/workflows?url=seq.war", 200);
        json("POST", "/models?url=upper.mar&model_name=other__upper", 200);

        assertThat(message("DELETE", "/models/seq__upper", 409))
                .isEqualTo(
                        "Model seq__upper is a part of workflow seq, which needs it as it is; unregister the workflow.");
        assertThat(message("DELETE", "/models/seq__workflow", 409)).contains("is a part of workflow seq");
        assertThat(message("POST", "/models?url=lower.mar&model_name=seq__more", 409))
                .isEqualTo("Model seq__more is a part of workflow seq, which needs it as it is; choose another name.");
        assertThat(message("POST", "/workflows?url=seq.war&workflow_name=seq__pre", 400))
                .isEqualTo(
                        "Workflow name 'seq__pre' has __, which stands between a workflow's name and those of its nodes.");
        assertThat(message("POST", "/workflows?url=seq.war&workflow_name=other", 409))
                .isEqualTo(
                        "Workflow other cannot be registered while there is the model other__upper, which would be taken"
                                + " for one of its nodes; unregister that, or choose another workflow_name.");
        assertThat(host.predict("/wfpredict/seq", "body", "Content-Type", "a/b").body())
                .isEqualTo("BODY PRE post");
        json("DELETE", "/workflows/seq", 200);
        json("DELETE", "/models/other__upper", 200);
    }

    private String message(String method, String path, int status) throws Exception {
        return json(method, path, status).path("message").asText();
    }

    @Test
    void aSnapshotHasNothingOfAWorkflowWhereTorchServeLooksForModelsThatItCannotStart() throws Exception {
        PythonArchives.war(store, "seq", SEQUENCE, FUNCTIONS);
        json("POST", "/workflows?url=seq.war", 200);
        host.close();
        host = null;

        Path newest;
        try (Stream<Path> files = Files.list(directory.resolve("logs/config"))) {
            newest = files.filter(file -> file.toString().endsWith(".cfg"))
                    .max(Path::compareTo)
                    .orElseThrow();
        }
        String text = Files.readString(newest);
        String line = text.lines()
                .filter(some -> some.startsWith("model_snapshot="))
                .findFirst()
                .orElseThrow();
        JsonNode snapshot = JSON.readTree(line.substring("model_snapshot=".length()));

        assertThat(snapshot.path("modelCount").asInt()).isEqualTo(1);
        assertThat(snapshot.path("models")).hasSize(1);
        assertThat(snapshot.path("models")
                        .path("seq__upper")
                        .path("1.0")
                        .path("marName")
                        .asText())
                .isEqualTo("upper.mar");
        assertThat(snapshot.path("workflows").fieldNames())
                .toIterable()
                .containsExactly("seq__post", "seq__pre", "seq__workflow");
        assertThat(SnapshotText.parse("s", text).state().models().keySet())
                .containsExactly("seq__post", "seq__pre", "seq__upper", "seq__workflow");
    }
}
