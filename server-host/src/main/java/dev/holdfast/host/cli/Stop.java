package dev.holdfast.host.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Tells a host to stop in order, and waits until its process is gone. A host that still starts ends at once: it has changed
 * nothing yet that it would have to save.
 */
final class Stop {

    private static final Duration FIRST_WORD = Duration.ofSeconds(2);
    private static final Duration NEXT_WORD = Duration.ofSeconds(10);
    /** The host ends by itself when its time is over; this is for its last steps. */
    private static final Duration BEYOND_LIMIT = Duration.ofSeconds(5);

    private final Surroundings surroundings;
    private final RunFiles runFiles;

    Stop(Surroundings surroundings) {
        this.surroundings = surroundings;
        this.runFiles = new RunFiles(surroundings.runDirectory());
    }

    int run(LogLocation logLocation, Duration limit) throws InterruptedException {
        Optional<ProcessIdentity> starting =
                runFiles.of(logLocation.directory()).isPresent()
                        ? Optional.empty()
                        : LockFile.holder(logLocation.directory());
        if (starting.isPresent()) {
            stop(starting.get(), logLocation.directory(), limit);
            surroundings.out().println("Holdfast has stopped; it was not ready yet.");
            return 0;
        }
        Optional<RunningHost> host = new HostFinder(runFiles).find(logLocation, "--stop");
        if (host.isEmpty()) {
            surroundings.out().println("Holdfast is not currently running.");
            return 0;
        }
        boolean here = runFiles.of(logLocation.directory()).isPresent();
        stop(host.get().process(), host.get().logLocation(), limit);
        surroundings
                .out()
                .println(
                        here
                                ? "Holdfast has stopped."
                                : "Holdfast has stopped; its log location is "
                                        + host.get().logLocation());
        return 0;
    }

    /** Stops the host of exactly this log location, without a word. */
    void end(Path logLocation, Duration limit) throws InterruptedException {
        Optional<RunningHost> host = runFiles.of(logLocation);
        if (host.isPresent()) {
            stop(host.get().process(), logLocation, limit);
        }
    }

    private void stop(ProcessIdentity process, Path logLocation, Duration limit) throws InterruptedException {
        Optional<ProcessHandle> handle = ProcessHandle.of(process.pid()).filter(found -> process.isAlive());
        if (handle.isEmpty()) {
            return;
        }
        StopRequest.write(logLocation, process, limit);
        if (!handle.get().destroy() && process.isAlive()) {
            throw new CommandFailure("Holdfast (pid " + process.pid() + ") may not be stopped by this user");
        }
        long begin = System.nanoTime();
        Duration word = FIRST_WORD;
        while (process.isAlive()) {
            Duration waited = Duration.ofNanos(System.nanoTime() - begin);
            if (waited.compareTo(limit.plus(BEYOND_LIMIT)) >= 0) {
                throw new CommandFailure(
                        "Holdfast (pid " + process.pid() + ") has not stopped within " + waited.toSeconds()
                                + " s; it goes on stopping. kill -9 " + process.pid()
                                + " ends it at once, and loses nothing that it has acknowledged but what models have"
                                + " learned since it was stored last");
            }
            if (waited.compareTo(word) >= 0) {
                surroundings
                        .out()
                        .println("Waiting for Holdfast (pid " + process.pid() + ") to stop, since " + waited.toSeconds()
                                + " s ...");
                surroundings.out().flush();
                word = word.plus(NEXT_WORD);
            }
            Thread.sleep(20);
        }
    }
}
