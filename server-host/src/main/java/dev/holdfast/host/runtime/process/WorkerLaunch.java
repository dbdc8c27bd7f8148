package dev.holdfast.host.runtime.process;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** How the workers of one model are started, and what they are told. Safe for several threads. */
public interface WorkerLaunch {

    /** What a worker prints once it listens. */
    String STARTED = "Torch worker started.";

    /**
     * What a worker is told to load.
     *
     * @param directory with the model's files
     * @param handler what answers in there
     * @param envelope what stands around requests; empty for none
     * @param limitPixels what handlers of images are told about huge ones
     */
    record LoadOrder(String directory, String handler, String envelope, boolean limitPixels) {}

    /** What is started, for messages, such as {@code Python as /usr/bin/python3}. */
    String program();

    /**
     * Completes when what the command needs is there; a failure is a {@link
     * dev.holdfast.host.runtime.ProcessStartException}. The time of a start counts from after that.
     */
    default CompletableFuture<Void> ready() {
        return CompletableFuture.completedFuture(null);
    }

    /**
     * The command of one worker, which binds the socket and then prints {@code Torch worker started.}
     *
     * @param home the host's directory of workers
     */
    ProcessBuilder command(Path home, Path socket) throws IOException;

    LoadOrder order();

    /** What stands before a worker's reason why it cannot load that. */
    default String cannotLoad() {
        return "";
    }

    /** How many bytes one answer may have. */
    int maxResponseSize();

    /** Takes a line that a worker has printed; false if it is one for the log. */
    default boolean takes(String model, String line) {
        return false;
    }

    /** What answers show of a worker, by the names of their fields. */
    Map<String, String> facts();
}
