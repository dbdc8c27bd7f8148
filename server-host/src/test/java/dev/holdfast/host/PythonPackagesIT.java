package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.host.runtime.python.PythonRuntime;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The packages that an archive's {@code requirements.txt} names are there for its handler, where the operator wants it. */
class PythonPackagesIT {

    private static final String GREETS = """
            import greeting
            def handle(data, context):
                return [greeting.WORD] if data else None
            """;

    @RegisterExtension
    final LogLines log = new LogLines(PythonRuntime.class);

    @TempDir
    Path directory;

    private Path store;

    @BeforeEach
    void lookForPip() throws Exception {
        PythonArchives.assumePython();
        Process pip = new ProcessBuilder("python3", "-m", "pip", "--version")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assumeTrue(pip.waitFor() == 0, "There is no pip for python3 here, so this was left out");
        store = Files.createDirectories(directory.resolve("store"));
    }

    private void archive(String name, String requirements) {
        PythonArchives.mar(
                store,
                name,
                "\"handler\": \"handler.py\", \"requirementsFile\": \"requirements.txt\"",
                Map.of("handler.py", GREETS, "requirements.txt", requirements));
    }

    /** A wheel with one module; nothing is built, and nothing is fetched. */
    private static void wheel(Path into, String word) throws IOException {
        Files.createDirectories(into);
        Map<String, String> files = new TreeMap<>(Map.of(
                "greeting.py", "WORD = '" + word + "'\n",
                "greeting-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
                "greeting-1.0.dist-info/WHEEL",
                        "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
                "greeting-1.0.dist-info/RECORD", ""));
        try (OutputStream out = Files.newOutputStream(into.resolve("greeting-1.0-py3-none-any.whl"));
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, String> file : files.entrySet()) {
                zip.putNextEntry(new ZipEntry(file.getKey()));
                zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        }
    }

    private PythonHost host(String install) {
        return new PythonHost(
                store, directory.resolve("logs"), Map.of("install_py_dep_per_model", install, "python", "python3"));
    }

    private List<Path> packages() throws IOException {
        Path note = directory.resolve("logs/python-workers");
        if (!Files.exists(note)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(Path.of(Files.readString(note)))) {
            return files.filter(file -> file.getFileName().toString().startsWith("packages-"))
                    .toList();
        }
    }

    @Test
    void theyAreInstalledBeforeTheWorkersStartAndGoWithTheModel() throws Exception {
        wheel(directory.resolve("wheels"), "hello");
        archive("m", "--no-index\n--find-links " + directory.resolve("wheels") + "\ngreeting\n");
        try (PythonHost host = host("true")) {
            assertThat(host.management("POST", "/models?url=m.mar&initial_workers=2")
                            .statusCode())
                    .isEqualTo(200);

            assertThat(host.predict("/predictions/m", "x").body()).isEqualTo("hello");
            assertThat(packages()).hasSize(1);
            assertThat(host.management("DELETE", "/models/m").statusCode()).isEqualTo(200);
            await().until(() -> packages().isEmpty());
        }
    }

    @Test
    void anArchiveThatIsADirectoryBringsThemAlongAndIsNotWrittenTo() throws Exception {
        Path model = Files.createDirectories(store.resolve("m"));
        wheel(model.resolve("wheels"), "from beside");
        Files.writeString(model.resolve("requirements.txt"), "./wheels/greeting-1.0-py3-none-any.whl\n");
        Files.writeString(model.resolve("handler.py"), GREETS);
        Files.createDirectories(model.resolve("MAR-INF"));
        Files.writeString(model.resolve("MAR-INF/MANIFEST.json"), """
                {"createdOn": "30/11/2026 08:30:00", "runtime": "python", "archiverVersion": "0.12.0",
                 "model": {"modelName": "m", "handler": "handler.py", "modelVersion": "1.0",
                           "requirementsFile": "requirements.txt"}}""");
        try (PythonHost host = host("true")) {
            assertThat(host.management("POST", "/models?url=m&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);

            assertThat(host.predict("/predictions/m", "x").body()).isEqualTo("from beside");
            try (Stream<Path> files = Files.list(model)) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder("MAR-INF", "handler.py", "requirements.txt", "wheels");
            }
        }
    }

    @Test
    void whatCannotBeInstalledIsSaidInPipsLastWordsAndNothingIsLeft() throws Exception {
        archive("m", "--no-index\nno-such-package-anywhere\n");
        try (PythonHost host = host("true")) {
            HttpResponse<String> failed = host.management("POST", "/models?url=m.mar&initial_workers=1");

            assertThat(failed.statusCode()).isEqualTo(500);
            assertThat(failed.body())
                    .contains(
                            "Failed to start workers for model m version: 1.0. The packages that requirements.txt names"
                                    + " cannot be installed into Python 3.")
                    .contains("No matching distribution found for no-such-package-anywhere");
            assertThat(host.management("GET", "/models/m").statusCode()).isEqualTo(404);
            await().until(() -> packages().isEmpty());
        }
    }

    @Test
    void whereNothingIsInstalledTheLogSaysWhatTheHandlerMayLack() throws Exception {
        archive("m", "greeting\n");
        try (PythonHost host = host("false")) {
            HttpResponse<String> failed = host.management("POST", "/models?url=m.mar&initial_workers=1");

            assertThat(failed.statusCode()).isEqualTo(500);
            assertThat(failed.body()).contains("No module named 'greeting'");
            assertThat(log.warnings())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "Archive m.mar: what its requirementsFile 'requirements.txt' names is not installed, because"
                                    + " install_py_dep_per_model is false; it must be there for /");
        }
    }
}
