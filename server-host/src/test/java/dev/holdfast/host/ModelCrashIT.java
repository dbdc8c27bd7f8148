package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that end the process of a real host: at the next starts the others serve, and the one is named. */
class ModelCrashIT {

    private static final String ANSWERS = "{\"x\": [6, 12], \"y\": [2, 4]}";
    private static final String CRASHES = "{\"x\": [-9223372036854775808, 8], \"y\": [-1, 4]}";
    private static final int MANY = 100;

    @TempDir
    private Path directory;

    @Test
    void aRegistrationThatEndsTheHostIsNamedAndTheOthersServe() throws Exception {
        Path store = storeWithNoop();
        OnnxFiles.write(store, "bad.onnx", OnnxFiles.crashAtLoad());
        long pid;
        try (HostProcess host = start(store)) {
            assertThat(host.management("POST", "/models?url=noop.mar").statusCode())
                    .isEqualTo(200);
            pid = host.pid();
            assertThatThrownBy(() -> host.management("POST", "/models?url=bad.onnx"))
                    .isInstanceOf(IOException.class);
            host.awaitEnd();
        }

        try (HostProcess host = start(store)) {
            assertThat(status(host, "noop")).isEqualTo("READY");
            assertThat(host.management("GET", "/models/bad").statusCode()).isEqualTo(404);
            assertThat(log())
                    .contains("Model bad version 1.0 (archive bad.onnx, SHA-256 ")
                    .contains(
                            "was being loaded when this host ended unexpectedly (SIGFPE in libonnxruntime.so, crash report "
                                    + logs().resolve("hs_err_pid" + pid + ".log") + ")")
                    .as("it was never acknowledged")
                    .contains("Model bad version 1.0 is not among the models to be served, and is not loaded")
                    .doesNotContain("); it is loaded", "Model bad version 1.0 loaded");
            assertThat(host.stop()).isIn(0, 143);
        }
    }

    @Test
    void aModelThatEndsTheHostAtEachStartIsFailedByNameAtTheThird() throws Exception {
        Path store = storeWithNoop();
        OnnxFiles.write(store, "bad.onnx", OnnxFiles.crashAtLoad());
        OnnxFiles.write(store, "good.onnx", OnnxFiles.divider());
        assertDoesNotStart(store, "--models", "all");
        assertDoesNotStart(store, "--models", "all");

        try (HostProcess host = start(store, "--models", "all")) {
            assertThat(status(host, "noop")).isEqualTo("READY");
            assertThat(status(host, "good")).isEqualTo("READY");
            assertThat(status(host, "bad")).isEqualTo("FAILED");
            assertThat(failure(host, "bad"))
                    .contains("more than once while model bad version 1.0 was being loaded")
                    .contains("POST /models/bad/retry")
                    .contains("hs_err_pid");
            assertThat(host.ask("/ping").statusCode())
                    .as("the others are in service")
                    .isEqualTo(200);
            assertThat(host.stop()).isIn(0, 143);
        }

        // An orderly stop is no reason to try it again by itself.
        try (HostProcess host = start(store)) {
            assertThat(status(host, "bad")).isEqualTo("FAILED");
            assertThat(status(host, "good")).isEqualTo("READY");

            assertThatThrownBy(() -> host.management("POST", "/models/bad/retry"))
                    .isInstanceOf(IOException.class);
            host.awaitEnd();
        }
        try (HostProcess host = start(store)) {
            assertThat(status(host, "bad"))
                    .as("tried once more, and failed once more")
                    .isEqualTo("FAILED");
            OnnxFiles.write(store, "bad.onnx", OnnxFiles.divider());
            assertThat(host.management("POST", "/models?url=bad.onnx").statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/bad", ANSWERS).body()).contains("3");
            assertThat(host.management("DELETE", "/models/bad").statusCode()).isEqualTo(200);
            assertThat(host.stop()).isIn(0, 143);
        }
    }

    @Test
    void aModelThatEndsTheHostWhenItRunsIsFailedByNameTheSecondTime() throws Exception {
        Path store = storeWithNoop();
        OnnxFiles.write(store, "divider.onnx", OnnxFiles.divider());
        try (HostProcess host = start(store, "--models", "all")) {
            assertThat(host.predict("/predictions/divider", ANSWERS).body()).contains("3");
            crash(host);
        }
        try (HostProcess host = start(store)) {
            assertThat(log())
                    .contains("Model divider version 1.0 (archive divider.onnx")
                    .contains("was being run when this host ended unexpectedly");
            assertThat(status(host, "divider")).isEqualTo("READY");
            crash(host);
        }
        try (HostProcess host = start(store)) {
            assertThat(status(host, "divider")).isEqualTo("FAILED");
            assertThat(status(host, "noop")).isEqualTo("READY");
            HttpResponse<String> refused = host.predict("/predictions/divider", CRASHES);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("was being run");

            assertThat(host.management("POST", "/models/divider/retry").statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/divider", ANSWERS).body()).contains("3");
            assertThat(host.stop()).isIn(0, 143);
        }
    }

    @Test
    void hostsThatAreKilledAtRandomMomentsOfTheirStartsAccuseNobody() throws Exception {
        long seed = System.nanoTime();
        System.out.println("ModelCrashIT seed " + seed);
        Random random = new Random(seed);
        Path store = Files.createDirectories(directory.resolve("store"));
        for (int i = 0; i < MANY; i++) {
            OnnxFiles.write(store, "m" + i + ".onnx", OnnxFiles.divider());
        }
        long begin = System.nanoTime();
        try (HostProcess host = start(store, "--models", "all", "--set", "default_workers_per_model=1")) {
            assertAllServe(host);
            host.kill();
        }
        long whole = System.nanoTime() - begin;
        for (int round = 0; round < 9; round++) {
            Process process = HostProcess.launch(store, logs());
            process.waitFor((long) (whole * random.nextDouble(0.2, 1)), TimeUnit.NANOSECONDS);
            process.destroyForcibly().waitFor();
            if (round % 3 == 2) {
                try (HostProcess host = start(store)) {
                    assertAllServe(host);
                    host.kill();
                }
            }
        }
        try (HostProcess host = start(store)) {
            assertAllServe(host);
        }
    }

    @Test
    void anArchiveThatWasReplacedWhileTheHostWasDownIsNotLoaded() throws Exception {
        Path store = storeWithNoop();
        byte[] good = OnnxFiles.divider();
        OnnxFiles.write(store, "m.onnx", good);
        String registered;
        try (HostProcess host = start(store, "--models", "all")) {
            registered = describe(host, "m").required("archiveSha256").textValue();
            assertThat(host.stop()).isIn(0, 143);
        }
        OnnxFiles.write(store, "m.onnx", OnnxFiles.crashAtLoad());

        for (int i = 0; i < 2; i++) {
            try (HostProcess host = start(store)) {
                assertThat(status(host, "noop")).isEqualTo("READY");
                assertThat(status(host, "m")).isEqualTo("FAILED");
                assertThat(describe(host, "m").required("runtime").textValue()).isEqualTo("onnx");
                assertThat(failure(host, "m"))
                        .contains(registered)
                        .containsPattern("its SHA-256 is [0-9a-f]{64}, that one's is " + registered)
                        .contains("archive_changes=accept");
                host.kill();
            }
        }
        OnnxFiles.write(store, "m.onnx", good);
        try (HostProcess host = start(store)) {
            assertThat(host.predict("/predictions/m", ANSWERS).body()).contains("3");
            host.kill();
        }
    }

    private void crash(HostProcess host) throws InterruptedException {
        assertThatThrownBy(() -> host.predict("/predictions/divider", CRASHES)).isInstanceOf(IOException.class);
        host.awaitEnd();
    }

    private void assertDoesNotStart(Path store, String... arguments) throws Exception {
        Process process = HostProcess.launch(store, logs(), arguments);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as("SIGABRT of the JVM").isEqualTo(134);
    }

    private void assertAllServe(HostProcess host) throws Exception {
        List<String> failed = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            if (!status(host, "m" + i).equals("READY")) {
                failed.add(describe(host, "m" + i).toString());
            }
        }
        assertThat(failed).isEmpty();
    }

    private Path storeWithNoop() {
        Path store = directory.resolve("store");
        TestArchives.noop(store, "noop.mar", "noop", "1.0");
        return store;
    }

    private HostProcess start(Path store, String... arguments) throws IOException {
        return HostProcess.start(store, logs(), arguments);
    }

    private Path logs() {
        return directory.resolve("logs");
    }

    private String log() throws IOException {
        return Files.readString(logs().resolve("holdfast.log"));
    }

    private static JsonNode describe(HostProcess host, String model) throws Exception {
        return host.managementJson("/models/" + model).get(0);
    }

    private static String status(HostProcess host, String model) throws Exception {
        return describe(host, model).required("status").textValue();
    }

    private static String failure(HostProcess host, String model) throws Exception {
        return describe(host, model).required("failure").textValue();
    }
}
