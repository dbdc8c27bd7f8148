package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A host inside the process of a test, for models with Python handlers, and a caller of it. */
final class PythonHost implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final Path store;
    private final Host host;

    PythonHost(Path store, Path logs) {
        this(store, logs, withPython());
    }

    /**
     * A host that may be without Python.
     *
     * @param keys of the configuration
     */
    PythonHost(Path store, Path logs, Map<String, String> keys) {
        this.store = store;
        this.host = Host.start(HostsInTests.options(store, logs, keys, System.getenv()));
    }

    private static Map<String, String> withPython() {
        PythonArchives.assumePython();
        return Map.of();
    }

    Path store() {
        return store;
    }

    HttpResponse<String> management(String method, String path, String... headers)
            throws IOException, InterruptedException {
        return send(host.managementAddress() + path, method, BodyPublishers.noBody(), headers);
    }

    /** The token of an API, where the host asks for tokens. */
    String token(String api) throws IOException {
        return JSON.readTree(host.keyFile().toFile()).path(api).path("key").textValue();
    }

    HttpResponse<String> predict(String path, String body, String... headers) throws IOException, InterruptedException {
        return send(host.inferenceAddress() + path, "POST", BodyPublishers.ofString(body), headers);
    }

    CompletableFuture<HttpResponse<String>> predictLater(String path, String body) {
        return HTTP.sendAsync(
                HttpRequest.newBuilder(URI.create(host.inferenceAddress() + path))
                        .POST(BodyPublishers.ofString(body))
                        .timeout(Duration.ofMinutes(2))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A bare connection to where inference is answered. */
    Socket connect() throws IOException {
        return new Socket(
                host.inferenceAddress().host(), host.inferenceAddress().port());
    }

    HttpResponse<String> ping() throws IOException, InterruptedException {
        return send(host.inferenceAddress() + "/ping", "GET", BodyPublishers.noBody());
    }

    private static HttpResponse<String> send(
            String uri, String method, HttpRequest.BodyPublisher body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(uri)).method(method, body).timeout(Duration.ofMinutes(2));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** A scrape of its metrics. */
    String metrics() throws IOException, InterruptedException {
        return send(host.metricsAddress() + "/metrics", "GET", BodyPublishers.noBody())
                .body();
    }

    /** Writes an archive and registers it with one worker; more parameters begin with {@code &}. */
    void register(String name, String handler, String... parameters) throws IOException, InterruptedException {
        PythonArchives.mar(store, name, handler);
        registerArchive(name, parameters);
    }

    void registerArchive(String name, String... parameters) throws IOException, InterruptedException {
        HttpResponse<String> answer =
                management("POST", "/models?url=" + name + ".mar&initial_workers=1" + String.join("", parameters));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    JsonNode describe(String model) throws IOException, InterruptedException {
        return JSON.readTree(management("GET", "/models/" + model).body()).path(0);
    }

    JsonNode worker(String model) throws IOException, InterruptedException {
        return describe(model).path("workers").path(0);
    }

    /** The processes of a model's workers that are there now. */
    List<ProcessHandle> processes(String model) throws IOException, InterruptedException {
        List<ProcessHandle> processes = new ArrayList<>();
        for (JsonNode worker : describe(model).path("workers")) {
            ProcessHandle.of(worker.path("pid").longValue()).ifPresent(processes::add);
        }
        return processes;
    }

    Optional<ProcessHandle> process(String model) throws IOException, InterruptedException {
        return processes(model).stream().findFirst();
    }

    @Override
    public void close() {
        host.close();
    }
}
