package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.runtime.python.OnnxOfBaseHandler;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** ONNX models in archives that TorchServe's archiver made, which takes none without a handler. */
class OnnxArchivesOfTorchServeIT {

    private static final Map<String, String> NO_PYTHON = Map.of("python", "/nowhere/python3");
    private static final String INPUT = """
            {"inputs": [{"name": "x", "datatype": "INT64", "shape": [2], "data": [42, 42]},
                        {"name": "y", "datatype": "INT64", "shape": [2], "data": [2, 2]}]}""";

    @RegisterExtension
    final LogLines log = new LogLines(OnnxOfBaseHandler.class);

    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void makeStore() throws IOException {
        store = Files.createDirectories(directory.resolve("store"));
    }

    private void archive(String name, String handler) {
        PythonArchives.write(
                store,
                name,
                "\"serializedFile\": \"divider.onnx\", \"handler\": \"" + handler + "\"",
                Map.of(
                        "divider.onnx",
                        OnnxFiles.divider(),
                        "my.py",
                        "def handle(data, context):\n    return ['mine'] if data else None\n"
                                .getBytes(StandardCharsets.UTF_8)));
    }

    private PythonHost host(Map<String, String> keys) {
        return new PythonHost(store, directory.resolve("logs"), keys);
    }

    @Test
    void baseHandlerRunsWithoutPythonByOnnxRuntimeAndTheLogSaysSo() throws Exception {
        archive("m", "base_handler");
        try (PythonHost host = host(NO_PYTHON)) {
            host.registerArchive("m");

            HttpResponse<String> answer = host.predict("/v2/models/m/infer", INPUT);

            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(answer.body()).contains("21");
            assertThat(host.describe("m").path("runtime").textValue()).isEqualTo("onnx");
            assertThat(log.info())
                    .containsExactly(
                            "Archive m.mar: its handler base_handler is part of the package torchserve, which no"
                                    + " Python here has; its ONNX model runs without it, as with handler=onnx");
        }
        try (PythonHost host = host(NO_PYTHON)) {
            assertThat(host.predict("/v2/models/m/infer", INPUT).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void anyHandlerGivesWayToOnnxInTheRegisteringCall() throws Exception {
        archive("m", "image_classifier");
        archive("own", "my.py");
        try (PythonHost host = host(NO_PYTHON)) {
            host.registerArchive("m", "&handler=onnx");
            host.registerArchive("own", "&handler=onnx");

            assertThat(host.predict("/v2/models/m/infer", INPUT).body()).contains("21");
            assertThat(host.predict("/v2/models/own/infer", INPUT).body()).contains("21");
        }
        try (PythonHost host = host(NO_PYTHON)) {
            assertThat(host.predict("/v2/models/own/infer", INPUT).body()).contains("21");
        }
    }

    @Test
    void aModelThatIsNotLoadedIsDescribedWithItsEngineOnlyWhereItsArchiveWasOpened() throws Exception {
        archive("gone", "my.py");
        archive("other", "my.py");
        archive("bare", "my.py");
        OnnxFiles.write(store, "bare.onnx", OnnxFiles.divider());
        TestArchives.noop(store, "noop.mar", "noop", "1.0");
        try (PythonHost host = host(NO_PYTHON)) {
            host.registerArchive("gone", "&handler=onnx");
            host.registerArchive("other", "&handler=onnx");
            host.registerArchive("noop");
            host.management("POST", "/models?url=bare.onnx&initial_workers=1");
            assertThat(host.describe("noop").path("runtime").textValue()).isEqualTo("python");
        }
        Files.delete(store.resolve("gone.mar"));
        Files.delete(store.resolve("noop.mar"));
        Files.delete(store.resolve("bare.onnx"));
        archive("other", "another.py");

        try (PythonHost host = host(NO_PYTHON)) {
            for (Map.Entry<String, String> expected : Map.of(
                            "gone", "unknown", "noop", "unknown", "bare", "onnx", "other", "onnx")
                    .entrySet()) {
                JsonNode described = host.describe(expected.getKey());
                assertThat(described.path("failure").isMissingNode())
                        .as("%s", described)
                        .isFalse();
                assertThat(described.path("runtime").textValue())
                        .as("%s", described)
                        .isEqualTo(expected.getValue());
            }
        }
    }

    @Test
    void everyRefusalNamesTheWaysThatThereAre() throws Exception {
        archive("m", "image_classifier");
        archive("own", "my.py");
        String onnx =
                "; or register the archive with handler=onnx: then its ONNX model runs here, without what its handler"
                        + " does";
        try (PythonHost host = host(NO_PYTHON)) {
            for (String name : new String[] {"m", "own"}) {
                HttpResponse<String> refused = host.management("POST", "/models?url=" + name + ".mar");

                assertThat(refused.statusCode()).isEqualTo(400);
                assertThat(refused.body())
                        .contains("no Python of 3.8 or newer was found")
                        .contains("Install one, or name it with python=/path/to/python3" + onnx);
            }
        }
        PythonArchives.assumePython();
        try (PythonHost host = host(Map.of("python_handlers", "false"))) {
            assertThat(host.management("POST", "/models?url=own.mar").body())
                    .contains("Set it to true, or" + onnx.substring(4));
        }
    }

    @Test
    void withPythonTheArchivesOwnHandlerDecides() throws Exception {
        PythonArchives.assumePython();
        archive("own", "my.py");
        try (PythonHost host = host(Map.of())) {
            host.registerArchive("own");

            assertThat(host.predict("/predictions/own", "x").body()).isEqualTo("mine");
        }
    }
}
