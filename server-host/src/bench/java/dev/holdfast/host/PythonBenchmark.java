package dev.holdfast.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a Python handler costs: the host's processor time for a request of a noop handler beside one of the built-in echo, by
 * the same way over HTTP; and how many requests a second one worker answers behind the host at 16 connections, beside a bare
 * loop in Python that drives the same worker over its socket. Prints a table; asserts nothing.
 */
public final class PythonBenchmark {

    private static final int CONNECTIONS = 16;
    private static final int REQUESTS = 20_000;
    private static final int ROUNDS = 5;

    private static final String NOOP = "def handle(data, context):\n    return ['OK'] * len(data) if data else None\n";

    /** Starts a worker as the host does, loads the handler, and asks it one request after the other. */
    private static final String BARE = """
            import os, socket, struct, subprocess, sys, tempfile, time

            worker, model, requests = sys.argv[1], sys.argv[2], int(sys.argv[3])
            name = os.path.join(tempfile.mkdtemp(), "w.1")
            process = subprocess.Popen(
                [sys.executable, worker, "--sock-type", "unix", "--sock-name", name],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=model)
            while process.stdout.readline() != b"Torch worker started.\\n":
                pass
            # The metrics of each request go where nobody has to read them.
            subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
            number = struct.Struct("!i").pack

            def field(value):
                return number(len(value)) + value

            def read(link, size):
                data = b""
                while len(data) < size:
                    data += link.recv(size - len(data))
                return data

            link = socket.socket(socket.AF_UNIX)
            link.connect(name)
            link.sendall(b"L" + field(b"m") + field(model.encode()) + number(1) + field(b"handler.py") + number(-1)
                         + field(b"") + b"\\x01")
            read(link, 4 + 4 + len("loaded model m") + 4)
            question = (b"I" + field(b"r" * 36) + number(-1) + field(b"body") + field(b"") + field(b"x") + number(-1)
                        + number(-1))
            size = 4 + 4 + len("Prediction success") + 4 + 36 + 4 + 4 + 4 + 4 + 4 + 2 + 4
            for count in (requests // 10, requests):
                begun = time.time()
                for _ in range(count):
                    link.sendall(question)
                    read(link, size)
            print(requests / (time.time() - begun))
            link.close()
            process.kill()
            """;

    private PythonBenchmark() {}

    /** @param arguments a directory to work in */
    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory(Files.createDirectories(Path.of(arguments[0])), "python");
        Path store = directory.resolve("store");
        PythonArchives.mar(store, "noop-python", NOOP);
        PythonArchives.mar(store, "echo-java", "\"handler\": \"echo\"", Map.of());
        Path model = Files.createDirectories(directory.resolve("model"));
        Files.writeString(model.resolve("handler.py"), NOOP);
        try (HostProcess host = HostProcess.startFast(store, directory.resolve("logs"))) {
            for (String archive : List.of("noop-python", "echo-java")) {
                host.management("POST", "/models?url=" + archive + ".mar&initial_workers=1");
                ask(host, archive, REQUESTS / 4);
            }
            double[] processor = new double[ROUNDS];
            double[] rate = new double[ROUNDS];
            System.out.printf(
                    Locale.ROOT,
                    "%-8s%18s%18s%8s%20s%20s%20s%8s%n",
                    "round",
                    "host, noop, µs",
                    "host, echo, µs",
                    "ratio",
                    "noop, requests/s",
                    "echo, requests/s",
                    "bare, requests/s",
                    "ratio");
            for (int round = 0; round < ROUNDS; round++) {
                Measured python = ask(host, "noop-python", REQUESTS);
                Measured java = ask(host, "echo-java", REQUESTS);
                double bare = bare(model, directory);
                processor[round] = python.micros() / java.micros();
                rate[round] = python.rate() / bare;
                System.out.printf(
                        Locale.ROOT,
                        "%-8d%18.1f%18.1f%8.2f%20.0f%20.0f%20.0f%8.2f%n",
                        round + 1,
                        python.micros(),
                        java.micros(),
                        processor[round],
                        python.rate(),
                        java.rate(),
                        bare,
                        rate[round]);
            }
            Arrays.sort(processor);
            Arrays.sort(rate);
            System.out.printf(
                    Locale.ROOT,
                    "median of the ratios: processor time %.2f (wanted: at most 1.1), throughput %.2f (wanted: 0.9)%n",
                    processor[ROUNDS / 2],
                    rate[ROUNDS / 2]);
        }
    }

    /**
     * What some requests took.
     *
     * @param micros of the host's processor time, for one
     * @param rate requests in a second
     */
    private record Measured(double micros, double rate) {}

    private static Measured ask(HostProcess host, String model, int requests) throws InterruptedException {
        AtomicInteger left = new AtomicInteger(requests);
        List<Thread> callers = new ArrayList<>();
        Duration before = processorTime(host);
        long begun = System.nanoTime();
        for (int i = 0; i < CONNECTIONS; i++) {
            Thread caller = new Thread(() -> call(host.inferenceAddress(), model, left));
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        double nanos = processorTime(host).minus(before).toNanos();
        return new Measured(nanos / 1_000 / requests, requests / seconds);
    }

    /** Speaks HTTP as cheaply as can be, for callers have the same processors as what is measured. */
    private static void call(URI host, String model, AtomicInteger left) {
        byte[] question = ("POST /predictions/" + model
                        + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n"
                        + "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] answer = new byte[8192];
        try (Socket socket = new Socket(host.getHost(), host.getPort())) {
            while (left.getAndDecrement() > 0) {
                socket.getOutputStream().write(question);
                int length = 0;
                while (!isWhole(answer, length)) {
                    int count = socket.getInputStream().read(answer, length, answer.length - length);
                    if (count < 0) {
                        throw new IOException("The host has closed the connection");
                    }
                    length += count;
                }
                if (!new String(answer, 0, 12, StandardCharsets.US_ASCII).equals("HTTP/1.1 200")) {
                    throw new IOException(new String(answer, 0, length, StandardCharsets.UTF_8));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The answers have one or two bytes, after an empty line. */
    private static boolean isWhole(byte[] answer, int length) {
        String end = new String(answer, Math.max(0, length - 6), Math.min(6, length), StandardCharsets.US_ASCII);
        return end.endsWith("\r\n\r\nOK") || end.endsWith("\r\n\r\nx");
    }

    private static Duration processorTime(HostProcess host) {
        return ProcessHandle.of(host.pid())
                .orElseThrow()
                .info()
                .totalCpuDuration()
                .orElseThrow();
    }

    private static double bare(Path model, Path directory) throws IOException, InterruptedException {
        Path script = directory.resolve("bare.py");
        Files.writeString(script, BARE);
        Path worker = Path.of("src/main/resources/dev/holdfast/host/runtime/python/worker/worker.py")
                .toAbsolutePath();
        Process process = new ProcessBuilder(
                        "python3", script.toString(), worker.toString(), model.toString(), String.valueOf(REQUESTS))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return Double.parseDouble(said.strip());
    }
}
