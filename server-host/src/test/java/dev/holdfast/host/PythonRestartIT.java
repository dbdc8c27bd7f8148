package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models with Python handlers come back after their host was killed, and nothing of the old host stays. */
class PythonRestartIT {

    private static final String PID = """
            import os
            def handle(data, context):
                return ["%d %d" % (len(data), os.getpid())] if data else None
            """;

    /** Holds the interpreter's lock, so that no other thread of its worker runs, for as long as it is asked to. */
    private static final String STUBBORN = """
            import ctypes, os
            def handle(data, context):
                if data is None:
                    return None
                flag = bytes(data[0]["body"]).decode()
                if flag.startswith("/"):
                    open(flag, "w").close()
                    ctypes.PyDLL(None).sleep(600)
                return [str(os.getpid())]
            """;

    @TempDir
    Path directory;

    private Path store;
    private Path logs;

    @BeforeEach
    void makeDirectories() throws IOException {
        PythonArchives.assumePython();
        HostDirectories places = HostDirectories.in(directory);
        store = places.store();
        logs = places.logs();
    }

    private static List<ProcessHandle> workers(HostProcess host, String model) throws Exception {
        List<ProcessHandle> processes = new ArrayList<>();
        for (JsonNode worker : host.managementJson("/models/" + model).path(0).path("workers")) {
            processes.add(ProcessHandle.of(worker.path("pid").longValue()).orElseThrow());
        }
        return processes;
    }

    private static void register(HostProcess host, String parameters) throws Exception {
        var answer = host.management("POST", "/models?" + parameters);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    @Test
    void afterAKillOfTheHostItsWorkersEndAndItsModelsComeBackAsTheyWere() throws Exception {
        PythonArchives.mar(store, "a", PID);
        PythonArchives.mar(store, "b", "class H:\n    def handle(self, d, c):\n        return ['class']\n");
        List<ProcessHandle> before;
        try (HostProcess host = HostProcess.start(store, logs)) {
            register(
                    host,
                    "url=a.mar&model_name=first&initial_workers=2&batch_size=4&max_batch_delay=7"
                            + "&response_timeout=44&startup_timeout=55&handler=handler.py:handle&runtime=python3");
            register(host, "url=b.mar&initial_workers=1");
            before = workers(host, "first");
            before.addAll(workers(host, "b"));
            assertThat(before).hasSize(3).allMatch(ProcessHandle::isAlive);

            host.kill();
        }
        await().untilAsserted(() -> assertThat(before).noneMatch(ProcessHandle::isAlive));

        try (HostProcess host = HostProcess.start(store, logs)) {
            JsonNode first = host.managementJson("/models/first").path(0);
            assertThat(first.path("minWorkers").intValue()).isEqualTo(2);
            assertThat(first.path("batchSize").intValue()).isEqualTo(4);
            assertThat(first.path("maxBatchDelay").intValue()).isEqualTo(7);
            assertThat(first.path("responseTimeout").intValue()).isEqualTo(44);
            assertThat(first.path("startupTimeout").intValue()).isEqualTo(55);
            assertThat(first.path("runtimeType").textValue()).isEqualTo("python3");
            assertThat(first.path("handler").textValue()).isEqualTo("handler.py:handle");
            List<ProcessHandle> after = workers(host, "first");
            assertThat(after).hasSize(2).doesNotContainAnyElementsOf(before);
            assertThat(host.predict("/predictions/first", "x").body())
                    .isIn(after.stream().map(worker -> "1 " + worker.pid()).toList());
            assertThat(host.predict("/predictions/b", "x").body()).isEqualTo("class");
        }
    }

    @Test
    void aWorkerThatCannotSeeThatItsHostIsGoneIsEndedByTheNextStart() throws Exception {
        PythonArchives.mar(store, "stubborn", STUBBORN);
        Path holds = directory.resolve("holds");
        ProcessHandle held;
        try (HostProcess host = HostProcess.start(store, logs)) {
            register(host, "url=stubborn.mar&initial_workers=1");
            held = workers(host, "stubborn").get(0);
            Thread caller = new Thread(() -> {
                try {
                    host.predict("/predictions/stubborn", holds.toString());
                } catch (IOException | InterruptedException e) {
                    // The host is killed meanwhile.
                }
            });
            caller.start();
            await().until(() -> Files.exists(holds));
            host.kill();
            caller.join();
        }
        assertThat(held.isAlive()).isTrue();

        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(held.isAlive()).isFalse();
            assertThat(Files.readString(logs.resolve("holdfast.log")))
                    .contains("Ended a worker process of an earlier host, which was killed");
            assertThat(host.predict("/predictions/stubborn", "x").statusCode()).isEqualTo(200);
            host.stop();
        }
        assertThat(logs.resolve("python-workers")).doesNotExist();
    }

    @Test
    void killingWorkersAndHostUnderLoadLosesNoAnswerThatWasGiven() throws Exception {
        PythonArchives.mar(store, "a", PID);
        try (HostProcess host = HostProcess.start(store, logs)) {
            register(host, "url=a.mar&initial_workers=2");
            List<String> odd = new ArrayList<>();
            int answered = 0;
            for (int round = 0; round < 6; round++) {
                workers(host, "a").stream().findFirst().orElseThrow().destroyForcibly();
                for (int i = 0; i < 20; i++) {
                    var answer = host.predict("/predictions/a", "x");
                    if (answer.statusCode() == 200) {
                        answered++;
                    } else if (!answer.body().contains("Worker died.")) {
                        odd.add(answer.statusCode() + " " + answer.body());
                    }
                }
                await().until(() -> workersAreUp(host));
            }

            assertThat(odd).isEmpty();
            assertThat(answered).isGreaterThan(110);
        }
    }

    private static boolean workersAreUp(HostProcess host) throws Exception {
        for (JsonNode worker : host.managementJson("/models/a").path(0).path("workers")) {
            if (!worker.path("status").textValue().equals("READY")) {
                return false;
            }
        }
        return true;
    }
}
