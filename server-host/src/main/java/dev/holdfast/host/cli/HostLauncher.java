package dev.holdfast.host.cli;

import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.crash.CallRecord;
import dev.holdfast.host.text.OneLine;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Starts hosts in processes of their own, which outlive this one and its terminal.
 *
 * <pre>
 *   this command ── spawn ─▶ setsid bin/holdfast --foreground … ── exec ─▶ the host
 *        ▲                                                                  │
 *        └───────────────── start report (a file), or its death ◀───────────┘
 * </pre>
 */
record HostLauncher(Surroundings surroundings) {

    private static final int MOST_READ = 4096;

    /**
     * Starts a host and waits until it is ready.
     *
     * @param arguments those of the command line, without a word of foreground
     * @param logLocation that which these arguments lead to
     * @return the lines that the host has to say
     * @throws CommandFailure if it does not get ready in time, or at all; then no process is left
     */
    String start(List<String> arguments, Map<String, String> environment, Path logLocation, Duration limit)
            throws IOException, InterruptedException {
        Path output = logLocation.resolve("holdfast.out");
        LogLocation.make(logLocation);
        makeFile(output);
        Path report = reportFile();
        List<String> command = new ArrayList<>(hostCommand(logLocation));
        command.add("--foreground");
        command.add("--start-report=" + report);
        command.addAll(arguments);

        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(surroundings.workingDirectory().toFile())
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
        builder.environment().clear();
        builder.environment().putAll(environment);

        long outputBefore = Files.exists(output) ? Files.size(output) : 0;
        Process process = builder.start();
        Thread killer = new Thread(process::destroyForcibly, "abandoned start");
        Runtime.getRuntime().addShutdownHook(killer);
        boolean ready = false;
        try {
            StartReport told = await(process, report, logLocation, outputBefore, limit);
            if (!told.ready()) {
                process.waitFor(5, TimeUnit.SECONDS);
                throw new CommandFailure(told.text());
            }
            ready = true;
            return told.text();
        } finally {
            if (!ready) {
                process.destroyForcibly();
            }
            Runtime.getRuntime().removeShutdownHook(killer);
            Files.deleteIfExists(report);
            Files.deleteIfExists(report.getParent());
        }
    }

    /** Before the system opens it for the host's output, following any link. */
    private static void makeFile(Path output) {
        try {
            OwnFiles.create(output);
        } catch (IOException e) {
            throw new CommandFailure("The log location " + output.getParent() + " cannot be used: " + e, e);
        }
    }

    /** In a directory of its own apart from the log location, whose disk may be full; the file appears with the report. */
    private static Path reportFile() {
        try {
            return Files.createTempDirectory("holdfast-start-").resolve("report.json");
        } catch (IOException e) {
            throw new CommandFailure("No temporary directory can be made for the host's first word: " + e, e);
        }
    }

    private static StartReport await(Process process, Path report, Path logLocation, long outputBefore, Duration limit)
            throws IOException, InterruptedException {
        Path output = logLocation.resolve("holdfast.out");
        long end = System.nanoTime() + limit.toNanos();
        while (System.nanoTime() < end) {
            // In this order: what the host wrote before its end is seen.
            boolean alive = process.isAlive();
            Optional<StartReport> told = StartReport.read(report);
            if (told.isPresent()) {
                return told.get();
            }
            if (!alive) {
                String said = firstLine(output, outputBefore);
                String calling = CallRecord.underWay(logLocation, process.pid())
                        .map(calls -> ", while it was calling " + calls)
                        .orElse("");
                Path crash = output.resolveSibling("hs_err_pid" + process.pid() + ".log");
                return StartReport.failed("The host ended with exit code " + process.exitValue()
                        + " before it was ready" + calling + (said.isEmpty() ? "; see " : ": " + said + "; see ")
                        + output
                        + (Files.exists(crash)
                                ? " and the crash report " + crash
                                        + "; the next start finds out which model it was, so start again"
                                : ""));
            }
            process.waitFor(10, TimeUnit.MILLISECONDS);
        }
        return StartReport.failed("The host was not ready within " + limit.toSeconds()
                + " s and was ended; give it more with --timeout, and see " + output.resolveSibling("holdfast.log"));
    }

    /** The first line that a JVM prints when it cannot start is the reason. */
    private static String firstLine(Path output, long from) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "r")) {
            file.seek(from);
            byte[] said = new byte[(int) Math.min(file.length() - from, MOST_READ)];
            file.readFully(said);
            return new String(said, StandardCharsets.UTF_8)
                    .lines()
                    // So begins each line of a JVM that breaks.
                    .map(line -> line.replaceFirst("^#+ *", ""))
                    .filter(line -> !line.isBlank() && !line.startsWith("Picked up ") && !line.contains(" warning: "))
                    .findFirst()
                    .map(OneLine::of)
                    .orElse("");
        }
    }

    private List<String> hostCommand(Path logLocation) {
        List<String> command = new ArrayList<>();
        surroundings.onPath("setsid").ifPresent(setsid -> command.add(setsid.toString()));
        Optional<Path> script = surroundings.inHome("bin", "holdfast");
        if (script.isPresent()) {
            command.add(script.get().toString());
            return command;
        }
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // As bin/holdfast has it.
        command.add("-XX:ErrorFile=" + logLocation.resolve("hs_err_pid%p.log"));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Main.class.getName());
        return command;
    }
}
