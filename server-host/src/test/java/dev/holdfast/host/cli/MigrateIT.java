package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.OnnxFiles;
import dev.holdfast.host.PythonArchives;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code holdfast migrate --check} says of a TorchServe user's directory. */
class MigrateIT {

    private static final String HANDLER = "def handle(data, context):\n    return ['ok'] if data else None\n";

    @TempDir
    private Path directory;

    private Path theirs;
    private Path store;
    private Typed typed;

    @BeforeEach
    void makeDirectories() throws IOException {
        PythonArchives.assumePython();
        directory = directory.toRealPath();
        theirs = Files.createDirectories(directory.resolve("torchserve"));
        store = Files.createDirectories(theirs.resolve("model_store"));
        typed = new Typed(directory);
    }

    private int check(String... more) {
        return typed.run(Stream.concat(Stream.of("migrate", "--check", "torchserve"), Stream.of(more))
                .toArray(String[]::new));
    }

    private void config(String text) throws IOException {
        Files.writeString(theirs.resolve("config.properties"), text);
    }

    @Test
    void whatRunsIsToldWithWhatRunsItAndWhatDiffers() throws IOException {
        PythonArchives.mar(store, "plain", HANDLER);
        PythonArchives.mar(
                store,
                "wants",
                "\"handler\": \"handler.py\", \"configFile\": \"c.yaml\", \"requirementsFile\": \"r.txt\"",
                Map.of(
                        "handler.py",
                        "import json, helper\nfrom ts.utils.util import PredictionException\ntry:\n    import torch_x\n"
                                + "except ImportError:\n    pass\n" + HANDLER,
                        "helper.py",
                        "import not_there_at_all\n",
                        "c.yaml",
                        "deviceType: gpu\n",
                        "r.txt",
                        "not_there_at_all\n"));
        PythonArchives.write(
                store,
                "net",
                "\"handler\": \"onnx\", \"serializedFile\": \"net.onnx\"",
                Map.of("net.onnx", OnnxFiles.divider()));
        config("inference_address=http://0.0.0.0:8080\nload_models=plain.mar,n=model_store/net.mar\n"
                + "allowed_urls=https://models\\\\..*\nprefer_direct_buffer=true\n");
        Path snapshots = Files.createDirectories(theirs.resolve("logs/config"));
        Files.writeString(snapshots.resolve("20260101000000000-startup.cfg"), "broken");
        Files.writeString(
                snapshots.resolve("20260102000000000-snapshot.cfg"),
                "model_snapshot={\"name\"\\:\"x\",\"modelCount\"\\:1,\"models\"\\:{\"plain\"\\:{\"1.0\"\\:"
                        + "{\"defaultVersion\"\\:true,\"marName\"\\:\"plain.mar\",\"minWorkers\"\\:1,\"maxWorkers\"\\:1}}}}\n");

        assertThat(check()).as(typed.out()).isZero();

        String out = typed.out().replaceAll("\\s+", " ");
        assertThat(out)
                .startsWith(theirs + ", with Python 3.")
                .contains("runs model_store/plain.mar: model plain 1.0, handler handler.py, in Python 3.")
                .contains("differs model_store/wants.mar: model wants 1.0, handler handler.py, in Python 3.")
                .contains("its files import not_there_at_all, which that Python lacks; if r.txt names them,"
                        + " install_py_dep_per_model=true installs them")
                .contains("it asks for a GPU")
                .contains("runs model_store/net.mar: model net 1.0, by the runtime onnx")
                .contains("differs config.properties: configuration keys without effect here: prefer_direct_buffer")
                .contains("20260102000000000-snapshot.cfg: snapshot of 1 model versions, the last of 2")
                .endsWith("2 run, 3 run with a difference, 0 fail ");
        assertThat(out).doesNotContain("torch_x");
    }

    @Test
    void whatFailsIsToldWithTheReasonAndTheExitCode() throws IOException {
        PythonArchives.mar(store, "lacks", "import not_there_at_all\nfrom ts.torch_handler.x import Y\n" + HANDLER);
        PythonArchives.mar(store, "gone", "\"handler\": \"gone.py\"", Map.of("handler.py", HANDLER));
        Files.writeString(store.resolve("torn.mar"), "no zip");
        config("load_models=absent.mar\njob_queue_size=many\n");

        assertThat(check("--json")).isOne();

        JsonNode json = CommandJson.parse(typed.out());
        assertThat(json.path("good").booleanValue()).isFalse();
        assertThat(json.path("items"))
                .allSatisfy(item -> assertThat(item.path("verdict").textValue())
                        .as(item.toString())
                        .isEqualTo("fails"));
        assertThat(json.path("items").findValuesAsText("file"))
                .containsExactly(
                        "model_store/gone.mar", "model_store/lacks.mar", "model_store/torn.mar", "config.properties");
        assertThat(typed.out())
                .contains("and has no file gone.py", "no zip file", "job_queue_size", "many")
                .contains(
                        "its files import not_there_at_all, ts.torch_handler.x, which that Python lacks: install them");

        config("load_models=absent.mar\n");
        assertThat(check()).isOne();
        assertThat(typed.out()).contains("load_models names absent.mar, and no archive absent.mar was found");
    }

    @Test
    void nothingIsRunUnpackedOrChanged() throws IOException {
        PythonArchives.mar(store, "m", "open('" + directory.resolve("ran") + "', 'w').close()\n" + HANDLER);
        byte[] before = Files.readAllBytes(store.resolve("m.mar"));

        assertThat(check()).isZero();

        assertThat(directory.resolve("ran")).doesNotExist();
        assertThat(store.resolve("m.mar")).hasBinaryContent(before);
        try (Stream<Path> all = Files.walk(theirs)) {
            assertThat(all.filter(Files::isRegularFile)).containsExactly(store.resolve("m.mar"));
        }
    }

    @Test
    void withoutPythonTheKeyIsNamedAndOnnxRunsAllTheSame() throws IOException {
        PythonArchives.mar(store, "m", HANDLER);
        PythonArchives.write(
                store,
                "net",
                "\"handler\": \"base_handler\", \"serializedFile\": \"net.onnx\"",
                Map.of("net.onnx", OnnxFiles.divider(), "x", "y".getBytes(StandardCharsets.UTF_8)));

        assertThat(check("-D", "python=/nowhere/python3")).isOne();

        assertThat(typed.out().replaceAll("\\s+", " "))
                .contains("fails model_store/m.mar")
                .contains("name it with python=/path/to/python3")
                .contains("differs model_store/net.mar: model net 1.0, by the runtime onnx its ONNX model runs without"
                        + " base_handler");
    }

    @Test
    void aDirectoryWithNothingInItIsNoGoodNews() {
        assertThat(check()).isOne();
        assertThat(typed.out()).contains("Neither archives nor configuration nor snapshots of TorchServe were found");
        assertThat(typed.run("migrate", "--check", "nowhere")).isOne();
        assertThat(typed.errLines()).containsExactly("--check directory not found: " + directory.resolve("nowhere"));
        assertThat(typed.run("migrate")).isEqualTo(2);
    }
}
