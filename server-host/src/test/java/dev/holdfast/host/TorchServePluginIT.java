package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.plugins.TorchServeFixture;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real host that keeps its snapshots through a plugin made for TorchServe, is killed, and comes back. */
class TorchServePluginIT {

    @TempDir
    private Path directory;

    private Path store;
    private Path logs;
    private TorchServeFixture fixture;

    @BeforeEach
    void dropItIn() {
        store = directory.resolve("model-store");
        TestArchives.noop(store, "a.mar", "a", "1.0");
        TestArchives.noop(store, "b.mar", "b", "2.0");
        logs = directory.resolve("logs");
        fixture = new TorchServeFixture(directory.resolve("last"));
        fixture.jar().write(directory.resolve("plugins/keeper-1.0.jar"));
    }

    private HostProcess start() throws IOException {
        return startWith("snapshot_timeout=60");
    }

    /** A host that gives a plugin's call up early; what comes of that is right after a call that is only slow, too. */
    private HostProcess startImpatient() throws IOException {
        return startWith("snapshot_timeout=2");
    }

    private HostProcess startWith(String setting) throws IOException {
        return HostProcess.start(
                store, logs, "--plugins-path", directory.resolve("plugins").toString(), "--set", setting);
    }

    @Test
    void whatAHostServedComesBackAfterAKill() throws Exception {
        try (HostProcess host = start()) {
            ok(host, "POST", "/models?url=a.mar&initial_workers=2&synchronous=true");
            ok(host, "POST", "/models?url=b.mar&initial_workers=1&synchronous=true");
            host.kill();
        }
        assertThat(Files.readString(fixture.last())).contains("model_snapshot=", "holdfast.snapshot=");
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x2", "b 2.0 x1");
            assertThat(status(host).required("mode").textValue()).isEqualToIgnoringCase("attached");
            host.kill();
        }
        assertThat(log())
                .contains("Snapshot serializer via plugin has been loaded successfully")
                .contains("Fetching last snapshot from KEEPER...")
                .doesNotContain("does not give it back")
                .doesNotContain("could not be kept");

        // Without its own disk too, by what the plugin has alone.
        logs = directory.resolve("other-logs");
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x2", "b 2.0 x1");
            assertThat(host.stop()).isIn(0, 143);
        }
        assertThat(log()).as("its own snapshot, not one of TorchServe's").doesNotContain("is not one of Holdfast's");
    }

    @ParameterizedTest
    @ValueSource(strings = {"swallow", "older", "misread"})
    void whatAHostServedComesBackThoughThePluginDoesNotGiveItBack(String mode) throws Exception {
        try (HostProcess host = start()) {
            ok(host, "POST", "/models?url=a.mar&initial_workers=2&synchronous=true");
            fixture.behave(mode);
            ok(host, "POST", "/models?url=b.mar&initial_workers=1&synchronous=true");
            host.kill();
        }
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x2", "b 2.0 x1");
            assertThat(status(host).required("mode").textValue()).isEqualToIgnoringCase("attached");
            fixture.behave("");
            ok(host, "DELETE", "/models/a/1.0");
            host.kill();
        }
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("b 2.0 x1");
            host.kill();
        }
        assertThat(log()).contains("does not give it back");
    }

    @ParameterizedTest
    @ValueSource(strings = {"halt in save", "block in save"})
    void theHostSurvivesWhatThePluginDoesAndCatchesUpLater(String mode) throws Exception {
        try (HostProcess host = startImpatient()) {
            ok(host, "POST", "/models?url=a.mar&initial_workers=2&synchronous=true");
            awaitAttached(host);
            fixture.behave(mode);

            HttpResponse<String> answer = ok(host, "POST", "/models?url=b.mar&initial_workers=1&synchronous=true");

            assertThat(answer.headers().firstValue("Holdfast-Notice").orElseThrow())
                    .contains(
                            "Snapshot store keeper did not take the snapshot: Serializer keeper of plugin keeper-1.0.jar");
            assertThat(status(host).required("mode").textValue()).isEqualToIgnoringCase("spooling");
            fixture.behave("");
            awaitAttached(host);
            host.kill();
        }
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x2", "b 2.0 x1");
            host.kill();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit in constructor", "block in get"})
    void aStartSurvivesItToo(String mode) throws Exception {
        try (HostProcess host = start()) {
            ok(host, "POST", "/models?url=a.mar&initial_workers=1&synchronous=true");
            host.kill();
        }
        fixture.behave(mode);
        try (HostProcess host = startImpatient()) {
            assertThat(served(host)).containsExactly("a 1.0 x1");
            assertThat(status(host).required("mode").textValue()).isEqualToIgnoringCase("detached");
            ok(host, "POST", "/models?url=b.mar&initial_workers=1&synchronous=true");
            fixture.behave("");
            awaitAttached(host);
            host.kill();
        }
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x1", "b 2.0 x1");
            host.kill();
        }
    }

    @Test
    void whatTorchServeSavedIsServed() throws Exception {
        saveAsTorchServe("20250101000000000-snapshot.cfg", 1_735_689_600_000L);
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x3");
            host.kill();
        }
        assertThat(log()).contains("Snapshot 20250101000000000-snapshot.cfg is not one of Holdfast's");
    }

    @Test
    void whatTorchServeSavedAfterThisHostIsServedAndGoneOnFrom() throws Exception {
        try (HostProcess host = start()) {
            ok(host, "POST", "/models?url=a.mar&initial_workers=1&synchronous=true");
            host.kill();
        }
        saveAsTorchServe("of-torchserve.cfg", System.currentTimeMillis() + 1000);
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x3");
            assertThat(status(host).required("mode").textValue()).isEqualToIgnoringCase("attached");
            ok(host, "PUT", "/models/a?min_worker=2&max_worker=2&synchronous=true");
            host.kill();
        }
        assertThat(log()).contains("TorchServe saved of-torchserve.cfg in store keeper after this host saved ");
        try (HostProcess host = start()) {
            assertThat(served(host)).containsExactly("a 1.0 x2");
        }
    }

    /** Model {@code a} with three workers. */
    private void saveAsTorchServe(String name, long created) throws IOException {
        Files.writeString(fixture.last(), """
                #snapshot
                model_store=/elsewhere
                model_snapshot={"name"\\:"%s","modelCount"\\:1,"created"\\:%s,"models"\\:\\
                {"a"\\:{"1.0"\\:{"defaultVersion"\\:true,"marName"\\:"a.mar","minWorkers"\\:3,"maxWorkers"\\:3,"batchSize"\\:1,\\
                "maxBatchDelay"\\:100,"responseTimeout"\\:120}}}}
                """.formatted(name, created));
    }

    private String log() throws IOException {
        return HostProcess.output(logs);
    }

    private static HttpResponse<String> ok(HostProcess host, String method, String path) throws Exception {
        HttpResponse<String> answer = host.management(method, path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer;
    }

    private static void awaitAttached(HostProcess host) {
        await().until(() -> status(host).required("mode").textValue().equalsIgnoreCase("attached"));
    }

    private static JsonNode status(HostProcess host) throws Exception {
        return host.managementJson("/snapshots/status");
    }

    /** Each model with its version and workers. */
    private static List<String> served(HostProcess host) throws Exception {
        List<String> served = new ArrayList<>();
        for (JsonNode model : host.managementJson("/models").required("models")) {
            String name = model.required("modelName").textValue();
            for (JsonNode version : host.managementJson("/models/" + name + "/all")) {
                served.add(name + " " + version.required("modelVersion").textValue() + " x"
                        + version.required("workers").size());
            }
        }
        return served;
    }
}
