package dev.holdfast.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server under measurement, in a process of its own. */
final class Server implements AutoCloseable {

    private final Process process;
    private final int inference;
    private final int management;
    private final Duration toReady;

    private Server(Process process, int inference, int management, Duration toReady) {
        this.process = process;
        this.inference = inference;
        this.management = management;
        this.toReady = toReady;
    }

    /** A host of the distribution; ready when it has written its run file, which it does after its startup snapshot. */
    static Server host(Path distribution, Path modelStore, Path logLocation) throws Exception {
        Path run = logLocation.resolve("holdfast.run");
        Files.createDirectories(logLocation);
        Files.deleteIfExists(run);
        long begun = System.nanoTime();
        Process process = new ProcessBuilder(
                        distribution.resolve("bin/holdfast").toString(),
                        "--start",
                        "--foreground",
                        "--disable-token-auth",
                        "--model-store",
                        modelStore.toString(),
                        "--log-location",
                        logLocation.toString(),
                        "--set",
                        "inference_address=http://127.0.0.1:0",
                        "--set",
                        "management_address=http://127.0.0.1:0",
                        "--set",
                        "metrics_address=http://127.0.0.1:0",
                        "--set",
                        "job_queue_size=10000")
                .redirectErrorStream(true)
                .redirectOutput(logLocation.resolve("console").toFile())
                .start();
        String text = await(process, run);
        Duration toReady = Duration.ofNanos(System.nanoTime() - begun);
        return new Server(process, port(text, "inference_address"), port(text, "management_address"), toReady);
    }

    private static int port(String run, String key) throws IOException {
        Matcher matcher = Pattern.compile('"' + key + "\"\\s*:\\s*\"http://127\\.0\\.0\\.1:(\\d+)\"").matcher(run);
        if (!matcher.find()) {
            throw new IOException("No " + key + " in " + run);
        }
        return Integer.parseInt(matcher.group(1));
    }

    /** {@link BareServer}, started with {@code javaOptions}; ready when it has printed its port. */
    static Server bare(List<String> command, Path output) throws Exception {
        Files.deleteIfExists(output);
        long begun = System.nanoTime();
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(output.toFile());
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        Process process = builder.start();
        int port = Integer.parseInt(await(process, output).strip());
        return new Server(process, port, port, Duration.ofNanos(System.nanoTime() - begun));
    }

    private static String await(Process process, Path file) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (System.nanoTime() < end && process.isAlive()) {
            if (Files.exists(file)) {
                String text = Files.readString(file);
                if (text.endsWith("\n") || text.endsWith("}")) {
                    return text;
                }
            }
            Thread.sleep(1);
        }
        process.destroyForcibly();
        throw new IOException("The server did not get ready");
    }

    int inference() {
        return inference;
    }

    int management() {
        return management;
    }

    Duration toReady() {
        return toReady;
    }

    /** Processor time of the process so far. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** Resident memory, in megabytes. */
    long residentMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    void stop() throws InterruptedException {
        process.destroy();
        process.waitFor(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
