package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ONNX models in processes of their workers: what breaks one is nobody else's matter. */
class WorkerProcessesIT {

    private static final String ANSWERS = "{\"x\": [6, 12], \"y\": [2, 4]}";
    private static final String CRASHES = "{\"x\": [-9223372036854775808, 8], \"y\": [-1, 4]}";

    @TempDir
    private Path directory;

    @Test
    void aModelThatCrashesCostsItselfAloneAndIsNotAccused() throws Exception {
        Path store = storeWithNoop();
        OnnxFiles.write(store, "bad.onnx", OnnxFiles.crashAtLoad());
        OnnxFiles.write(store, "divider.onnx", OnnxFiles.divider());
        try (HostProcess host = start(store)) {
            host.management("POST", "/models?url=noop.mar&initial_workers=1");

            HttpResponse<String> refused = host.management("POST", "/models?url=bad.onnx&initial_workers=1");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body())
                    .contains(
                            "Archive bad.onnx cannot be loaded in a process of its own: native code ended its process by"
                                    + " SIGFPE")
                    .contains("libonnxruntime.so");
            assertThat(host.management("GET", "/models/bad").statusCode()).isEqualTo(404);

            assertThat(host.management("POST", "/models?url=divider.onnx&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/divider", ANSWERS).body()).contains("3");
            HttpResponse<String> died = host.predict("/predictions/divider", CRASHES);
            assertThat(died.statusCode()).isEqualTo(500);
            assertThat(died.body()).contains("Worker died. The reason: native code ended its process by SIGFPE");
            assertThat(host.predict("/predictions/noop", "").statusCode()).isEqualTo(200);
            assertThat(host.predict("/predictions/divider", ANSWERS).body())
                    .as("it was started again")
                    .contains("3");
            host.predict("/predictions/divider", CRASHES);
            host.kill();
        }
        try (HostProcess host = start(store)) {
            assertThat(host.predict("/predictions/divider", ANSWERS).body()).contains("3");
            assertThat(Files.readString(logs().resolve("holdfast.log")))
                    .doesNotContain("was being run when", "was being loaded when", "may have ended the host");
        }
    }

    @Test
    void aRunThatDoesNotEndCostsItsProcess() throws Exception {
        Path store = storeWithNoop();
        copy("loop-count-from-input.onnx", store);
        try (HostProcess host = start(store)) {
            host.management("POST", "/models?url=loop-count-from-input.onnx&initial_workers=1&response_timeout=2");
            String model = "/predictions/loop-count-from-input";
            HttpResponse<String> late = host.predict(model, "[9000000000000000000]");
            assertThat(late.statusCode()).isEqualTo(500);
            assertThat(late.body()).contains("did not answer within its response_timeout of 2 s");
            await().atMost(Duration.ofMinutes(1))
                    .untilAsserted(() ->
                            assertThat(host.predict(model, "[5]").statusCode()).isEqualTo(200));
        }
    }

    @Test
    void processesOfAHostThatIsKilledEndAndThoseOfOneThatStopsToo() throws Exception {
        Path store = storeWithNoop();
        OnnxFiles.write(store, "divider.onnx", OnnxFiles.divider());
        long first;
        long second;
        try (HostProcess host = start(store)) {
            host.management("POST", "/models?url=divider.onnx&initial_workers=2");
            first = pid(host, 0);
            second = pid(host, 1);
            host.kill();
        }
        awaitGone(first);
        awaitGone(second);
        try (HostProcess host = start(store)) {
            first = pid(host, 0);
            host.management("PUT", "/models/divider?min_worker=1&max_worker=1&synchronous=true");
            JsonNode workers = host.managementJson("/models/divider").get(0).required("workers");
            assertThat(workers).hasSize(1);
            second = workers.get(0).required("pid").longValue();
            assertThat(host.stop()).isIn(0, 143);
        }
        awaitGone(first);
        awaitGone(second);
    }

    @Test
    void aManifestMayAskForItAndOneForTheOpposite() throws Exception {
        Path store = storeWithNoop();
        for (String wish : List.of("true", "false")) {
            Path model = Files.createDirectories(store.resolve("m-" + wish));
            OnnxFiles.write(model, "divider.onnx", OnnxFiles.divider());
            Files.writeString(
                    model.resolve("manifest.json"),
                    "{\"modelFile\": \"divider.onnx\", \"workerProcesses\": " + wish + "}");
        }
        for (String key : List.of("true", "false")) {
            try (HostProcess host =
                    HostProcess.start(store, directory.resolve("logs-" + key), "--set", "worker_processes=" + key)) {
                for (String wish : List.of("true", "false")) {
                    host.management("POST", "/models?url=m-" + wish + "&initial_workers=1");
                    assertThat(host.predict("/predictions/m-" + wish, ANSWERS).body())
                            .contains("3");
                    assertThat(host.managementJson("/models/m-" + wish)
                                    .get(0)
                                    .required("workers")
                                    .get(0)
                                    .path("worker")
                                    .asText())
                            .isEqualTo(wish.equals("true") ? "onnx" : "");
                }
            }
        }
    }

    @Test
    void theWarmUpRequestOfAManifestIsAnsweredByEachProcessOrTheModelIsRefused() throws Exception {
        Path store = storeWithNoop();
        for (String name : List.of("warm", "refuses", "crashes")) {
            Path model = Files.createDirectories(store.resolve(name));
            OnnxFiles.write(model, "divider.onnx", OnnxFiles.divider());
            String request = switch (name) {
                case "warm" -> ANSWERS;
                case "refuses" -> "{\"x\": [4, 4], \"y\": [0, 1]}";
                default -> CRASHES;
            };
            Files.writeString(
                    model.resolve("manifest.json"),
                    "{\"modelName\": \"" + name + "\", \"modelFile\": \"divider.onnx\", \"warmUp\": " + request + "}");
        }
        try (HostProcess host = start(store)) {
            HttpResponse<String> warm = host.management("POST", "/models?url=warm&initial_workers=2");
            assertThat(warm.statusCode()).as(warm.body()).isEqualTo(200);
            assertThat(host.predict("/predictions/warm", ANSWERS).body()).contains("3");
            assertThat(Files.readString(logs().resolve("holdfast.log")))
                    .contains("Archive warm: the warm-up request took");

            assertThat(host.management("POST", "/models?url=refuses&initial_workers=1")
                            .body())
                    .contains("Archive refuses: the warm-up request of its manifest failed: ")
                    .contains("Div");
            HttpResponse<String> crashed = host.management("POST", "/models?url=crashes&initial_workers=1");
            assertThat(crashed.statusCode()).isEqualTo(400);
            assertThat(crashed.body())
                    .contains("Archive crashes: the warm-up request of its manifest failed: ")
                    .contains("SIGFPE");
            assertThat(host.predict("/predictions/warm", ANSWERS).body()).contains("3");
        }
    }

    private static void awaitGone(long pid) {
        assertThat(pid).isPositive();
        await().atMost(Duration.ofMinutes(1))
                .until(() ->
                        ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
    }

    private static long pid(HostProcess host, int worker) throws Exception {
        return host.managementJson("/models/divider")
                .get(0)
                .required("workers")
                .get(worker)
                .required("pid")
                .longValue();
    }

    private void copy(String name, Path store) throws IOException {
        try (InputStream in = WorkerProcessesIT.class.getResourceAsStream("/models/" + name)) {
            Files.copy(in, store.resolve(name));
        }
    }

    private Path storeWithNoop() {
        Path store = directory.resolve("store");
        TestArchives.noop(store, "noop.mar", "noop", "1.0");
        return store;
    }

    private HostProcess start(Path store) throws IOException {
        return HostProcess.start(store, logs(), "--set", "worker_processes=true");
    }

    private Path logs() {
        return directory.resolve("logs");
    }
}
