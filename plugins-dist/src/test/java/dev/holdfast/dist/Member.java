package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.dist.Distribution.Said;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A host of a group, with a log location of its own, which looks at its store's newest snapshot every second.
 *
 * @param name what it is called in snapshots
 */
record Member(String name, Distribution distribution, Path logs, Way way, List<String> settings) {

    private static final ObjectMapper JSON = new ObjectMapper();

    RunningHost host() {
        return new RunningHost(logs);
    }

    /** The same host, run by another distribution. */
    Member by(Distribution other) {
        return new Member(name, other, logs, way, settings);
    }

    void start(String... more) throws IOException, InterruptedException {
        startFrom(distribution.home().resolve("examples/model-store"), more);
    }

    /** The same with a model store of its own. */
    void startFrom(Path modelStore, String... more) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(
                "--start",
                "--model-store=" + modelStore,
                "--set=inference_address=http://127.0.0.1:0",
                "--set=management_address=http://127.0.0.1:0",
                "--set=metrics_address=http://127.0.0.1:0",
                "--set=snapshot_look=1",
                "--set=host_name=" + name));
        line.addAll(settings);
        line.addAll(way.settings());
        line.addAll(List.of(more));
        Said said = run(line.toArray(String[]::new));
        assertThat(said.exitCode()).as("%s", said).isZero();
    }

    Said run(String... args) throws IOException, InterruptedException {
        return distribution.at(logs).run(args);
    }

    void stop() throws IOException, InterruptedException {
        Said said = run("--stop");
        assertThat(said.exitCode()).as("%s", said).isZero();
    }

    void kill() throws IOException {
        host().kill();
    }

    void killAndStart() throws IOException, InterruptedException {
        kill();
        start();
    }

    /** What a script does that deploys a model. */
    HttpResponse<String> tryToRegister(String model) throws IOException, InterruptedException {
        return tryToRegister("iris-1.0", model);
    }

    HttpResponse<String> tryToRegister(String archive, String model) throws IOException, InterruptedException {
        return host().manage(
                        "POST",
                        "/models?url=" + archive + "&model_name=" + model + "&initial_workers=1&synchronous=true");
    }

    HttpResponse<String> register(String model) throws IOException, InterruptedException {
        HttpResponse<String> answer = tryToRegister(model);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer;
    }

    void take(String side) throws IOException, InterruptedException {
        host().change("POST", "/snapshots/attach?take=" + side);
    }

    /** The models that are registered and answer predictions. */
    Set<String> models() throws IOException, InterruptedException {
        Set<String> models = new TreeSet<>();
        for (JsonNode model :
                JSON.readTree(host().change("GET", "/models").body()).required("models")) {
            models.add(model.required("modelName").textValue());
        }
        for (String model : models) {
            HttpResponse<String> answer = host().infer("/predictions/" + model, "[[5.1,3.5,1.4,0.2]]");
            assertThat(answer.statusCode()).as("%s: %s", model, answer.body()).isEqualTo(200);
        }
        return models;
    }

    JsonNode status() throws IOException, InterruptedException {
        return host().status();
    }

    String mode() throws IOException, InterruptedException {
        return status().required("mode").textValue();
    }

    void awaitMode(String mode) {
        await().untilAsserted(() -> {
            JsonNode status = status();
            assertThat(status.required("mode").textValue()).as("%s", status).isEqualTo(mode);
        });
    }

    /** The HTTP status of a question at the inference address. */
    int asked(String path) throws IOException, InterruptedException {
        return host().ask(path).statusCode();
    }

    void awaitReady() {
        await().untilAsserted(() -> assertThat(asked("/v2/health/ready")).isEqualTo(200));
    }

    /** The snapshots that the host lists, newest first. */
    List<JsonNode> snapshots() throws IOException, InterruptedException {
        List<JsonNode> snapshots = new ArrayList<>();
        JSON.readTree(host().change("GET", "/snapshots").body())
                .required("snapshots")
                .forEach(snapshots::add);
        return snapshots;
    }

    /** The models that a snapshot holds which the host can give. */
    Set<String> modelsOf(String snapshot) throws IOException, InterruptedException {
        return SnapshotTexts.models(
                        host().change("GET", "/snapshots/" + snapshot).body())
                .orElseThrow();
    }
}
