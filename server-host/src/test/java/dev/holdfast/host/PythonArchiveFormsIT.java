package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every form in which TorchServe's archiver leaves a model is served, with the manifest that it writes. */
class PythonArchiveFormsIT {

    private static final String HANDLER =
            "import helper\ndef handle(data, context):\n    return [helper.WORD] if data else None\n";

    /** What the archiver does for each of its formats, with the same library. */
    private static final String ARCHIVER = """
            import io, json, os, sys, tarfile
            store, form, name, handler = sys.argv[1:5]
            manifest = json.dumps({"createdOn": "30/11/2026 08:30:00", "runtime": "python",
                "model": {"modelName": name, "handler": "handler.py", "modelVersion": "1.0"},
                "archiverVersion": "0.12.0"}, indent=2)
            files = {"handler.py": handler, "helper.py": "WORD = '%s'" % form}
            if form == "tgz":
                with tarfile.open(os.path.join(store, name + ".tar.gz"), "w:gz") as z:
                    for path, text in list(files.items()) + [("MAR-INF/MANIFEST.json", manifest)]:
                        info = tarfile.TarInfo(os.path.join(name, path))
                        info.size = len(text)
                        z.addfile(info, io.BytesIO(text.encode()))
            else:
                os.makedirs(os.path.join(store, name, "MAR-INF"))
                for path, text in list(files.items()) + [("MAR-INF/MANIFEST.json", manifest)]:
                    with open(os.path.join(store, name, path), "w") as f:
                        f.write(text)
            """;

    @TempDir
    Path directory;

    private Path store;
    private Path logs;

    @BeforeEach
    void makeStore() throws IOException {
        PythonArchives.assumePython();
        HostDirectories places = HostDirectories.in(directory);
        store = places.store();
        logs = places.logs();
    }

    private void archiver(String form, String name) throws Exception {
        Process python = new ProcessBuilder("python3", "-c", ARCHIVER, store.toString(), form, name, HANDLER)
                .inheritIO()
                .start();
        assertThat(python.waitFor()).isZero();
    }

    @Test
    void tarFilesAndDirectoriesAreServedAndComeBackAfterARestart() throws Exception {
        archiver("tgz", "packed");
        archiver("no-archive", "open");
        try (PythonHost host = new PythonHost(store, logs)) {
            assertThat(host.management("POST", "/models?url=packed.tar.gz&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.management("POST", "/models?url=model_store/open&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/packed", "x").body()).isEqualTo("tgz");
            assertThat(host.predict("/predictions/open", "x").body()).isEqualTo("no-archive");
        }
        try (Stream<Path> files = Files.list(store.resolve("open"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .as("the operator's directory, in which Python would leave its caches")
                    .containsExactlyInAnyOrder("MAR-INF", "handler.py", "helper.py");
        }

        try (PythonHost host = new PythonHost(store, logs)) {
            assertThat(host.predict("/predictions/packed", "x").body()).isEqualTo("tgz");
            assertThat(host.predict("/predictions/open", "x").body()).isEqualTo("no-archive");
        }
    }

    @Test
    void anArchiveWithoutAManifestHasTheHandlerOfTheCallOrOfTheConfiguration() throws Exception {
        Path bare = Files.createDirectories(store.resolve("bare"));
        Files.writeString(bare.resolve("handler.py"), HANDLER);
        Files.writeString(bare.resolve("helper.py"), "WORD = 'bare'");
        try (PythonHost host = new PythonHost(store, logs)) {
            HttpResponse<String> refused = host.management("POST", "/models?url=bare&initial_workers=1");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("name one when it is registered, by handler=FILE.py");
            assertThat(host.management("POST", "/models?url=bare&handler=handler.py&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/bare", "x").body()).isEqualTo("bare");
        }

        try (PythonHost host = new PythonHost(
                store, directory.resolve("logs2"), Map.of("default_service_handler", "handler.py:handle"))) {
            assertThat(host.management("POST", "/models?url=bare&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/predictions/bare", "x").body()).isEqualTo("bare");
        }
    }

    @Test
    void anArchiveThatIsCalledNoopOrHasAHandlerCalledEchoRunsItsOwn() throws Exception {
        PythonArchives.mar(store, "noop", "\"handler\": \"handler.py\"", Map.of("handler.py", says("its own noop")));
        PythonArchives.mar(store, "e", "\"handler\": \"echo\"", Map.of("echo.py", says("its own echo")));
        try (PythonHost host = new PythonHost(store, logs)) {
            host.registerArchive("noop");
            host.registerArchive("e");

            assertThat(host.predict("/predictions/noop", "x").body()).isEqualTo("its own noop");
            assertThat(host.predict("/predictions/e", "x").body()).isEqualTo("its own echo");
        }
    }

    private static String says(String word) {
        return "def handle(data, context):\n    return ['" + word + "'] if data else None\n";
    }

    @Test
    void modelsAreNamedAsTorchServesUsersNameThemAndStandaloneMeansNone() throws Exception {
        PythonArchives.mar(store, "m", says("hello"));
        try (PythonHost host = new PythonHost(
                store, logs, Map.of("load_models", "n=model_store/m.mar", "default_workers_per_model", "1"))) {
            assertThat(host.predict("/predictions/n", "x").body()).isEqualTo("hello");
        }
        try (PythonHost host = new PythonHost(store, directory.resolve("logs2"), Map.of("load_models", "standalone"))) {
            assertThat(host.management("GET", "/models").body()).contains("\"models\": []");
        }
    }
}
