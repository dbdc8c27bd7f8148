package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.ProcessStatus;
import dev.holdfast.host.state.StateReference;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How one model version is doing now.
 *
 * @param runtime the name of the engine that runs it, or would; {@code unknown} where it is not loaded and nobody has opened its
 *     archive, empty for a handler that is not loaded
 * @param failure why it is not loaded, if it is not; it stays in the serving state and is tried again as {@code hold} says
 * @param hold whether and when the host itself tries again to load it
 * @param blocked why it takes no requests although it is loaded and has workers: too many of its runs are stuck
 * @param joining how requests that come at once are run; empty while it is not loaded
 * @param labels the names of the classes, by index, where the archive gives them
 * @param retryTimeout for how long the process of a worker is started again, where it has one
 * @param clientTimeout how long a request may wait, where the archive says so
 * @param weightBytes of its weights in the memory of this process; 0 where it has none, or nothing is known
 */
public record VersionStatus(
        String model,
        String version,
        boolean isDefault,
        ServedVersion state,
        boolean loadedAtStartup,
        Optional<String> runtime,
        Optional<ModelSignature> signature,
        Optional<String> failure,
        Hold hold,
        List<String> labels,
        List<WorkerStatus> workers,
        int pendingRequests,
        int remainingCapacity,
        Optional<String> blocked,
        Optional<Joining> joining,
        Duration retryTimeout,
        Optional<Duration> clientTimeout,
        long weightBytes) {

    public VersionStatus {
        labels = List.copyOf(labels);
        workers = List.copyOf(workers);
    }

    /** Whether it is loaded, has the workers that it should have, and takes requests. */
    public boolean healthy() {
        return failure.isEmpty()
                && blocked.isEmpty()
                && workers.stream()
                                .filter(worker -> !worker.unloading()
                                        && worker.stuckSince().isEmpty())
                                .count()
                        >= state.minWorkers();
    }

    /** How large what it has learned was when it was stored last; 0 if it has learned nothing, or could not be loaded. */
    public long learnedBytes() {
        return failure.isPresent()
                ? 0
                : state.learned().map(StateReference::bytes).orElse(0L);
    }

    /** Whether it is being loaded, or waits for its turn. */
    public boolean isLoading() {
        return hold == Hold.LOADING || hold == Hold.UNTIL_OTHERS_SERVE;
    }

    /**
     * One worker.
     *
     * @param id unique in the host
     * @param unloading whether it ends after its present batch
     * @param stuckSince since when it is given up, because its run does not end; another one has its place
     * @param process empty for a worker that is a thread of the host
     */
    public record WorkerStatus(
            int id,
            Instant startTime,
            boolean unloading,
            Optional<Instant> stuckSince,
            Optional<WorkerProcess> process) {

        /** A worker that is a thread of the host. */
        public WorkerStatus(int id, Instant startTime, boolean unloading, Optional<Instant> stuckSince) {
            this(id, startTime, unloading, stuckSince, Optional.empty());
        }

        /** Whether it stays, and can answer now. */
        public boolean isReady() {
            return !unloading
                    && stuckSince.isEmpty()
                    && process.filter(own -> !own.state().equals("READY")).isEmpty();
        }
    }

    /**
     * The process of a worker.
     *
     * @param state READY, STARTING, or RETRYING: it died, or could not be started, and is started again
     * @param failure why it is RETRYING
     * @param loadTime how long its last good start took, with the loading of the model; zero before the first one
     */
    public record WorkerProcess(String state, ProcessStatus status, Optional<String> failure, Duration loadTime) {}
}
