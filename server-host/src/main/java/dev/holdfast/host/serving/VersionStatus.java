package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.ModelSignature;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How one model version is doing now.
 *
 * @param runtime the name of the runtime that runs it; empty while it is not loaded
 * @param failure why it is not loaded, if it is not; it stays in the serving state and is tried again as {@code hold} says
 * @param hold whether and when the host itself tries again to load it
 * @param labels the names of the classes, by index, where the archive gives them
 */
public record VersionStatus(
        String model,
        String version,
        boolean isDefault,
        VersionState state,
        boolean loadedAtStartup,
        Optional<String> runtime,
        Optional<ModelSignature> signature,
        Optional<String> failure,
        Hold hold,
        List<String> labels,
        List<WorkerStatus> workers,
        int pendingRequests,
        int remainingCapacity) {

    public VersionStatus {
        labels = List.copyOf(labels);
        workers = List.copyOf(workers);
    }

    /** Whether it is loaded and has the workers that it should have. */
    public boolean healthy() {
        return failure.isEmpty()
                && workers.stream().filter(worker -> !worker.unloading()).count() >= state.minWorkers();
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
     */
    public record WorkerStatus(int id, Instant startTime, boolean unloading) {}
}
