package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.serving.ServingChanges.Edited;
import dev.holdfast.host.state.StateReference;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The one door to what is served: changes it, shows it, and finds the model for a request.
 *
 * <pre>
 *   call ─▶ target = edit(serving state) ─▶ plan ─▶ reconciler ─▶ serving state = target ─▶ change log ─▶ answer
 * </pre>
 *
 * <p>Changes of one model follow one another; changes of different models go side by side. A change that fails leaves the
 * serving state, and what runs, as they were. The serving state holds what is to be served; a version that could not be
 * loaded is in it and is tried again.
 */
public final class ModelServing implements AutoCloseable {

    private final CurrentState state;
    private final ChangeLog changeLog;
    private final Archives archives;
    private final SharedArchives shared;
    private final RegistrationRules rules;
    private final ServingDefaults defaults;
    private final Safeguards safeguards;
    private final UnusedArchives unused;
    private final RunningModels running = new RunningModels();
    private final Set<StuckRun> stuckRuns = ConcurrentHashMap.newKeySet();
    private final Reconciler reconciler;
    private final ServingChanges changes;
    private final JointChanges joint;
    private final KnownEngines engines;
    private final SavedStates saved;
    private final FailedModels failedModels;
    private final InferenceListener listener;
    private volatile boolean stopping;

    /**
     * @param state where the serving state is kept; only this class writes to it
     * @param changes where changes are made durable
     * @param loader loads an opened archive into memory
     * @param shared the archives in the snapshot store
     * @param safeguards what is looked at before, and noted meanwhile
     */
    public ModelServing(
            CurrentState state,
            ChangeLog changes,
            ModelStore store,
            SharedArchives shared,
            ModelLoader loader,
            Safeguards safeguards,
            StateRestorer states,
            ServingDefaults defaults,
            InferenceListener listener,
            Clock clock) {
        this.state = state;
        this.changeLog = changes;
        this.archives = new Archives(store, shared);
        this.shared = shared;
        this.rules = new RegistrationRules(defaults);
        this.defaults = defaults;
        this.safeguards = safeguards;
        this.unused = new UnusedArchives(store, state);
        this.engines = new KnownEngines(loader);
        this.reconciler =
                new Reconciler(running, loader, engines, safeguards, states, defaults, stuckRuns, listener, clock);
        this.changes = new ServingChanges(state, changes, running, reconciler, archives::openAgain);
        this.joint = new JointChanges(archives, shared, rules, safeguards, unused, this.changes);
        this.saved = new SavedStates(this.changes, running);
        this.listener = listener;
        this.failedModels = new FailedModels(this.changes, running, unused, defaults.loadThreads());
    }

    /** Sets the address of the caller for whom this thread makes changes from now on; empty when the call has ended. */
    public void callFrom(Optional<String> caller) {
        changeLog.callFrom(caller);
    }

    /**
     * Sets which revision has to be the group's newest for the changes that this thread makes from now on.
     *
     * @param revision empty for any
     * @throws ServingException of kind PRECONDITION if it is another one already
     */
    public void expect(OptionalLong revision) {
        changeLog.expect(revision);
    }

    /** What is to be served. */
    public ServingState state() {
        return state.get();
    }

    /**
     * The version that answers a request; takes no lock.
     *
     * @param version empty for the default
     * @throws ServingException if there is no such model or version
     */
    public RunningVersion find(String model, Optional<String> version) {
        return running.find(model, version);
    }

    /**
     * How versions of a model are doing.
     *
     * @param version empty for the default
     * @throws ServingException if there is no such model or version
     */
    public VersionStatus describe(String model, Optional<String> version) {
        RunningVersion found = running.find(model, version);
        return found.status(running.isDefault(found));
    }

    /** What a version has done since this process serves it; nothing of one that is not served. */
    public InferenceStatistics statistics(String model, String version) {
        return listener.statistics(model, version);
    }

    /**
     * How all versions of a model are doing, in the order of versions.
     *
     * @throws ServingException if there is no such model
     */
    public List<VersionStatus> describeAll(String model) {
        running.find(model, Optional.empty());
        return running.versions(model).stream()
                .map(version -> version.status(running.isDefault(version)))
                .toList();
    }

    /** The runs that do not end, the oldest first; those of versions that are not served any more are among them. */
    public List<StuckRun> stuckRuns() {
        return stuckRuns.stream()
                .sorted(Comparator.comparing(StuckRun::since).thenComparing(StuckRun::worker))
                .toList();
    }

    /** The host begins to stop: from now on it is not healthy, and everything else goes on. */
    public void stopping() {
        stopping = true;
    }

    public boolean isStopping() {
        return stopping;
    }

    /** Fails every request that waits or runs, and tells the runs to end; for a stop that can wait no longer. */
    public void failAll(String why) {
        running.all().forEach(version -> version.failAll(why));
    }

    /**
     * Whether each model's default version is loaded and has the workers that it should have. One that is failed by name
     * because it ended the host does not count: it would take all the others out of service a second time. Nor does one that
     * is being loaded for the call that registered it.
     */
    public boolean healthy() {
        return !stopping
                && state.get().models().entrySet().stream()
                        .allMatch(model -> running.get(
                                        model.getKey(), model.getValue().defaultVersion())
                                .map(version -> version.status(true))
                                .filter(version -> version.healthy()
                                        || version.hold() == Hold.OPERATOR
                                        || version.hold() == Hold.LOADING)
                                .isPresent());
    }

    /**
     * Whether requests may be sent here. Not while the host stops, loads what its start left for later, or serves none of its
     * models; nor while the default version of a model lacks workers that it should have.
     *
     * @param strict whether also a version, be it the default or not, that is not loaded makes the host unready; else it is failed
     *     by name and its own readiness tells, so that one broken model takes no replica out
     */
    public boolean ready(boolean strict) {
        if (stopping) {
            return false;
        }
        Map<String, ServedModel> models = state.get().models();
        if (strict) {
            return models.entrySet().stream()
                    .allMatch(model -> model.getValue().versions().keySet().stream()
                            .allMatch(version -> running.get(model.getKey(), version)
                                    .filter(found -> found.status(false).healthy())
                                    .isPresent()));
        }
        List<Optional<VersionStatus>> defaults = models.entrySet().stream()
                .map(model -> running.get(model.getKey(), model.getValue().defaultVersion())
                        .map(version -> version.status(true)))
                .toList();
        boolean noneServes = defaults.stream()
                .allMatch(version ->
                        version.filter(some -> some.failure().isPresent()).isPresent());
        return defaults.stream()
                        .allMatch(version -> version.filter(some -> some.healthy()
                                        || (some.failure().isPresent() && some.hold() != Hold.UNTIL_OTHERS_SERVE))
                                .isPresent())
                && (defaults.isEmpty() || !noneServes);
    }

    /**
     * Registers a version of a model. The first version of a model becomes its default.
     *
     * @throws ServingException if the archive cannot be had, is damaged or cannot be loaded, the name or a number breaks
     *     its rule, or the version is there already; nothing has changed then, and nothing is left behind
     */
    public RunningChange register(Registration registration) {
        return register(registration, true);
    }

    /**
     * Registers a version of a model and does not wait until it is loaded: it is in the serving state at once, and answers
     * when it is loaded. If it cannot be loaded it is kept as failed.
     *
     * @throws ServingException if the archive cannot be had or is damaged, the name or a number breaks its rule, or the
     *     version is there already; nothing has changed then, and nothing is left behind
     */
    public RunningChange registerLater(Registration registration) {
        return register(registration, false);
    }

    private RunningChange register(Registration registration, boolean wait) {
        rules.check(registration, state());
        RunningChange registered = changes.change(() -> {
            unused.openingBegins();
            try {
                return register(registration, archives.open(registration), wait);
            } finally {
                unused.openingEnds();
            }
        });
        return registered.andThen(durability -> {
            // Then nothing knows of it, and it must not be in the way of the next try.
            if (durability.isUndone()) {
                unused.mayBeUnused(registered.state().archive());
            }
        });
    }

    private RunningChange register(Registration registration, Archive archive, boolean wait) {
        boolean[] handedOver = new boolean[1];
        List<RunningVersion> waiting = new ArrayList<>();
        boolean registered = false;
        try {
            engines.opened(archive, registration.handler());
            RegistrationRules.Wanted named = rules.wanted(registration, archive);
            String model = named.model();
            String version = named.version();
            ServedVersion wanted = shared.shared(named.state(), state());
            UnaryOperator<Optional<ServedModel>> add =
                    current -> ModelEdits.add(model, version, wanted, current, stands(model, version));
            Plan.Differences brought = Plan.Differences.NONE
                    .withFailed((name, some) -> some.equals(version))
                    .withLater((name, some) -> !wait && some.equals(version));
            Edited edited = changes.withModel(model, () -> {
                Edited now = changes.edit(
                        model,
                        ofModel(model, add),
                        brought,
                        ignored -> {
                            handedOver[0] = true;
                            return archive;
                        },
                        Occasion.OPERATORS_CALL);
                running.get(model, version).filter(some -> !wait).ifPresent(waiting::add);
                return now;
            });
            waiting.forEach(failedModels::loadSoon);
            registered = true;
            return new RunningChange(model, version, wanted, edited.durability());
        } finally {
            if (!handedOver[0]) {
                archive.close();
            }
            if (!registered) {
                unused.mayBeUnused(archive.fileName());
            }
        }
    }

    /**
     * Changes how many workers a version has: at least {@code min}, at most {@code max}.
     *
     * @param version empty for the default
     * @param wait whether to wait until workers that are to go have answered their last request
     * @throws ServingException if there is no such model or version, or a number breaks its rule; nothing has changed then
     */
    public RunningChange scale(String model, Optional<String> version, int min, int max, boolean wait) {
        RunningChange scaled = changes.change(() -> {
            String[] scaledVersion = new String[1];
            Edited edited = edit(model, current -> {
                ServedModel now = ModelEdits.require(model, current);
                scaledVersion[0] = version.orElse(now.defaultVersion());
                ServedVersion before = ModelEdits.require(model, now, scaledVersion[0]);
                return Optional.of(now.with(scaledVersion[0], before.withWorkers(min, max)));
            });
            return edited.of(model, scaledVersion[0]);
        });
        if (wait) {
            running.get(model, scaled.version()).ifPresent(found -> found.awaitScaled(defaults.unregisterTimeout()));
        }
        return scaled;
    }

    /**
     * Makes a version the one that answers when a caller names none.
     *
     * @throws ServingException if there is no such model or version
     */
    public RunningChange setDefault(String model, String version) {
        return changes.change(() -> {
            Edited edited = edit(model, current -> {
                ServedModel now = ModelEdits.require(model, current);
                ModelEdits.require(model, now, version);
                return Optional.of(now.withDefault(version));
            });
            return edited.of(model, version);
        });
    }

    /**
     * Takes a version out of service after its running requests have ended.
     *
     * @param version empty for the default
     * @throws ServingException if there is no such model or version, or it is the default of several
     */
    public RunningChange unregister(String model, Optional<String> version) {
        RunningChange unregistered = changes.change(() -> {
            String[] removed = new String[1];
            Edited edited = edit(model, current -> {
                ServedModel now = ModelEdits.require(model, current);
                removed[0] = version.orElse(now.defaultVersion());
                ModelEdits.require(model, now, removed[0]);
                return ModelEdits.remove(model, removed[0], now);
            });
            safeguards.crashes().unregistered(model, removed[0]);
            return new RunningChange(
                    model,
                    removed[0],
                    ModelEdits.require(model, edited.before().orElseThrow(), removed[0]),
                    edited.durability());
        });
        return unregistered.andThen(durability -> {
            // Not before: a restart that does not know of this change yet needs the archive.
            if (durability.isKept()) {
                unused.mayBeUnused(unregistered.state().archive());
            }
        });
    }

    /**
     * Registers models that are of no use without one another: all of them or none, as one change.
     *
     * @param others which beside the first, as its archive says; may throw
     * @param check looks at what goes into each model and comes out of it when they are loaded; what it throws leaves nothing
     * @return completes, never exceptionally, when it is durable or cannot be made so
     * @throws ServingException as of {@link #register}; nothing has changed then, and nothing is left behind
     */
    public CompletableFuture<Durability> registerTogether(
            Registration first,
            Function<Archive, List<Registration>> others,
            Consumer<Map<String, ModelSignature>> check) {
        return joint.register(first, others, check);
    }

    /**
     * Unregisters models with all their versions as one change, one after the other: their running requests end first.
     *
     * @return completes, never exceptionally, when it is durable or cannot be made so
     * @throws ServingException if one of them is not there; nothing has changed then
     */
    public CompletableFuture<Durability> unregisterTogether(List<String> models) {
        return joint.unregister(models);
    }

    /** Whether a version is in the way of another registration of it; one that could not be loaded is not. */
    private boolean stands(String model, String version) {
        return running.get(model, version)
                .filter(found -> found.failure().isEmpty() || found.hold() == Hold.LOADING)
                .isPresent();
    }

    private Edited edit(String model, UnaryOperator<Optional<ServedModel>> edit) {
        return changes.edit(model, ofModel(model, edit));
    }

    /** An edit of one model; empty stands for a model that is not there. */
    private static UnaryOperator<ServingState> ofModel(String model, UnaryOperator<Optional<ServedModel>> edit) {
        return now -> edit.apply(now.model(model))
                .map(changed -> now.with(model, changed))
                .orElseGet(() -> now.without(model));
    }

    /**
     * Goes from what runs to a whole other serving state: what a restore does. A version that cannot be loaded is kept in
     * the serving state as failed, and does not stop the rest. Takes no snapshot; changes that no snapshot holds yet are
     * {@linkplain ChangeLog#overtaken overtaken}.
     *
     * @return the versions that failed, as {@code model version: reason}
     */
    public List<String> reconcile(ServingState target, boolean atStartup) {
        unused.openingBegins();
        try {
            shared.bringFor(target);
            return FailedModels.described(changes.reconcile(target, atStartup ? Occasion.START : Occasion.ORDINARY));
        } finally {
            unused.openingEnds();
        }
    }

    /**
     * What {@link #restore} would do now, a line for each step, without doing it. Quick.
     *
     * @return empty if the host serves that state already
     */
    public List<String> planned(ServingState target) {
        return changes.plan(target).described(state(), target);
    }

    /**
     * Goes to a whole other serving state, as a change like any other. Everything that the steps load is loaded before
     * anything that runs is touched, so that old and new are in memory together; what does not differ goes on without a
     * failed request. No other change is made meanwhile. Archives that only the state before needed stay where they are, for
     * the way back.
     *
     * @return completes, never exceptionally, when it is durable or cannot be made so
     * @throws ServingException if a version cannot be loaded, and it is not one that could not be loaded before either;
     *     nothing has changed then
     */
    public CompletableFuture<Durability> restore(ServingState target) {
        unused.openingBegins();
        try {
            return changes.change(() -> changes.replace(target));
        } finally {
            unused.openingEnds();
        }
    }

    /** The versions that could not be loaded, as {@code model version: reason}. */
    public List<String> failures() {
        return failedModels.failures();
    }

    /** Puts the archives of loaded versions into the snapshot store that are not there yet; may take long. */
    public void shareArchives() {
        shared.shareOthers(changes, running);
    }

    /** The versions whose models have a state. */
    List<RunningVersion> stateful() {
        return saved.stateful();
    }

    /**
     * Takes note that a version's state was stored, and has a snapshot taken that refers to it.
     *
     * @param updates how many updates of the model the stored state holds at least
     * @return empty if the version has been taken out of service meanwhile
     */
    Optional<CompletableFuture<Durability>> learned(RunningVersion version, StateReference learned, long updates) {
        return saved.learned(version, learned, updates);
    }

    /**
     * Lets versions answer with what another host's have learned and stored. One that has learned something itself that is not
     * stored, is not loaded, or cannot take it up, stays as it is. The caller's thread loads them; nothing is saved for it.
     */
    public void takeUp(Map<ServingComparison.Key, StateReference> learned) {
        saved.takeUp(learned);
    }

    /**
     * Keeps a stored state of a model under an id; what was under it before is kept as the older generation.
     *
     * @throws ServingException if the id breaks its rule, or the version is not in service any more
     */
    RunningChange keep(RunningVersion version, String id, ModelSave save) {
        return saved.keep(version, id, save);
    }

    /**
     * Removes what was saved of a model under an id.
     *
     * @throws ServingException if there is nothing under it
     */
    public CompletableFuture<Durability> forget(String model, String id) {
        return saved.forget(model, id);
    }

    /**
     * Goes over to a state that was saved under an id. The version answers as before until the state is read whole and
     * checked; after an exception it is what it was.
     *
     * @param version empty for the default
     * @param generation 0 for the last one saved under the id, 1 for the one before it
     * @throws ServingException if there is no such model, version or save, or the state is damaged or not one for the model
     */
    public RunningChange load(String model, Optional<String> version, String id, int generation) {
        return saved.load(model, version, id, generation);
    }

    /**
     * Tries the versions again that could not be loaded; does nothing if there are none. Takes no snapshot.
     *
     * <p>Holds no lock while a model loads, so that every other change goes on meanwhile. A version that a change has
     * brought back, or taken away, by then is left as it is.
     */
    public void retryFailed() {
        failedModels.retryAll(Hold.NONE, Occasion.ORDINARY);
    }

    /**
     * Loads the versions that may have ended the host before, one after the other; to be called once, when all others
     * serve. What cannot be loaded is {@linkplain #failures failed}. Takes no snapshot.
     */
    public void loadSuspects() {
        failedModels.retryAll(Hold.UNTIL_OTHERS_SERVE, Occasion.SUSPECTS_TURN);
    }

    /**
     * Tries the versions of a model once more that could not be loaded, also those that ended the host; versions that are
     * loaded are left as they are. Takes no snapshot.
     *
     * @param version empty for all
     * @return the versions that are loaded now and were not
     * @throws ServingException if there is no such model or version, or one cannot be loaded still
     */
    public List<String> retry(String model, Optional<String> version) {
        return failedModels.retry(model, version);
    }

    /**
     * The file names of the archives in the model store, sorted.
     *
     * @throws ServingException if it cannot be read
     */
    public List<String> storedArchives() {
        return archives.list();
    }

    /** Whether a version was unloaded since this was asked last, so that the heap may hold memory that nobody needs. */
    public boolean hasUnloaded() {
        return reconciler.hasUnloaded();
    }

    /** Ends the running requests and unloads everything; the serving state stays as it is, and nothing changes any more. */
    @Override
    public void close() {
        changes.close(failedModels::close);
    }
}
