package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The demo's host: a process like any other host, which can be killed and started again, and which never stays behind. */
final class DemoHost implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final HostLauncher launcher;
    private final RunFiles runFiles;
    private final Surroundings surroundings;
    private final Path logLocation;
    private final List<String> arguments;
    private final Thread cleaner = new Thread(this::kill, "demo clean-up");

    DemoHost(Surroundings surroundings, Path logLocation, List<String> arguments) {
        this.launcher = new HostLauncher(surroundings);
        this.runFiles = new RunFiles(surroundings.runDirectory());
        this.surroundings = surroundings;
        this.logLocation = logLocation;
        this.arguments = arguments;
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    /**
     * A host that got ready.
     *
     * @param state what it said of where its state came from
     */
    record Started(RunningHost host, List<String> state) {}

    /** Starts the host; its configuration is in the arguments alone, whatever the environment says. */
    Started start() throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(surroundings.environment());
        environment.keySet().removeIf(name -> name.startsWith("TS_") || name.equals("LOG_LOCATION"));
        String ready = launcher.start(arguments, environment, logLocation, LIMIT);
        RunningHost host = runFiles.of(logLocation)
                .orElseThrow(
                        () -> new CommandFailure("The demo's host ended right after its start; see " + logLocation));
        return new Started(
                host,
                ready.lines()
                        .dropWhile(line -> !line.strip().startsWith("state"))
                        .map(line -> line.strip().replaceFirst("^state\\s+", ""))
                        .toList());
    }

    /** SIGKILL, and nothing before it. */
    void kill() {
        Optional<RunningHost> host = runFiles.of(logLocation);
        host.flatMap(found -> ProcessHandle.of(found.process().pid())).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** Kills the host and waits until its process is gone. */
    void killAndWait(ProcessIdentity process) throws InterruptedException {
        kill();
        long end = System.nanoTime() + LIMIT.toNanos();
        while (process.isAlive()) {
            if (System.nanoTime() > end) {
                throw new CommandFailure("The killed host (pid " + process.pid() + ") is still there");
            }
            Thread.sleep(5);
        }
    }

    void stop() throws InterruptedException {
        new Stop(surroundings).end(logLocation, LIMIT);
    }

    @Override
    public void close() {
        kill();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook does the same.
        }
    }
}
