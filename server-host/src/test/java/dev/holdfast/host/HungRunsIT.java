package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real hosts in processes of their own, with models that take too long, and their orderly stop. */
class HungRunsIT {

    private static final String LOOP = "loop-count-from-input";
    private static final String LARGE = "one-large-operation";

    @TempDir
    private Path directory;

    private HostProcess host(String... models) throws IOException {
        Path store = Files.createDirectories(directory.resolve("model-store"));
        for (String model : models) {
            try (InputStream file = HungRunsIT.class.getResourceAsStream("/models/" + model + ".onnx")) {
                Files.copy(file, store.resolve(model + ".onnx"));
            }
        }
        return HostProcess.start(store, directory.resolve("logs"));
    }

    private static void register(HostProcess host, String model, String more) throws Exception {
        HttpResponse<String> answer =
                host.management("POST", "/models?url=" + model + ".onnx&initial_workers=1" + more);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static CompletableFuture<HttpResponse<String>> predict(HostProcess host, String model, String body) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return host.predict("/predictions/" + model, body);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static JsonNode describe(HostProcess host, String model) throws Exception {
        return host.managementJson("/models/" + model).get(0);
    }

    /** Waits until one request runs and another one waits for it. */
    private static void awaitOneWaiting(HostProcess host, String model) {
        Awaitility.await()
                .until(() -> describe(host, model)
                                .required("jobQueueStatus")
                                .required("pendingRequests")
                                .asInt()
                        == 1);
    }

    /** The host's log, and that it has no stack trace. */
    private String log() throws IOException {
        String log = Files.readString(directory.resolve("logs/holdfast.log"));
        assertThat(log.lines()).noneMatch(line -> line.startsWith("\tat "));
        try (Stream<Path> files = Files.list(directory.resolve("logs"))) {
            assertThat(files).noneMatch(file -> file.getFileName().toString().startsWith("hs_err"));
        }
        return log;
    }

    @Test
    void aLoopWithoutAnEndIsEndedAndTheModelAnswers() throws Exception {
        try (HostProcess host = host(LOOP)) {
            register(host, LOOP, "&response_timeout=2");

            HttpResponse<String> late = host.predict("/predictions/" + LOOP, "[9000000000000000000]");

            assertThat(late.statusCode()).as(late.body()).isEqualTo(408);
            assertThat(host.predict("/predictions/" + LOOP, "[5]").statusCode()).isEqualTo(200);
            assertThat(describe(host, LOOP)
                            .required("workers")
                            .get(0)
                            .required("id")
                            .asText())
                    .isEqualTo("9000");
            assertThat(host.stop()).isEqualTo(143);
        }
        assertThat(log()).doesNotContain("stuck");
    }

    @Test
    void anOperationThatCannotBeEndedIsReplacedShownAndHoldsUpNoStop() throws Exception {
        try (HostProcess host = host(LARGE)) {
            register(host, LARGE, "&response_timeout=1");
            assertThat(host.predict("/predictions/" + LARGE, "[6000]").statusCode())
                    .isEqualTo(408);
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> describe(host, LARGE).toString().contains("\"stuckSince\""));

            JsonNode workers = describe(host, LARGE).required("workers");
            assertThat(workers)
                    .extracting(worker -> worker.required("status").asText())
                    .containsExactly("READY", "STUCK");
            assertThat(host.predict("/predictions/" + LARGE, "[2]").body()).isEqualTo("0");
            assertThat(host.management("PUT", "/models/" + LARGE + "?min_worker=2&synchronous=true")
                            .body())
                    .contains("Workers scaled to 2");
            assertThat(host.management("DELETE", "/models/" + LARGE).statusCode())
                    .isEqualTo(200);
            assertThat(host.inference("/ping").body()).contains("Healthy", "1 run of model " + LARGE);
            assertThat(host.stop()).isEqualTo(143);
        }
        assertThat(log()).contains("is stuck; worker 9000 is given up, and another one has taken its place", "Stopped");
    }

    @Test
    void aStopWaitsForTheRequestsThatRunAndWait() throws Exception {
        try (HostProcess host = host("slow")) {
            register(host, "slow", "");
            CompletableFuture<HttpResponse<String>> running = predict(host, "slow", "[1500]");
            CompletableFuture<HttpResponse<String>> waiting = predict(host, "slow", "[1500]");
            awaitOneWaiting(host, "slow");

            assertThat(host.stop()).isEqualTo(143);

            assertThat(running.get().statusCode()).isEqualTo(200);
            assertThat(waiting.get().statusCode()).isEqualTo(200);
        }
        assertThat(log()).contains("Stopping, as the process was told to end", "that may take 60 s", "Stopped");
    }

    @Test
    void whoeverIsToldTwiceToStopWaitsForNoRequest() throws Exception {
        try (HostProcess host = host(LOOP)) {
            register(host, LOOP, "&response_timeout=1000");
            CompletableFuture<HttpResponse<String>> running = predict(host, LOOP, "[9000000000000000000]");
            CompletableFuture<HttpResponse<String>> waiting = predict(host, LOOP, "[9000000000000000000]");
            awaitOneWaiting(host, LOOP);
            host.tellToStop();
            Awaitility.await().until(() -> log().contains("Stopping, as"));

            assertThat(host.stop()).isEqualTo(143);

            for (HttpResponse<String> answer : List.of(running.get(), waiting.get())) {
                assertThat(answer.statusCode()).isEqualTo(503);
                assertThat(answer.body()).contains("This host is stopping");
            }
        }
        assertThat(log()).contains("Told to stop once more", "Stopped");
    }
}
