package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.runtime.python.PythonRuntime;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a model's {@code model-config.yaml} says holds, and reaches its handler. */
class PythonConfigFileIT {

    private static final String TELLS = """
            def handle(data, context):
                return [repr(context.model_yaml_config)] if data else None
            """;

    @RegisterExtension
    final LogLines log = new LogLines(PythonRuntime.class);

    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void makeStore() throws IOException {
        PythonArchives.assumePython();
        store = Files.createDirectories(directory.resolve("store"));
    }

    private void archive(String name, String handler, String yaml) {
        PythonArchives.mar(
                store,
                name,
                "\"handler\": \"handler.py\", \"configFile\": \"model-config.yaml\"",
                Map.of("handler.py", handler, "model-config.yaml", yaml));
    }

    private PythonHost host() {
        return new PythonHost(store, directory.resolve("logs"));
    }

    private static String settings(JsonNode described) {
        return described.path("minWorkers") + " " + described.path("maxWorkers") + " " + described.path("batchSize")
                + " " + described.path("maxBatchDelay") + " " + described.path("responseTimeout") + " "
                + described.path("startupTimeout") + " " + described.path("maxRetryTimeoutInSec") + " "
                + described.path("clientTimeoutInMills") + " "
                + described.path("jobQueueStatus").path("remainingCapacity");
    }

    @Test
    void itsValuesHoldUnlessTheCallSaysOtherwiseAndComeBackAfterARestart() throws Exception {
        archive("m", TELLS, """
                minWorkers: 1
                maxWorkers: 2
                batchSize: 4
                maxBatchDelay: 20
                responseTimeout: 60
                startupTimeout: 70
                maxRetryTimeoutInSec: 80
                clientTimeoutInMills: 90000
                jobQueueSize: 7
                """);
        try (PythonHost host = host()) {
            assertThat(host.management("POST", "/models?url=m.mar").statusCode())
                    .isEqualTo(200);
            assertThat(settings(host.describe("m"))).isEqualTo("1 2 4 20 60 70 80 90000 7");
            assertThat(host.management(
                                    "POST",
                                    "/models?url=m.mar&model_name=said&initial_workers=2&batch_size=3&max_batch_delay=10"
                                            + "&response_timeout=50&startup_timeout=40")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(settings(host.describe("said"))).isEqualTo("2 2 3 10 50 40 80 90000 7");
        }

        try (PythonHost host = host()) {
            assertThat(settings(host.describe("m"))).isEqualTo("1 2 4 20 60 70 80 90000 7");
            assertThat(settings(host.describe("said"))).isEqualTo("2 2 3 10 50 40 80 90000 7");
            assertThat(host.predict("/predictions/m", "x").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void theHandlerFindsAllOfItAsPythonsYamlWouldReadIt() throws Exception {
        archive("m", TELLS, """
                minWorkers: 1
                own:
                  path: here
                  labels: {0: cat, 1: dog}
                  rate: 1e-4
                  ratio: 0.5
                  on: [yes, ~, .inf, 0x10]
                """);
        try (PythonHost host = host()) {
            host.registerArchive("m");

            assertThat(host.predict("/predictions/m", "x").body())
                    .isEqualTo(
                            "{'minWorkers': 1, 'own': {'path': 'here', 'labels': {0: 'cat', 1: 'dog'}, 'rate': '1e-4',"
                                    + " 'ratio': 0.5, True: [True, None, inf, 16]}}");
        }
    }

    @Test
    void whatIsNotDoneIsRefusedByNameAndNothingIsRegistered() throws Exception {
        archive("m", TELLS, "torchrun:\n  nproc-per-node: 2\n");
        archive("gpu", TELLS, "deviceType: gpu\n");
        try (PythonHost host = host()) {
            HttpResponse<String> refused = host.management("POST", "/models?url=m.mar&initial_workers=1");

            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("its model-config.yaml has torchrun, which is not done here");
            assertThat(host.management("GET", "/models/m").statusCode()).isEqualTo(404);
            host.registerArchive("gpu");
            assertThat(log.warnings())
                    .containsExactly(
                            "Archive gpu.mar: its configuration file asks for a GPU by deviceType or deviceIds;"
                                    + " its handler gets none here, and runs on the processor");
        }
    }

    @Test
    void aRequestThatWaitsLongerThanItsClientIsAnsweredWithoutAWorker() throws Exception {
        archive("m", """
                import os, time
                def handle(data, context):
                    if data:
                        while not os.path.exists(data[0]["body"]):
                            time.sleep(0.01)
                    return ["done"] if data else None
                """, "clientTimeoutInMills: 200\n");
        Path flag = directory.resolve("flag");
        try (PythonHost host = host()) {
            host.registerArchive("m");
            CompletableFuture<HttpResponse<String>> running = host.predictLater("/predictions/m", flag.toString());
            await().until(() -> host.describe("m")
                            .path("jobQueueStatus")
                            .path("pendingRequests")
                            .intValue()
                    == 0);

            HttpResponse<String> waited = host.predict("/predictions/m", flag.toString());

            assertThat(waited.statusCode()).isEqualTo(408);
            assertThat(waited.body()).contains("did not take the request within its clientTimeoutInMills of 200.");
            assertThat(running).isNotDone();
            Files.createFile(flag);
            assertThat(running.get().body()).isEqualTo("done");
        }
    }

    @Test
    void aWorkerIsGivenUpAfterItsMaxRetryTimeout() throws Exception {
        archive("m", """
                import os
                def handle(data, context):
                    if data is None:
                        if os.path.exists(context.model_yaml_config["flag"]):
                            raise ValueError("not again")
                        return None
                    open(context.model_yaml_config["flag"], "w").close()
                    os._exit(3)
                """, "maxRetryTimeoutInSec: 1\nflag: " + directory.resolve("died") + "\n");
        try (PythonHost host = host()) {
            host.registerArchive("m");
            assertThat(host.predict("/predictions/m", "x").statusCode()).isEqualTo(500);

            await().atMost(Duration.ofMinutes(2))
                    .until(() -> host.ping().statusCode() == 500
                            && host.describe("m").path("workers").isEmpty());

            HttpResponse<String> again = host.management("POST", "/models/m/retry");
            assertThat(again.statusCode()).isEqualTo(500);
            assertThat(again.body()).contains("not again");
            await().until(() -> host.describe("m").path("workers").isEmpty());
            Files.delete(directory.resolve("died"));
            assertThat(host.management("POST", "/models/m/retry").body())
                    .contains("Model \\\"m\\\" Version: 1.0 loaded");
            assertThat(host.ping().statusCode()).isEqualTo(200);
            assertThat(host.management("POST", "/models/m/retry").body()).contains("Nothing of model");
        }
    }
}
