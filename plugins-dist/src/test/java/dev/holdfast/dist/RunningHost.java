package dev.holdfast.dist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The host that runs with a log location, as its run file tells of it. */
record RunningHost(Path logs) {

    private static final ObjectMapper JSON = new ObjectMapper();

    JsonNode run() throws IOException {
        return JSON.readTree(Files.readString(logs.resolve("holdfast.run")));
    }

    /** A call of the management API, with its token. */
    HttpResponse<String> manage(String method, String path, String... headers)
            throws IOException, InterruptedException {
        return call("management", method, path, HttpRequest.BodyPublishers.noBody(), headers);
    }

    /** A call that changes something, and must succeed. */
    HttpResponse<String> change(String method, String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = manage(method, path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return answer;
    }

    /** How it stands with its store. */
    JsonNode status() throws IOException, InterruptedException {
        return JSON.readTree(manage("GET", "/snapshots/status").body());
    }

    int workersOf(String model) throws IOException, InterruptedException {
        return JSON.readTree(manage("GET", "/models/" + model).body())
                .required(0)
                .required("workers")
                .size();
    }

    String log() throws IOException {
        return Files.readString(logs.resolve("holdfast.log"));
    }

    /** SIGKILL: the process does nothing more. */
    void kill() throws IOException {
        kill(process().orElseThrow());
    }

    /** SIGSTOP, or SIGCONT: the process does nothing until the latter. */
    void signal(String name) throws IOException, InterruptedException {
        long pid = process().orElseThrow().pid();
        if (new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor() != 0) {
            throw new IOException("kill -" + name + " " + pid + " has failed");
        }
    }

    /** Ends it after a test, if one ran and has not ended; then it writes no more into what the test removes. */
    void end() throws IOException {
        if (Files.exists(logs.resolve("holdfast.run"))) {
            process().ifPresent(RunningHost::kill);
        }
    }

    private Optional<ProcessHandle> process() throws IOException {
        return ProcessHandle.of(run().required("pid").longValue());
    }

    private static void kill(ProcessHandle host) {
        host.destroyForcibly();
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> hasEnded(host));
    }

    /**
     * One that has ended counts as alive until somebody asks for its exit code, for seconds where that is a container's first
     * process. It has no program any more, and one thread, once the last of the others has let go of its files.
     */
    private static boolean hasEnded(ProcessHandle process) {
        String[] threads = new File("/proc/" + process.pid() + "/task").list();
        return !process.isAlive() || (process.info().command().isEmpty() && threads != null && threads.length == 1);
    }

    /** A call of the inference API, with its token. */
    HttpResponse<String> infer(String path, String body) throws IOException, InterruptedException {
        return call("inference", "POST", path, HttpRequest.BodyPublishers.ofString(body));
    }

    /** A question at the inference API, with its token. */
    HttpResponse<String> ask(String path) throws IOException, InterruptedException {
        return call("inference", "GET", path, HttpRequest.BodyPublishers.noBody());
    }

    private HttpResponse<String> call(
            String api, String method, String path, HttpRequest.BodyPublisher body, String... headers)
            throws IOException, InterruptedException {
        JsonNode run = run();
        JsonNode tokens =
                JSON.readTree(Files.readString(Path.of(run.required("key_file").textValue())));
        String token = tokens.required(api).required("key").textValue();
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(run.required(api + "_address").textValue() + path))
                .timeout(Duration.ofSeconds(60))
                .header("Authorization", "Bearer " + token)
                .method(method, body);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
