package dev.holdfast.host;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.cli.Main;
import dev.holdfast.testsupport.JavaProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A real host in a process of its own, for tests that kill it. Listens on loopback, on ports of the system's choice. */
final class HostProcess implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Process process;
    private final Path logLocation;
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final String management;
    private final String inference;

    private HostProcess(Process process, Path logLocation) throws IOException {
        this.process = process;
        this.logLocation = logLocation;
        JsonNode run = JSON.readTree(Files.readString(logLocation.resolve("holdfast.run")));
        this.management = run.required("management_address").textValue();
        this.inference = run.required("inference_address").textValue();
    }

    /** Starts a host and waits until it is ready; {@code arguments} come after those for a host of a test. */
    static HostProcess start(Path modelStore, Path logLocation, String... arguments) throws IOException {
        return awaitReady(launch(modelStore, logLocation, arguments), logLocation);
    }

    /** As {@link #start}, by a command that ends by executing what stands behind it. */
    static HostProcess startBy(List<String> launcher, Path modelStore, Path logLocation, String... arguments)
            throws IOException {
        return awaitReady(launchBy(launcher, modelStore, logLocation, arguments), logLocation);
    }

    /**
     * As {@link #start}, as fast as a host runs that somebody starts: with both compilers, and the heap that the distribution
     * gives it.
     */
    static HostProcess startFast(Path modelStore, Path logLocation, String... arguments) throws IOException {
        List<String> options = List.of("-XX:TieredStopAtLevel=4", "-Xms128m", "-XX:NewSize=96m");
        return awaitReady(launchBy(List.of(), options, modelStore, logLocation, arguments), logLocation);
    }

    private static HostProcess awaitReady(Process process, Path logLocation) throws IOException {
        Path run = logLocation.resolve("holdfast.run");
        try {
            Awaitility.await("the host's run file")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> !process.isAlive() || writtenBy(process, run));
        } catch (RuntimeException e) {
            process.destroyForcibly().onExit().join();
            throw e;
        }
        if (!process.isAlive()) {
            throw new IOException("The host did not start:\n" + output(logLocation));
        }
        return new HostProcess(process, logLocation);
    }

    static Process launch(Path modelStore, Path logLocation, String... arguments) throws IOException {
        return launchBy(List.of(), modelStore, logLocation, arguments);
    }

    private static Process launchBy(List<String> launcher, Path modelStore, Path logLocation, String... arguments)
            throws IOException {
        return launchBy(launcher, List.of(), modelStore, logLocation, arguments);
    }

    private static Process launchBy(
            List<String> launcher, List<String> more, Path modelStore, Path logLocation, String... arguments)
            throws IOException {
        Files.createDirectories(logLocation);
        List<String> options = new ArrayList<>(List.of(
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-Duser.language=" + System.getProperty("user.language"),
                "-Duser.country=" + System.getProperty("user.country", "")));
        options.addAll(more);
        List<String> command = new ArrayList<>(launcher);
        command.addAll(JavaProcess.command(
                options,
                Main.class,
                "--start",
                "--foreground",
                "--disable-token-auth",
                "--model-store",
                modelStore.toString(),
                "--log-location",
                logLocation.toString()));
        for (String listener : List.of("inference", "management", "metrics")) {
            command.add("--set");
            command.add(listener + "_address=http://127.0.0.1:0");
        }
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .directory(logLocation.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(outputFile(logLocation)))
                .start();
    }

    private static java.io.File outputFile(Path logLocation) {
        return logLocation.resolveSibling(logLocation.getFileName() + ".out").toFile();
    }

    static String output(Path logLocation) throws IOException {
        return Files.readString(outputFile(logLocation).toPath());
    }

    private static boolean writtenBy(Process process, Path run) {
        try {
            return Files.exists(run)
                    && JSON.readTree(Files.readString(run)).path("pid").longValue() == process.pid();
        } catch (IOException e) {
            return false;
        }
    }

    URI inferenceAddress() {
        return URI.create(inference);
    }

    Path logLocation() {
        return logLocation;
    }

    HttpResponse<String> management(String method, String path) throws IOException, InterruptedException {
        return send(management + path, method, HttpRequest.BodyPublishers.noBody());
    }

    HttpResponse<String> predict(String path, String body) throws IOException, InterruptedException {
        return send(inference + path, "POST", HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> ask(String path) throws IOException, InterruptedException {
        return send(inference + path, "GET", HttpRequest.BodyPublishers.noBody());
    }

    private HttpResponse<String> send(String uri, String method, HttpRequest.BodyPublisher body)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create(uri))
                        .timeout(Duration.ofSeconds(60))
                        .method(method, body)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    JsonNode managementJson(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = management("GET", path);
        if (response.statusCode() != 200) {
            throw new IOException("GET " + path + " answered " + response.statusCode() + ": " + response.body());
        }
        return JSON.readTree(response.body());
    }

    HttpResponse<String> inference(String path) throws IOException, InterruptedException {
        return send(inference + path, "GET", HttpRequest.BodyPublishers.noBody());
    }

    /** SIGTERM, and does not wait. */
    void tellToStop() {
        process.destroy();
    }

    /** SIGKILL: the process does nothing more. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM, and waits for the orderly end. */
    int stop() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IllegalStateException("The host did not stop within 60 s");
        }
        return process.exitValue();
    }

    long pid() {
        return process.pid();
    }

    /** Waits for the end that something in the process brings about. */
    void awaitEnd() throws InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("The host is still there after 60 s");
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Kills it too; then it writes no more into what the test removes. */
    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
