package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LearningTest {

    @TempDir
    private Path directory;

    private HostUnderTest host;

    @BeforeEach
    void start() {
        host = new HostUnderTest(directory, Map.of()).with("learner-1.0.mar");
    }

    @AfterEach
    void stop() {
        host.close();
    }

    private void train(String rows) throws IOException {
        HttpResponse<String> answer = host.inference("POST", "/models/learner/train", rows);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private double ask() throws IOException {
        HttpResponse<String> answer = host.inference("POST", "/predictions/learner", "[0, 0]");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        JsonNode json = new ObjectMapper().readTree(answer.body());
        while (json.isArray()) {
            json = json.get(0);
        }
        return json.asDouble();
    }

    private void done(HttpResponse<String> answer, String sentence) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(new ObjectMapper().readTree(answer.body()).path("status").asText())
                .isEqualTo(sentence);
    }

    private void refused(HttpResponse<String> answer, int status, String message) throws IOException {
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(new ObjectMapper().readTree(answer.body()).path("message").asText())
                .isEqualTo(message);
    }

    @Test
    void aModelLearnsRowsAndSaysHowMany() throws IOException {
        HttpResponse<String> answer = host.inference("POST", "/models/learner/1.0/train", "[[1, 2], [3, 4]]");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(new ObjectMapper().readTree(answer.body()).path("trained").asInt())
                .isEqualTo(2);
        assertThat(ask()).isEqualTo(10);
    }

    @Test
    void badRowsTeachNothing() throws IOException {
        HttpResponse<String> answer = host.inference("POST", "/models/learner/train", "[[1, 2, 3]]");

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(ask()).isZero();
    }

    @Test
    void aMultipartBodyTeachesNothing() throws IOException {
        HttpResponse<String> answer = host.inference(
                "POST", "/models/learner/train", "[[1, 2]]", "Content-Type", "multipart/form-data; boundary=b");

        assertThat(answer.statusCode()).isEqualTo(415);
        assertThat(answer.body()).contains("Bodies of type multipart are not supported");
        assertThat(ask()).isZero();
    }

    @Test
    void aModelThatLearnsNothingSaysSo() throws IOException {
        host.with("sum-1.0.mar");

        refused(
                host.inference("POST", "/models/sum/train", "[[1, 2, 3]]"),
                400,
                "Model \"sum\" Version: 1.0 does not learn from requests; only ask it for predictions.");
        refused(
                host.management("POST", "/models/sum/save?id=a"),
                400,
                "There is nothing to save: model sum version 1.0 learns nothing.");
    }

    @Test
    void aSavedStateIsThereWheneverItIsLoaded() throws IOException {
        train("[[1, 1]]");
        done(
                host.management("POST", "/models/learner/save?id=monday"),
                "Model \"learner\" Version: 1.0 saved as \"monday\"");
        train("[[5, 5]]");
        assertThat(ask()).isEqualTo(12);

        done(
                host.management("POST", "/models/learner/load?id=monday"),
                "Model \"learner\" Version: 1.0 went over to what was saved as \"monday\"");

        assertThat(ask()).isEqualTo(2);
        train("[[1, 0]]");
        assertThat(ask()).isEqualTo(3);
        host.management("POST", "/models/learner/load?id=monday");
        assertThat(ask()).isEqualTo(2);
    }

    @Test
    void whatIsOverwrittenIsKeptAsAGeneration() throws IOException {
        for (int day = 1; day <= 3; day++) {
            train("[[" + day + ", 0]]");
            host.management("POST", "/models/learner/save?id=daily");
        }

        JsonNode saves = new ObjectMapper()
                .readTree(host.management("GET", "/models/learner/saves").body())
                .path("saves");
        assertThat(saves).hasSize(2);
        assertThat(saves.get(1).path("generation").asInt()).isEqualTo(1);
        host.management("POST", "/models/learner/load?id=daily&generation=1");
        assertThat(ask()).isEqualTo(3);
        host.management("POST", "/models/learner/load?id=daily");
        assertThat(ask()).isEqualTo(6);
        refused(
                host.management("POST", "/models/learner/load?id=daily&generation=2"),
                400,
                "Save \"daily\" of model \"learner\" has the generations 0 to 1, not 2.");
    }

    @Test
    void savesOutliveTheModel() throws IOException {
        train("[[1, 1]]");
        host.management("POST", "/models/learner/save?id=a");
        host.management("DELETE", "/models/learner");
        host.with("learner-1.0.mar");
        assertThat(ask()).isZero();

        host.management("POST", "/models/learner/load?id=a");

        assertThat(ask()).isEqualTo(2);
    }

    @Test
    void aRemovedSaveIsGone() throws IOException {
        train("[[1, 1]]");
        host.management("POST", "/models/learner/save?id=a");

        done(host.management("DELETE", "/models/learner/saves/a"), "Save \"a\" of model \"learner\" removed");

        refused(
                host.management("POST", "/models/learner/load?id=a"),
                404,
                "Nothing was saved of model \"learner\" as \"a\".");
        refused(
                host.management("DELETE", "/models/learner/saves/a"),
                404,
                "Nothing was saved of model \"learner\" as \"a\".");
    }

    @Test
    void idsThatBreakTheRuleAreRefused() throws IOException {
        for (String bad : new String[] {".hidden", "a/b", "a".repeat(101)}) {
            refused(
                    host.management("POST", "/models/learner/save?id=" + bad),
                    400,
                    "Save id '" + (bad.length() > 80 ? bad.substring(0, 80) + "…" : bad)
                            + "' must match [A-Za-z0-9_-][A-Za-z0-9._-]{0,99}.");
        }
        refused(host.management("POST", "/models/learner/save"), 400, "Parameter id is required.");
        assertThat(host.serving.state().saves()).isEmpty();
    }

    @Test
    void aStateThatIsDamagedNeverTouchesTheRunningModel() throws IOException {
        train("[[1, 1]]");
        host.management("POST", "/models/learner/save?id=a");
        train("[[5, 5]]");
        host.chunks.chunks.clear();

        HttpResponse<String> answer = host.management("POST", "/models/learner/load?id=a");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(500);
        assertThat(answer.body()).contains("InternalServerException", "is missing");
        assertThat(ask()).isEqualTo(12);
    }

    @Test
    void aStoreThatDoesNotAnswerIsNoFaultOfWhoLoads() throws IOException {
        train("[[1, 1]]");
        host.management("POST", "/models/learner/save?id=a");
        train("[[5, 5]]");
        host.chunks.down = true;

        HttpResponse<String> answer = host.management("POST", "/models/learner/load?id=a");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(503);
        assertThat(answer.body()).contains("ServiceUnavailableException", "the store is down");
        assertThat(ask()).isEqualTo(12);
        host.chunks.down = false;
        host.management("POST", "/models/learner/load?id=a");
        assertThat(ask()).isEqualTo(2);
    }

    @Test
    void aStateOfAnotherFormatIsRefusedAsABadRequest() throws IOException {
        train("[[1, 1]]");
        host.management("POST", "/models/learner/save?id=a");
        ModelSave save = host.serving.state().saves().get("learner").get("a").get(0);
        StateReference before = save.state();
        StateReference other =
                new StateReference(new StateFormat("product", 1, ""), before.bytes(), before.chunks(), before.root());
        host.serving.reconcile(
                host.serving.state().withSave("learner", "other", new ModelSave("1.0", other, save.savedOn())), false);

        HttpResponse<String> answer = host.management("POST", "/models/learner/load?id=other");

        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat(answer.body()).contains("InvalidModelException", "product");
        assertThat(ask()).isEqualTo(2);
    }

    @Test
    void aStoreThatFailsLeavesTheOlderSave() throws IOException {
        train("[[1, 1]]");
        host.management("POST", "/models/learner/save?id=a");
        train("[[5, 5]]");
        host.chunks.failingPut = host.chunks.puts.get() + 1;

        assertThat(host.management("POST", "/models/learner/save?id=a").statusCode())
                .isEqualTo(503);

        host.management("POST", "/models/learner/load?id=a");
        assertThat(ask()).isEqualTo(2);
    }

    @Test
    void savesAndLoadsOfOneIdAtOnceLeaveAStateThatWasWhole() throws Exception {
        // Twice, because each save of those below may meet a model that is just being replaced, and be refused.
        for (int i = 0; i < 2; i++) {
            train("[[1, 1]]");
            host.management("POST", "/models/learner/save?id=a");
        }
        ExecutorService callers = Executors.newFixedThreadPool(6);
        try {
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                String call = i % 2 == 0 ? "save" : "load";
                answers.add(callers.submit(() -> host.management("POST", "/models/learner/" + call + "?id=a")));
                if (i % 6 == 0) {
                    answers.add(callers.submit(() -> host.inference("POST", "/models/learner/train", "[[1, 1]]")));
                }
            }
            for (Future<HttpResponse<String>> answer : answers) {
                // A lesson may come to a model that is just being replaced, and is then refused as a whole.
                assertThat(answer.get().statusCode()).as(answer.get().body()).isIn(200, 503);
            }
        } finally {
            callers.shutdownNow();
        }

        host.management("POST", "/models/learner/load?id=a");
        assertThat(ask() % 2).as("whole lessons").isZero();
        assertThat(host.serving.state().savesOf("learner").get("a")).hasSize(2);
        assertThat(host.serving
                        .state()
                        .models()
                        .get("learner")
                        .versions()
                        .get("1.0")
                        .learned())
                .contains(
                        host.serving.state().savesOf("learner").get("a").get(0).state());
    }
}
