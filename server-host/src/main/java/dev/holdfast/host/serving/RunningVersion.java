package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One model version that is served: loaded with its workers, or failed with the reason. */
public final class RunningVersion {

    private final String model;
    private final String version;
    private final boolean loadedAtStartup;
    private final @Nullable String failure;
    private final @Nullable Loaded loaded;
    private volatile VersionState state;

    private record Loaded(Archive archive, LoadedModel model, WorkerPool workers) {}

    private RunningVersion(
            String model,
            String version,
            VersionState state,
            boolean loadedAtStartup,
            @Nullable String failure,
            @Nullable Loaded loaded) {
        this.model = model;
        this.version = version;
        this.state = state;
        this.loadedAtStartup = loadedAtStartup;
        this.failure = failure;
        this.loaded = loaded;
    }

    static RunningVersion loaded(
            Action.Load load,
            VersionState state,
            boolean atStartup,
            Archive archive,
            LoadedModel model,
            WorkerPool workers) {
        return new RunningVersion(
                load.model(), load.version(), state, atStartup, null, new Loaded(archive, model, workers));
    }

    static RunningVersion failed(Action.Load load, boolean atStartup, String why) {
        return new RunningVersion(load.model(), load.version(), load.state(), atStartup, why, null);
    }

    public String model() {
        return model;
    }

    public String version() {
        return version;
    }

    public VersionState state() {
        return state;
    }

    public boolean isLoaded() {
        return loaded != null;
    }

    /**
     * What goes in and comes out.
     *
     * @throws ServingException if the model is not loaded
     */
    public ModelSignature signature() {
        return require().model().signature();
    }

    /**
     * Predicts on one request; safe for many threads at once.
     *
     * @param inputs in any order
     * @return the outputs; completes exceptionally with a {@link ServingException} if there was no answer in time or the
     *     engine failed, with a {@link dev.holdfast.host.runtime.InvalidInputException} if it refused the input
     * @throws dev.holdfast.host.runtime.InvalidInputException if the inputs are not what the model wants
     * @throws ServingException if the model is not loaded, has no workers, or its queue is full
     */
    public CompletableFuture<List<Tensor>> predict(List<Tensor> inputs) {
        Loaded ready = require();
        ready.model().check(inputs);
        return ready.workers().submit(inputs);
    }

    private Loaded require() {
        if (loaded == null) {
            throw new ServingException(
                    Kind.UNAVAILABLE,
                    "Model \"" + model + "\" Version: " + version + " is registered but could not be loaded: "
                            + failure);
        }
        return loaded;
    }

    void scale(VersionState wanted) {
        state = wanted;
        if (loaded != null) {
            loaded.workers().scale(wanted);
        }
    }

    void awaitScaled(Duration timeout) {
        if (loaded != null) {
            loaded.workers().awaitScaled(timeout);
        }
    }

    /** Ends the running requests, then lets go of the model. False if some had to be cut off. */
    boolean unload(Duration timeout) {
        if (loaded == null) {
            return true;
        }
        boolean drained = loaded.workers().drain(timeout);
        if (drained) {
            loaded.model().close();
            loaded.archive().close();
        }
        // Else a worker is still inside the engine: closing the session under it would crash the process, so that the
        // memory stays until the process ends.
        return drained;
    }

    VersionStatus status(boolean isDefault) {
        return new VersionStatus(
                model,
                version,
                isDefault,
                state,
                loadedAtStartup,
                Optional.ofNullable(loaded)
                        .map(ready -> ready.model().signature().platform()),
                Optional.ofNullable(loaded).map(ready -> ready.model().signature()),
                Optional.ofNullable(failure),
                loaded == null ? List.of() : loaded.archive().manifest().labels(),
                loaded == null ? List.of() : loaded.workers().workers(),
                loaded == null ? 0 : loaded.workers().pending(),
                loaded == null ? 0 : loaded.workers().remainingCapacity());
    }
}
