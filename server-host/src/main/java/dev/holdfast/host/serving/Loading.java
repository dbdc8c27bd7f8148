package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.crash.CrashRecord;
import dev.holdfast.host.crash.ModelFile;
import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.StatefulModel;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads a model version into memory and starts its workers; a load that fails leaves nothing behind. */
final class Loading {

    private static final Logger log = LoggerFactory.getLogger(Loading.class);

    private static final Duration LONGEST_CHECK = Duration.ofSeconds(10);

    private final ModelLoader loader;
    private final Safeguards safeguards;
    private final StateRestorer states;
    private final ServingDefaults defaults;
    private final Set<StuckRun> stuckRuns;
    /** Bounds the callers' threads that may be inside models: a run that never ends keeps its thread. Half of a listener's. */
    private final Semaphore callersThreads = new Semaphore(64);

    private final InferenceListener listener;
    private final Clock clock;
    private final AtomicInteger workerIds = new AtomicInteger(9000);
    /** Bounds what a start loads into this process at once; beside that, the processes of all models' workers start. */
    private final Semaphore loads;

    private final KnownEngines engines;

    /** What was given up, and goes on. */
    private final Set<ModelFile> unended = ConcurrentHashMap.newKeySet();

    /** One try to load a model, on a thread of its own. */
    private static final class Attempt {

        final CompletableFuture<LoadedModel> result = new CompletableFuture<>();
        final CompletableFuture<Void> over = new CompletableFuture<>();

        /** From when on the thread can be told to end. */
        volatile @Nullable LoadedModel loaded;
    }

    Loading(
            ModelLoader loader,
            KnownEngines engines,
            Safeguards safeguards,
            StateRestorer states,
            ServingDefaults defaults,
            Set<StuckRun> stuckRuns,
            InferenceListener listener,
            Clock clock) {
        this.loader = loader;
        this.engines = engines;
        this.safeguards = safeguards;
        this.states = states;
        this.defaults = defaults;
        this.stuckRuns = stuckRuns;
        this.listener = listener;
        this.clock = clock;
        this.loads = new Semaphore(Math.max(1, defaults.loadThreads()));
    }

    /**
     * Loads a version.
     *
     * @param archives opens its archive, which is closed here if the version cannot be loaded
     * @throws ServingException if the archive cannot be had or is not what it was, the model cannot be loaded or not in time,
     *     there is no memory for it, or it is held back because it has ended the process before
     */
    RunningVersion load(Action.Loads load, Function<ServedVersion, Archive> archives, Occasion occasion) {
        String model = load.model();
        String version = load.version();
        ServedVersion state = load.state();
        Archive archive = open(state, archives);
        engines.opened(archive, state.handler());
        ModelFile file = new ModelFile(model, version, archive.fileName(), archive.sha256());
        admit(file, state, archive, occasion);
        LoadedModel loaded = occasion == Occasion.START ? loadInTurn(file, archive, state) : load(file, archive, state);
        WorkerPool workers = null;
        try {
            noteVersion(model, version, archive);
            noteJoining(model, version, state, loaded);
            ServedVersion known = state.withArchiveSha256(archive.sha256());
            Runs runs =
                    safeguards.isNative().test(archive) ? safeguards.crashes().runs(file) : Runs.notNoted();
            workers = new WorkerPool(
                    model,
                    version,
                    known,
                    loaded,
                    runs,
                    defaults.jobQueueSize(),
                    defaults.maxStuckWorkers(),
                    stuckRuns,
                    callersThreads,
                    listener,
                    clock,
                    workerIds::getAndIncrement,
                    archive.manifest().config(),
                    safeguards.memory());
            workers.ended().thenRun(runs::close);
            workers.scale(known);
            workers.awaitStarted();
            safeguards.crashes().loaded(file);
            boolean atStartup = occasion == Occasion.START || occasion == Occasion.SUSPECTS_TURN;
            return RunningVersion.loaded(model, version, known, atStartup, archive, loaded, workers);
        } catch (RuntimeException | Error e) {
            if (workers != null) {
                workers.drain(Duration.ofSeconds(10));
            }
            letGo(archive, loaded);
            throw refused(e);
        }
    }

    private LoadedModel loadInTurn(ModelFile file, Archive archive, ServedVersion state) {
        loads.acquireUninterruptibly();
        try {
            return load(file, archive, state);
        } finally {
            loads.release();
        }
    }

    private static Archive open(ServedVersion state, Function<ServedVersion, Archive> archives) {
        try {
            return archives.apply(state);
        } catch (RuntimeException | Error e) {
            throw refused(e);
        }
    }

    /** Closes the archive of a version that is not to be loaded. */
    private void admit(ModelFile file, ServedVersion state, Archive archive, Occasion occasion) {
        try {
            requireUnchanged(file, state, archive);
            requireNoneUnended(file);
            if (safeguards.isNative().test(archive)) {
                requireNotHeldBack(file, occasion);
            }
        } catch (RuntimeException e) {
            Closing.quietly("archive " + archive.fileName(), archive::close);
            throw e;
        }
    }

    /** Another model under a known name must neither answer nor crash the host. */
    private void requireUnchanged(ModelFile file, ServedVersion state, Archive archive) {
        Optional<String> before = state.archiveSha256().filter(known -> !archive.is(known));
        if (before.isEmpty()) {
            return;
        }
        String what = "Archive " + file.archive() + " of model " + file.model() + " version " + file.version()
                + " is not the one that was registered: its SHA-256 is " + file.sha256() + ", that one's is "
                + before.get();
        if (safeguards.acceptsChanges()) {
            log.warn("{}; it is loaded all the same, because of archive_changes=accept", what);
            return;
        }
        throw new ServingException(
                Kind.BAD_ARCHIVE,
                what + ". Put that one back, and it is loaded; or register this one (POST /models?url=" + file.archive()
                        + "&model_name=" + file.model()
                        + "), which takes the place of the one that cannot be loaded; or set"
                        + " archive_changes=accept");
    }

    private void requireNotHeldBack(ModelFile file, Occasion occasion) {
        CrashRecord crashes = safeguards.crashes();
        if (occasion == Occasion.OPERATORS_CALL) {
            crashes.tryOnceMore(file);
            return;
        }
        switch (crashes.suspicion(file)) {
            case ACCUSED -> throw new HeldBackException(Hold.OPERATOR, crashes.accusation(file));
            case SUSPECT -> {
                if (occasion == Occasion.START) {
                    throw new HeldBackException(
                            Hold.UNTIL_OTHERS_SERVE,
                            "Model " + file.model() + " version " + file.version()
                                    + " is loaded when all others serve, because it may have ended the host before.");
                }
            }
            case CLEAR -> {}
        }
    }

    /** On a thread of its own, because no engine lets a load be stopped; one that takes too long is abandoned. */
    private LoadedModel load(ModelFile file, Archive archive, ServedVersion state) {
        String model = file.model();
        String version = file.version();
        Duration timeout = state.startupTimeout();
        Attempt attempt = new Attempt();
        Thread thread = DaemonThreads.create("load-" + model + "-" + version, () -> {
            load(file, archive, state, attempt);
            attempt.over.complete(null);
        });
        ServingException failure;
        try {
            thread.start();
            return attempt.result.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            failure = new ServingException(
                    Kind.TIMEOUT,
                    "Model " + model + " version " + version + " was not loaded within its startup_timeout of "
                            + timeout.toSeconds() + " s.",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure = new ServingException(
                    Kind.INTERNAL, "Loading model " + model + " version " + version + " was interrupted.", e);
        } catch (ExecutionException e) {
            // The loading thread let go of the archive.
            throw refused(e.getCause() == null ? e : e.getCause());
        } catch (OutOfMemoryError e) {
            // No thread could be started.
            Closing.quietly("archive " + archive.fileName(), archive::close);
            throw refused(e);
        }
        if (attempt.result.completeExceptionally(failure)) {
            giveUp(file, attempt, thread);
        } else {
            // It ended just now after all.
            attempt.result.whenComplete((loaded, ignored) -> {
                if (loaded != null) {
                    letGo(archive, loaded);
                }
            });
        }
        throw failure;
    }

    /** Tells it to end where it can be told. It is stuck until it does, and the same is not tried again beside it. */
    private void giveUp(ModelFile file, Attempt attempt, Thread thread) {
        StuckRun stuck = new StuckRun(file.model(), file.version(), workerIds.getAndIncrement(), clock.instant());
        unended.add(file);
        stuckRuns.add(stuck);
        attempt.over.thenRun(() -> {
            unended.remove(file);
            stuckRuns.remove(stuck);
        });
        LoadedModel loaded = attempt.loaded;
        if (loaded != null) {
            loaded.end(thread);
        } else {
            // It may wait for a process, which nobody needs any more.
            thread.interrupt();
        }
    }

    private void requireNoneUnended(ModelFile file) {
        if (unended.contains(file)) {
            throw new ServingException(
                    Kind.UNAVAILABLE,
                    "Model " + file.model() + " version " + file.version()
                            + " is not loaded while an earlier try to load it still runs, which was not done within its"
                            + " startup_timeout. A try that never ends ends with the host.");
        }
    }

    private void load(ModelFile file, Archive archive, ServedVersion state, Attempt attempt) {
        LoadedModel loaded;
        try {
            loaded = loadNoted(file, archive, state, attempt);
        } catch (Throwable e) {
            Closing.quietly("archive " + archive.fileName(), archive::close);
            attempt.result.completeExceptionally(e);
            return;
        }
        if (!attempt.result.complete(loaded)) {
            letGo(archive, loaded);
        }
    }

    /** The note, and the memory, are held until the loading has ended, also where nobody waits for it any more. */
    private LoadedModel loadNoted(ModelFile file, Archive archive, ServedVersion state, Attempt attempt) {
        MemoryAdmission.Promise memory = safeguards.memory().promise(file.model(), file.version(), archive);
        CrashRecord.Note note = note(file, archive);
        try {
            LoadedModel loaded = loader.load(archive);
            try {
                attempt.loaded = loaded;
                // Looked at after that: whoever gives the attempt up looks the other way round.
                if (!attempt.result.isDone()) {
                    loader.warmUp(archive, loaded);
                }
                restore(loaded, state);
                loaded.prepareBatches(new BatchTerms(
                        state.batching(), archive.manifest().batching(), state.batchSize(), checkTime(file, state)));
                return loaded;
            } catch (RuntimeException | Error e) {
                Closing.quietly("model of archive " + archive.fileName(), loaded::close);
                throw e;
            }
        } finally {
            note.close();
            memory.close();
        }
    }

    private CrashRecord.Note note(ModelFile file, Archive archive) {
        return safeguards.isNative().test(archive) ? safeguards.crashes().loading(file) : () -> {};
    }

    /** A model whose state cannot be restored must not answer as if it had learned nothing. */
    private void restore(LoadedModel loaded, ServedVersion state) {
        if (state.learned().isEmpty()) {
            return;
        }
        StateReference learned = state.learned().get();
        if (!(loaded instanceof StatefulModel stateful)) {
            throw new ServingException(
                    Kind.BAD_ARCHIVE,
                    "There is a learned state of the format "
                            + learned.format().name() + ", and the archive "
                            + state.archive() + " holds a model that learns nothing");
        }
        states.restore(stateful, learned);
        stateful.restored();
    }

    private static void letGo(Archive archive, LoadedModel loaded) {
        Closing.quietly("model of archive " + archive.fileName(), loaded::close);
        Closing.quietly("archive " + archive.fileName(), archive::close);
    }

    private static ServingException refused(Throwable e) {
        if (e instanceof ServingException serving) {
            return serving;
        }
        return new ServingException(kind(e), OneLine.of(e), e);
    }

    private static Kind kind(Throwable e) {
        if (e instanceof StoreUnavailableException) {
            return Kind.UNAVAILABLE;
        }
        boolean isHosts = e instanceof SnapshotStoreException
                || e instanceof StateDamagedException
                || e instanceof OutOfMemoryError;
        return isHosts ? Kind.INTERNAL : Kind.BAD_ARCHIVE;
    }

    /** A longer self-check is given up: it must not be what makes the load too slow. */
    private Duration checkTime(ModelFile file, ServedVersion state) {
        if (safeguards.crashes().isDelicate(file)) {
            // The self-check itself may have crashed the host.
            return Duration.ZERO;
        }
        Duration half = state.startupTimeout().dividedBy(2);
        return half.compareTo(LONGEST_CHECK) < 0 ? half : LONGEST_CHECK;
    }

    private static void noteJoining(String model, String version, ServedVersion state, LoadedModel loaded) {
        if (state.batchSize() > 1) {
            Joining joining = loaded.joining();
            log.info(
                    "Model {} version {} runs the up to {} requests of a batch {}: {}",
                    model,
                    version,
                    state.batchSize(),
                    joining.isJoined() ? "together" : "one by one",
                    joining.why());
        }
    }

    private static void noteVersion(String model, String version, Archive archive) {
        if (!archive.manifest().modelVersion().equals(version)) {
            log.warn(
                    "Archive {} says it is version {}; it is served as version {} of model {}, as it was registered",
                    archive.fileName(),
                    OneLine.name(archive.manifest().modelVersion()),
                    version,
                    model);
        }
    }
}
