package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How many processes there are: no more than the machine can hold, and as many at once as there are to start. */
class PythonWorkersIT {

    private static final int MODELS = 20;

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

    @Test
    void workersThatTheMachineCannotHoldAreRefusedBeforeOneOfThemStarts() throws Exception {
        Path model = Files.createDirectories(store.resolve("m/MAR-INF")).getParent();
        Files.writeString(model.resolve("MAR-INF/MANIFEST.json"), """
                {"createdOn": "30/11/2026 08:30:00", "runtime": "python", "archiverVersion": "0.12.0",
                 "model": {"modelName": "m", "handler": "handler.py", "modelVersion": "1.0",
                           "serializedFile": "weights.pt"}}""");
        Path started = directory.resolve("started");
        Files.writeString(
                model.resolve("handler.py"),
                "def handle(data, context):\n    open('%s', 'a').write('x')\n    return ['ok'] if data else None\n"
                        .replace("%s", started.toString()));
        try (RandomAccessFile weights =
                new RandomAccessFile(model.resolve("weights.pt").toFile(), "rw")) {
            weights.setLength(256 << 20);
        }
        try (PythonHost host = new PythonHost(store, logs)) {
            HttpResponse<String> refused = host.management("POST", "/models?url=m&initial_workers=1024");

            assertThat(refused.statusCode()).isEqualTo(507);
            assertThat(refused.body())
                    .contains("cannot have 1024 more workers: each takes at least")
                    .containsPattern("this host has [0-9]+ MiB left, enough for [0-9]+. Ask for fewer");
            assertThat(started).doesNotExist();
            assertThat(host.management("GET", "/models/m").statusCode()).isEqualTo(404);

            assertThat(host.management("POST", "/models?url=m&initial_workers=1")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(host.management("PUT", "/models/m?min_worker=1024&synchronous=true")
                            .statusCode())
                    .isEqualTo(507);
            assertThat(host.describe("m").path("minWorkers").intValue()).isOne();
            assertThat(host.processes("m")).hasSize(1);
        }
    }

    /** Each waits, while it is loaded, until all the others are being loaded too. */
    @Test
    void aRestartStartsTheWorkersOfAllModelsSideBySide() throws Exception {
        Path flags = Files.createDirectories(directory.resolve("flags"));
        Path together = directory.resolve("together");
        String handler = """
                import os, time
                def handle(data, context):
                    if data is None:
                        open(os.path.join("FLAGS", context.model_name), "w").close()
                        while os.path.exists("TOGETHER") and len(os.listdir("FLAGS")) < MODELS:
                            time.sleep(0.01)
                    return [context.model_name] if data else None
                """.replace("FLAGS", flags.toString())
                .replace("TOGETHER", together.toString())
                .replace("MODELS", Integer.toString(MODELS));
        try (PythonHost host = new PythonHost(store, logs)) {
            for (int i = 0; i < MODELS; i++) {
                host.register("m" + i, handler);
            }
        }
        for (int i = 0; i < MODELS; i++) {
            Files.delete(flags.resolve("m" + i));
        }
        Files.createFile(together);

        try (PythonHost host = new PythonHost(store, logs)) {
            for (int i = 0; i < MODELS; i++) {
                assertThat(host.predict("/predictions/m" + i, "x").body()).isEqualTo("m" + i);
            }
        }
    }
}
