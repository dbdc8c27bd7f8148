package dev.holdfast.host.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.Host;
import dev.holdfast.host.HostsInTests;
import dev.holdfast.host.PythonArchives;
import dev.holdfast.host.TestArchives;
import dev.holdfast.testsupport.JavaProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code holdfast snapshots restore} that is interrupted while the host loads what it restores. */
class InterruptedRestoreIT {

    @TempDir
    private Path directory;

    /** A handler that loads when a file is there, and says by another one that it has begun. */
    private String gated(Path begun, Path gate) {
        return "import os, time\n"
                + "class H:\n"
                + "    def initialize(self, context):\n"
                + "        open('" + begun + "', 'w').close()\n"
                + "        while not os.path.exists('" + gate + "'):\n"
                + "            time.sleep(0.02)\n"
                + "    def handle(self, data, context):\n"
                + "        return ['loaded']\n";
    }

    private static List<String> models(HostApi api) {
        List<String> names = new ArrayList<>();
        api.manage("GET", "/models")
                .path("models")
                .forEach(model -> names.add(model.path("modelName").asText()));
        return names;
    }

    @Test
    void theHostFinishesWhatItHasBegunAndAnUndoTakesItBack() throws Exception {
        PythonArchives.assumePython();
        directory = directory.toRealPath();
        Path store = Files.createDirectories(directory.resolve("store"));
        Path logs = Files.createDirectories(directory.resolve("logs"));
        Path begun = directory.resolve("begun");
        Path gate = Files.createFile(directory.resolve("gate"));
        PythonArchives.mar(store, "slow", gated(begun, gate));
        TestArchives.noop(store, "a.mar", "a", "1.0");
        Typed typed = new Typed(directory);
        try (Host host = HostsInTests.start(store, logs)) {
            RunningHost note = RunningHost.of(host, logs, Clock.systemUTC());
            new RunFiles(directory.resolve("run")).write(note);
            HostApi api = new HostApi(note);
            api.manage("POST", "/models?url=a.mar&initial_workers=1");
            api.manage("POST", "/models?url=slow.mar&initial_workers=1");
            api.manage("POST", "/snapshots?name=with-slow");
            api.manage("DELETE", "/models/slow");
            Files.delete(gate);
            Files.delete(begun);

            ProcessBuilder builder = JavaProcess.interruptible(Main.class, "snapshots", "restore", "with-slow", "--yes")
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("restore.out").toFile());
            builder.environment()
                    .put("HOLDFAST_RUN_DIR", directory.resolve("run").toString());
            Process restore = builder.start();
            try {
                await().until(() -> Files.exists(begun));
                new ProcessBuilder("kill", "-INT", Long.toString(restore.pid()))
                        .start()
                        .waitFor();
                await().until(() -> !restore.isAlive());
                assertThat(restore.exitValue()).isEqualTo(130);
                assertThat(models(api)).as("what is not loaded is not served").containsExactly("a");
            } finally {
                restore.destroyForcibly();
            }

            Files.createFile(gate);
            await().untilAsserted(() -> assertThat(models(api)).containsExactly("a", "slow"));
            await().untilAsserted(() -> {
                assertThat(typed.run("snapshots", "plan", "latest")).isZero();
                assertThat(typed.out()).contains("is served already: nothing to do");
                assertThat(typed.run("snapshots", "show", "latest")).isZero();
                assertThat(typed.out()).contains("slow, version 1.0");
            });
            assertThat(typed.run("snapshots", "undo", "--yes"))
                    .as("%s", typed.errLines())
                    .isZero();
            assertThat(models(api)).containsExactly("a");
        }
    }
}
