package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ModelConfig;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateReference;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One model version that is served: loaded with its workers, failed with the reason, or resting without workers and memory. */
public final class RunningVersion {

    private final String model;
    private final String version;
    private final boolean loadedAtStartup;
    private final @Nullable String failure;
    private final Hold hold;
    private final Supplier<Optional<String>> engine;
    private final @Nullable Loaded loaded;
    private final @Nullable Rest rest;
    private volatile ServedVersion state;
    private volatile long storedUpdates;
    private volatile @Nullable RunningVersion successor;

    private record Loaded(Archive archive, LoadedModel model, WorkerPool workers, Training training) {}

    /**
     * What stays of a model whose memory was given back.
     *
     * @param signature what it takes and gives, which callers ask also while it rests
     * @param ended completes when nobody is inside it any more
     */
    private record Rest(ModelSignature signature, CompletableFuture<Void> ended) {}

    private RunningVersion(
            String model,
            String version,
            ServedVersion state,
            boolean loadedAtStartup,
            @Nullable String failure,
            Hold hold,
            Supplier<Optional<String>> engine,
            @Nullable Loaded loaded,
            @Nullable Rest rest) {
        this.model = model;
        this.version = version;
        this.state = state;
        this.loadedAtStartup = loadedAtStartup;
        this.failure = failure;
        this.hold = hold;
        this.engine = engine;
        this.loaded = loaded;
        this.rest = rest;
    }

    static RunningVersion loaded(
            String model,
            String version,
            ServedVersion state,
            boolean atStartup,
            Archive archive,
            LoadedModel loaded,
            WorkerPool workers) {
        return new RunningVersion(
                model,
                version,
                state,
                atStartup,
                null,
                Hold.NONE,
                () -> Optional.of(loaded.signature().engine()),
                new Loaded(archive, loaded, workers, new Training(ServingException.nameOf(model, version))),
                null);
    }

    /**
     * @param hold whether and when it is tried again without an operator's call
     * @param engine what would run it, as far as that is known
     */
    static RunningVersion failed(
            String model,
            String version,
            ServedVersion state,
            boolean atStartup,
            String why,
            Hold hold,
            Supplier<Optional<String>> engine) {
        return new RunningVersion(model, version, state, atStartup, why, hold, engine, null, null);
    }

    /**
     * The same version without its memory, where it is to have no workers and has nothing in memory that an archive has not; to be
     * put in its place, and this one to be unloaded. Empty for others.
     */
    Optional<RunningVersion> resting() {
        if (loaded == null || state.maxWorkers() > 0 || !loaded.model().mayRest()) {
            return Optional.empty();
        }
        ModelSignature signature = loaded.model().signature();
        return Optional.of(new RunningVersion(
                model,
                version,
                state,
                loadedAtStartup,
                null,
                Hold.NONE,
                () -> Optional.of(signature.engine()),
                null,
                new Rest(signature, loaded.workers().ended())));
    }

    /** Whether it has neither workers nor memory until it is to have workers. */
    boolean isResting() {
        return rest != null;
    }

    public String model() {
        return model;
    }

    public String version() {
        return version;
    }

    public ServedVersion state() {
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
     * @return the outputs; completes on a worker's thread, so dependents must be quick; to be cancelled when nobody waits any
     *     more. Completes exceptionally with a {@link ServingException} if there was no answer in time or the engine failed,
     *     with a {@link dev.holdfast.host.runtime.InvalidInputException} if it refused the input
     * @throws dev.holdfast.host.runtime.InvalidInputException if the inputs are not what the model wants
     * @throws ServingException if the model is not loaded, has no workers, or its queue is full
     */
    public CompletableFuture<List<Tensor>> predict(List<Tensor> inputs) {
        Loaded ready = require();
        ready.model().check(inputs);
        return ready.workers().submit(inputs).orElseGet(() -> requireSuccessor().predict(inputs));
    }

    /**
     * Predicts as {@link #predict(List)} does, but on this thread where the model's runs are short, which saves waking another.
     *
     * @param pieces takes what comes before the end of the answer, which is then only the rest; on a worker's thread, so it must
     *     be quick. Empty where the answer is wanted whole
     * @param watcher given what is returned before the model is asked, so that it can be cancelled meanwhile
     */
    public CompletableFuture<List<Tensor>> predict(
            List<Tensor> inputs,
            Optional<Consumer<List<Tensor>>> pieces,
            Consumer<CompletableFuture<List<Tensor>>> watcher) {
        Loaded ready = require();
        ready.model().check(inputs);
        return ready.workers()
                .submit(inputs, pieces, watcher)
                .orElseGet(() -> requireSuccessor().predict(inputs, pieces, watcher));
    }

    /** A caller that found this version just before it was replaced is answered by its successor. */
    private RunningVersion requireSuccessor() {
        RunningVersion next = successor;
        if (next == null) {
            throw new ServingException(
                    Kind.UNAVAILABLE, ServingException.nameOf(model, version) + " is being unregistered.");
        }
        return next;
    }

    /**
     * Lets the model learn from one request, on the caller's thread; others that teach it wait, those that ask it do not.
     *
     * @param inputs in any order
     * @return how many rows it learned from
     * @throws dev.holdfast.host.runtime.InvalidInputException if the inputs are not what the model learns from
     * @throws ServingException if the model is not loaded, does not learn by requests, or others teach it for too long
     */
    public long train(List<Tensor> inputs) {
        Loaded ready = require();
        LearningModel learning = learning(ready);
        learning.checkTraining(inputs);
        return ready.training().learn(state.responseTimeout(), () -> learning.train(inputs));
    }

    /**
     * Changes a model by a call of its own kind, on the caller's thread, when it is this caller's turn among those that teach it.
     *
     * @param model that of {@link #as}
     * @throws ServingException if the model is not loaded, or others teach it for too long
     */
    public <M, T> T teach(M model, Function<M, T> lesson) {
        return require().training().learn(state.responseTimeout(), () -> lesson.apply(model));
    }

    /** Whether somebody teaches the model just now, so that {@link #teach} would wait. */
    public boolean isBeingTaught() {
        return loaded != null && loaded.training().isBusy();
    }

    /**
     * What the model learns from.
     *
     * @throws ServingException if the model is not loaded, or does not learn by requests
     */
    public ModelSignature trainingSignature() {
        return learning(require()).trainingSignature();
    }

    private LearningModel learning(Loaded ready) {
        if (ready.model() instanceof LearningModel learning) {
            return learning;
        }
        throw new ServingException(
                Kind.BAD_REQUEST,
                ServingException.nameOf(model, version)
                        + " does not learn from requests; only ask it for predictions.");
    }

    /** The model as what it is more than a model; empty if it is none, or not loaded. */
    public <T> Optional<T> as(Class<T> kind) {
        return loaded != null && kind.isInstance(loaded.model())
                ? Optional.of(kind.cast(loaded.model()))
                : Optional.empty();
    }

    private Loaded require() {
        if (rest != null) {
            throw WorkerPool.noWorker(ServingException.nameOf(model, version));
        }
        if (loaded == null) {
            throw new ServingException(
                    Kind.UNAVAILABLE,
                    ServingException.nameOf(model, version)
                            + (hold == Hold.LOADING ? " " : " is registered but could not be loaded: ")
                            + failure);
        }
        return loaded;
    }

    void scale(ServedVersion wanted) {
        // Only the numbers: what was loaded, and from which bytes, this version knows better.
        ServedVersion scaled = state.withWorkersOf(wanted);
        if (loaded != null) {
            loaded.workers().scale(scaled);
        }
        state = scaled;
    }

    /** Whether workers were given up, so that there are fewer than there should be. */
    boolean lacksWorkers() {
        return loaded != null && loaded.workers().staying() < state.minWorkers();
    }

    /** Starts workers in the place of those that were given up. */
    void bringBackWorkers() {
        if (loaded != null) {
            loaded.workers().scale(state);
        }
    }

    /** @throws ServingException if a worker that was started cannot be */
    void awaitWorkers() {
        if (loaded != null) {
            loaded.workers().awaitStarted();
        }
    }

    void failAll(String why) {
        if (loaded != null) {
            loaded.workers().failAll(why);
        }
    }

    void awaitScaled(Duration timeout) {
        if (loaded != null) {
            loaded.workers().awaitScaled(timeout);
        } else if (rest != null) {
            try {
                rest.ended().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            } catch (TimeoutException | ExecutionException e) {
                // Stuck runs are told of elsewhere.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** The model as one that has a state; empty if it has none, or is not loaded. */
    Optional<StatefulModel> stateful() {
        return loaded != null && loaded.model() instanceof StatefulModel stateful
                ? Optional.of(stateful)
                : Optional.empty();
    }

    /** Whether the model has changed since its state was stored last. */
    boolean isAhead() {
        return stateful().filter(model -> model.updates() > storedUpdates).isPresent();
    }

    /**
     * Notes that a state was stored.
     *
     * @param updates how many updates of the model it holds at least
     */
    void stored(StateReference learned, long updates) {
        state = state.withLearned(learned);
        storedUpdates = updates;
    }

    /** Sets who answers late callers, before this version is unloaded. */
    void replacedBy(RunningVersion next) {
        successor = next;
    }

    /**
     * Lets the running requests end, then lets go of the model; never throws.
     *
     * @return false if some are stuck, or still running after {@code timeout}; the model is closed when the last of them
     *     ends, because closing the engine's session under them would crash the process
     */
    boolean unload(Duration timeout) {
        if (loaded == null) {
            return true;
        }
        Loaded leaving = loaded;
        boolean drained = leaving.workers().drain(timeout);
        CompletableFuture<Void> trained = leaving.training().end(state.responseTimeout());
        boolean stillTraining = !trained.isDone();
        leaving.workers()
                .ended()
                .thenCombine(trained, (drainEnded, trainingEnded) -> leaving)
                .thenAccept(this::close);
        return drained && !stillTraining;
    }

    private void close(Loaded leaving) {
        Closing.quietly("model " + model + " version " + version, leaving.model()::close);
        Closing.quietly("archive " + leaving.archive().fileName(), leaving.archive()::close);
    }

    /** Why it is not loaded; empty if it is. */
    Optional<String> failure() {
        return Optional.ofNullable(failure);
    }

    /** Whether and when it is tried again by the host itself, if it is not loaded. */
    Hold hold() {
        return hold;
    }

    VersionStatus status(boolean isDefault) {
        ModelConfig config =
                loaded == null ? ModelConfig.NONE : loaded.archive().manifest().config();
        return new VersionStatus(
                model,
                version,
                isDefault,
                state,
                loadedAtStartup,
                engine.get(),
                Optional.ofNullable(loaded)
                        .map(ready -> ready.model().signature())
                        .or(() -> Optional.ofNullable(rest).map(Rest::signature)),
                Optional.ofNullable(failure),
                hold,
                loaded == null ? List.of() : loaded.archive().manifest().labels(),
                loaded == null ? List.of() : loaded.workers().workers(),
                loaded == null ? 0 : loaded.workers().pending(),
                loaded == null ? 0 : loaded.workers().remainingCapacity(),
                loaded == null ? Optional.empty() : loaded.workers().blocked(),
                Optional.ofNullable(loaded).map(ready -> ready.model().joining()),
                config.retryTimeout().orElse(KeptProcess.Patience.USUAL.window()),
                config.clientTimeout(),
                loaded == null ? 0 : loaded.model().weightBytes());
    }
}
