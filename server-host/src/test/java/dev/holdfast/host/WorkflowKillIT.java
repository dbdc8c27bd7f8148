package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host that is killed in the middle of a change of a workflow has all of it afterwards, or nothing. */
class WorkflowKillIT {

    @TempDir
    Path directory;

    private Path store;
    private Path logs;

    @BeforeEach
    void makeDirectories() throws Exception {
        PythonArchives.assumePython();
        HostDirectories places = HostDirectories.in(directory);
        store = places.store();
        logs = places.logs();
    }

    /** A function that leaves a file when it is called, and then never returns where another file is there. */
    private String function(String name, String when) {
        return """
                def %s(data, context):
                    if %s:
                        open("%s/%s", "w").close()
                        import os, time
                        while os.path.exists("%s/hold-%s"):
                            time.sleep(0.05)
                    return ["%s" for row in data] if data else None

                """.formatted(name, when, directory, name, directory, name, name);
    }

    private void awaitCalled(String function) {
        await().atMost(Duration.ofMinutes(1)).until(() -> Files.exists(directory.resolve(function)));
    }

    private static CompletableFuture<?> later(Callable<?> call) {
        return CompletableFuture.runAsync(() -> {
            try {
                call.call();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void whatWasBeingRegisteredIsNotThere() throws Exception {
        PythonArchives.war(
                store,
                "w",
                "dag: {quick: [slow]}\n",
                function("quick", "data is None") + function("slow", "data is None"));
        Files.createFile(directory.resolve("hold-slow"));
        try (HostProcess host = HostProcess.start(store, logs)) {
            CompletableFuture<?> registering = later(() -> host.management("POST", "/workflows?url=w.war"));
            awaitCalled("quick");
            awaitCalled("slow");

            host.kill();

            assertThat(registering.handle((done, failure) -> failure).join()).isNotNull();
        }
        Files.delete(directory.resolve("hold-slow"));
        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(host.managementJson("/workflows").path("workflows")).isEmpty();
            for (String model : new String[] {"w__workflow", "w__quick", "w__slow"}) {
                assertThat(host.management("GET", "/models/" + model).statusCode())
                        .as(model)
                        .isEqualTo(404);
            }
            assertThat(host.management("POST", "/workflows?url=w.war").statusCode())
                    .isEqualTo(200);
            assertThat(host.predict("/wfpredict/w", "x").body()).isEqualTo("slow");
        }
    }

    @Test
    void whatWasBeingUnregisteredIsAllThere() throws Exception {
        PythonArchives.war(store, "w", "dag: {early: [slow]}\n", function("early", "data") + function("slow", "data"));
        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(host.management("POST", "/workflows?url=w.war").statusCode())
                    .isEqualTo(200);
            Files.createFile(directory.resolve("hold-slow"));
            later(() -> host.predict("/wfpredict/w", "x"));
            awaitCalled("slow");
            later(() -> host.management("DELETE", "/workflows/w"));
            await().atMost(Duration.ofMinutes(1))
                    .until(() -> host.management("GET", "/models/w__early").statusCode() == 404);

            host.kill();
        }
        Files.delete(directory.resolve("hold-slow"));
        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(host.predict("/wfpredict/w", "x").body()).isEqualTo("slow");
        }
    }

    @Test
    void workflowsLieInAStoreOfTheirOwnWhereOneIsNamedAndAreBackFromIt() throws Exception {
        Path workflows = Files.createDirectory(directory.resolve("workflows"));
        PythonArchives.war(workflows, "w", "models: {m: {url: m.mar}}\ndag: {m: [f]}\n", function("f", "False"));
        PythonArchives.mar(store, "m", "def handle(data, context):\n    return ['m'] * len(data or [])\n");
        try (HostProcess host = HostProcess.start(store, logs, "--workflow-store", workflows.toString())) {
            assertThat(host.management("POST", "/workflows?url=w.war").statusCode())
                    .isEqualTo(200);
            host.kill();
        }
        // The snapshot says where it is.
        try (HostProcess host = HostProcess.start(store, logs)) {
            assertThat(host.predict("/wfpredict/w", "x").body()).isEqualTo("f");
            assertThat(host.managementJson("/workflows").path("workflows")).hasSize(1);
        }
    }
}
