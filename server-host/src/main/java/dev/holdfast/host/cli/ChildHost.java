package dev.holdfast.host.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A host that another process starts: it can be killed and started again, and never stays behind. */
public final class ChildHost implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final HostLauncher launcher;
    private final RunFiles runFiles;
    private final Surroundings surroundings;
    private final Path logLocation;
    private final List<String> arguments;
    private final Thread cleaner = new Thread(this::kill, "child host clean-up");

    /**
     * @param logLocation of the host, which the arguments name too
     * @param arguments of its command line
     */
    public ChildHost(Surroundings surroundings, Path logLocation, List<String> arguments) {
        this.launcher = new HostLauncher(surroundings);
        this.runFiles = new RunFiles(surroundings.runDirectory());
        this.surroundings = surroundings;
        this.logLocation = logLocation;
        this.arguments = arguments;
        Runtime.getRuntime().addShutdownHook(cleaner);
    }

    /** A host that got ready. */
    public static final class Started {

        private final RunningHost host;
        private final List<String> state;

        private Started(RunningHost host, List<String> state) {
            this.host = host;
            this.state = List.copyOf(state);
        }

        public long pid() {
            return host.process().pid();
        }

        /** The address, as {@code http://host:port}. */
        public String inference() {
            return host.inference();
        }

        /** The address, as {@code http://host:port}. */
        public String management() {
            return host.management();
        }

        /** @throws CommandFailure if the host's key file cannot be read */
        public HostApi api() {
            return new HostApi(host);
        }

        /** What the host said of where its state came from. */
        public List<String> state() {
            return state;
        }
    }

    /** Starts the host; its configuration is in the arguments alone, whatever the environment says. */
    public Started start() throws IOException, InterruptedException {
        Map<String, String> environment = new HashMap<>(surroundings.environment());
        environment.keySet().removeIf(name -> name.startsWith("TS_") || name.equals("LOG_LOCATION"));
        String ready = launcher.start(arguments, environment, logLocation, LIMIT);
        RunningHost host = runFiles.of(logLocation)
                .orElseThrow(() -> new CommandFailure("The host ended right after its start; see " + logLocation));
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
    public void killAndWait(Started started) throws InterruptedException {
        ProcessIdentity process = started.host.process();
        kill();
        long end = System.nanoTime() + LIMIT.toNanos();
        while (process.isAlive()) {
            if (System.nanoTime() > end) {
                throw new CommandFailure("The killed host (pid " + process.pid() + ") is still there");
            }
            Thread.sleep(5);
        }
    }

    /** Stops the host in order, and waits for its end. */
    public void stop() throws InterruptedException {
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
