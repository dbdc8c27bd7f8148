package dev.holdfast.bench;

import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a whole host costs, beside {@link BareServer} in the same run. Prints a table; asserts nothing, for a figure of a
 * busy machine is no defect.
 *
 * <p>{@code mvn -q -Pbench -pl plugins-dist -am -DskipTests verify} runs it on the distribution that was built.
 */
public final class HostBenchmark {

    private static final int ROUNDS = 5;
    private static final int[] CONNECTIONS = {1, 16, 64};
    private static final String DIGIT =
            "[0,0,5,13,9,1,0,0,0,0,13,15,10,15,5,0,0,3,15,2,0,11,8,0,0,4,12,0,0,8,8,0,0,5,8,0,0,9,8,0,0,4,11,0,1,12,7,0,0,2,14,5,10,12,0,0,0,0,6,13,10,0,0,0]";

    private final Path distribution;
    private final Path work;
    private final Path model;
    private final List<String> bare;

    private HostBenchmark(Path distribution, Path work) throws Exception {
        this.distribution = distribution;
        this.work = work;
        this.model = distribution.resolve("examples/model-store/digits.onnx");
        this.bare = bareCommand();
        // The same for the host: its class data archive, which a first start in the background makes.
        Process warmUp = new ProcessBuilder(distribution.resolve("bin/holdfast").toString(), "warm-up")
                .inheritIO()
                .start();
        if (warmUp.waitFor() != 0) {
            throw new IllegalStateException("The class data archive could not be made");
        }
    }

    /** Measures the distribution that the first argument names. */
    public static void main(String[] arguments) throws Exception {
        Path work = Files.createTempDirectory("holdfast-benchmark");
        try {
            HostBenchmark benchmark = new HostBenchmark(Path.of(arguments[0]).toAbsolutePath(), work);
            benchmark.requests();
            benchmark.changes();
            benchmark.starts();
            benchmark.restart();
        } finally {
            delete(work);
        }
    }

    /** The bare server with a class data archive of its own, as the distribution has one. */
    private List<String> bareCommand() throws Exception {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path archive = work.resolve("bare.jsa");
        Path classes = work.resolve("bare.classes");
        String classPath = jarsOnly();
        List<String> common = List.of("-XX:+UseSerialGC", "-cp", classPath);
        Path nativeLibraries = distribution.resolve("lib/native");
        List<String> command = new ArrayList<>(List.of(java, "-Xshare:auto", "-XX:-UsePerfData"));
        command.addAll(common);
        try (Stream<Path> directories = Files.exists(nativeLibraries) ? Files.list(nativeLibraries) : Stream.empty()) {
            directories
                    .filter(directory -> directory.endsWith("linux-x64"))
                    .forEach(directory -> command.add(1, "-Donnxruntime.native.path=" + directory));
        }
        List<String> training = new ArrayList<>(command);
        training.add(1, "-XX:DumpLoadedClassList=" + classes);
        training.addAll(List.of(BareServer.class.getName(), model.toString()));
        try (Server server = Server.bare(training, work.resolve("training"))) {
            Load.run(server.inference(), 1, 50, number -> Load.request("POST", "/predictions/digits", DIGIT));
            server.stop();
        }
        // As ClassDataArchive has the host's made.
        Process dump = new ProcessBuilder(
                        java,
                        "-Xshare:dump",
                        "-XX:+UseG1GC",
                        "-XX:SharedClassListFile=" + classes,
                        "-XX:SharedArchiveFile=" + archive,
                        "-cp",
                        classPath)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (dump.waitFor() != 0) {
            throw new IllegalStateException("The bare server's class data archive could not be made");
        }
        command.add(1, "-XX:SharedArchiveFile=" + archive);
        command.addAll(List.of(BareServer.class.getName(), model.toString()));
        return List.copyOf(command);
    }

    /**
     * The host's own libraries, and the benchmark's classes packed: a class data archive takes them from jars alone. Nothing
     * is logged.
     */
    private String jarsOnly() throws Exception {
        List<String> entries = new ArrayList<>();
        try (Stream<Path> libraries = Files.list(distribution.resolve("lib"))) {
            libraries
                    .map(Path::toString)
                    .filter(path -> path.endsWith(".jar")
                            && !path.contains("server-host")
                            && !path.contains("logback"))
                    .sorted()
                    .forEach(entries::add);
        }
        for (String entry : System.getProperty("java.class.path").split(java.io.File.pathSeparator)) {
            if (!entry.isEmpty() && Files.isDirectory(Path.of(entry))) {
                Path jar = work.resolve("classes" + entries.size() + ".jar");
                java.util.spi.ToolProvider.findFirst("jar")
                        .orElseThrow()
                        .run(System.out, System.err, "--create", "--file", jar.toString(), "-C", entry, ".");
                entries.add(jar.toString());
            }
        }
        return String.join(java.io.File.pathSeparator, entries);
    }

    private Path modelStore() throws Exception {
        Path store = Files.createDirectories(work.resolve("model-store"));
        Files.copy(model, store.resolve("digits.onnx"), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(model.resolveSibling("noop.mar"), store.resolve("noop.mar"), StandardCopyOption.REPLACE_EXISTING);
        return store;
    }

    private void requests() throws Exception {
        try (Server host = Server.host(distribution, modelStore(), work.resolve("requests"));
                Server yardstick = Server.bare(bare, work.resolve("bare-requests"))) {
            print("resident memory when idle, no model", host.residentMegabytes() + " MB");
            manage(host, "POST", "/models?url=digits.onnx&initial_workers=2");
            print("resident memory when idle, one model", host.residentMegabytes() + " MB");
            Load.Requests requests = number -> Load.request("POST", "/predictions/digits", DIGIT);
            Load.run(host.inference(), 8, 20_000, requests);
            Load.run(yardstick.inference(), 8, 20_000, requests);
            double[] ratios = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                double ours = cpuMicros(host, requests);
                double theirs = cpuMicros(yardstick, requests);
                ratios[round] = ours / theirs;
                print("processor time of a request, round " + (round + 1), "host %.0f µs, bare %.0f µs, ratio %.2f", ours, theirs, ratios[round]);
            }
            print("processor time of a request, host/bare, median", "%.2f (target: at most 2)", median(ratios));
            for (int connections : CONNECTIONS) {
                throughput(host, yardstick, connections, requests);
            }
        }
    }

    /** In turns, because a machine has moods that last for seconds. */
    private static void throughput(Server host, Server yardstick, int connections, Load.Requests requests)
            throws Exception {
        int count = connections == 1 ? 10_000 : 40_000;
        double[] ours = new double[ROUNDS];
        double[] theirs = new double[ROUNDS];
        double[] ratios = new double[ROUNDS];
        Load.Latencies latencies = null;
        for (int round = 0; round < ROUNDS; round++) {
            long begun = System.nanoTime();
            latencies = Load.run(host.inference(), connections, count, requests);
            ours[round] = count / ((System.nanoTime() - begun) / 1e9);
            begun = System.nanoTime();
            Load.run(yardstick.inference(), connections, count, requests);
            theirs[round] = count / ((System.nanoTime() - begun) / 1e9);
            ratios[round] = ours[round] / theirs[round];
        }
        print(
                connections + " connections, requests a second, median",
                "host %.0f, bare %.0f, ratio %.2f (target: at least 0.9); p50 %.2f ms, p99 %.2f ms",
                median(ours),
                median(theirs),
                median(ratios),
                latencies.millis(0.5),
                latencies.millis(0.99));
    }

    private static double cpuMicros(Server server, Load.Requests requests) throws Exception {
        int count = 20_000;
        long before = server.cpu().toNanos();
        Load.run(server.inference(), 8, count, requests);
        return (server.cpu().toNanos() - before) / 1e3 / count;
    }

    private void changes() throws Exception {
        Path logs = work.resolve("changes");
        try (Server host = Server.host(distribution, modelStore(), logs)) {
            for (int i = 0; i < 16; i++) {
                manage(host, "POST", "/models?url=digits.onnx&initial_workers=0&model_name=m" + i);
            }
            int before = snapshots(logs);
            long begun = System.nanoTime();
            Load.Latencies latencies = Load.run(
                    host.management(),
                    16,
                    1_000,
                    number -> Load.request(
                            "PUT",
                            "/models/m" + number % 16 + "?synchronous=true&min_worker=" + (number / 16 % 2) + "&max_worker="
                                    + (number / 16 % 2),
                            ""));
            double seconds = (System.nanoTime() - begun) / 1e9;
            print(
                    "1,000 changes from 16 connections",
                    "%d saves (target: at most 250), %.2f s, p50 %.1f ms, p99 %.1f ms",
                    snapshots(logs) - before,
                    seconds,
                    latencies.millis(0.5),
                    latencies.millis(0.99));
            Load.Latencies alone = Load.run(
                    host.management(),
                    1,
                    200,
                    number -> Load.request("PUT", "/models/m0?synchronous=true&min_worker=" + number % 2 + "&max_worker=" + number % 2, ""));
            print("one change, one connection", "p50 %.1f ms, p99 %.1f ms", alone.millis(0.5), alone.millis(0.99));
            print("GET /models/m, one connection", get(host));
            print("POST /models of a noop, one connection", registrations(host));
        }
    }

    private static String get(Server host) throws Exception {
        Load.Requests describe = number -> Load.request("GET", "/models/m0", "");
        Load.run(host.management(), 1, 2_000, describe);
        Load.Latencies latencies = Load.run(host.management(), 1, 2_000, describe);
        return String.format(Locale.ROOT, "p50 %.3f ms, p99 %.2f ms", latencies.millis(0.5), latencies.millis(0.99));
    }

    /** Each is taken back before the next, and only the registration counts. */
    private static String registrations(Server host) throws Exception {
        int count = 200;
        double[] times = new double[count];
        for (int i = -50; i < count; i++) {
            Load.Latencies one = Load.run(
                    host.management(),
                    1,
                    1,
                    number -> Load.request("POST", "/models?url=noop.mar&initial_workers=1&synchronous=true", ""));
            manage(host, "DELETE", "/models/noop");
            if (i >= 0) {
                times[i] = one.millis(0.5);
            }
        }
        return String.format(Locale.ROOT, "p50 %.1f ms", median(times));
    }

    private static int snapshots(Path logs) throws Exception {
        try (Stream<Path> files = Files.list(logs.resolve("config"))) {
            return (int) files.filter(file -> file.toString().endsWith(".cfg")).count();
        }
    }

    private void starts() throws Exception {
        double[] ratios = new double[ROUNDS];
        double[] ours = new double[ROUNDS];
        double[] theirs = new double[ROUNDS];
        for (int round = -1; round < ROUNDS; round++) {
            double host;
            try (Server server = Server.host(distribution, modelStore(), work.resolve("start" + round))) {
                host = server.toReady().toNanos() / 1e6;
            }
            double yardstick;
            try (Server server = Server.bare(bare, work.resolve("bare-start"))) {
                yardstick = server.toReady().toNanos() / 1e6;
            }
            if (round >= 0) {
                ours[round] = host;
                theirs[round] = yardstick;
                ratios[round] = host / yardstick;
            }
        }
        print(
                "start to ready, nothing to restore, median",
                "host %.0f ms, bare %.0f ms, ratio %.2f (target: under 1.2)",
                median(ours),
                median(theirs),
                median(ratios));
    }

    private void restart() throws Exception {
        Path logs = work.resolve("restart");
        try (Server host = Server.host(distribution, modelStore(), logs)) {
            for (int i = 0; i < 100; i++) {
                manage(host, "POST", "/models?url=digits.onnx&initial_workers=1&model_name=m" + i);
            }
        }
        double[] times = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            try (Server host = Server.host(distribution, modelStore(), logs)) {
                times[round] = host.toReady().toNanos() / 1e6;
            }
        }
        print("restart after SIGKILL, 100 models to restore, median", "%.0f ms", median(times));
    }

    private static void manage(Server host, String method, String path) throws Exception {
        Load.run(host.management(), 1, 1, number -> Load.request(method, path, ""));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void print(String what, String format, Object... values) {
        System.out.printf(Locale.ROOT, "%-55s %s%n", what, String.format(Locale.ROOT, format, values));
    }

    private static void delete(Path directory) throws Exception {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws java.io.IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, java.io.IOException failure)
                    throws java.io.IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
