package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveManifest;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

    private static final Logger log = LoggerFactory.getLogger(ModelServing.class);

    private final CurrentState state;
    private final ChangeLog changes;
    private final Archives archives;
    private final RegistrationRules rules;
    private final ServingDefaults defaults;
    private final RunningModels running = new RunningModels();
    private final StuckRuns stuckRuns = new StuckRuns();
    private final Reconciler reconciler;
    private final Safeguards safeguards;

    /** Loads what was registered by calls that do not wait. */
    private final ExecutorService later;

    /** Shared by changes of single models, exclusive for a change of everything. */
    private final ReentrantReadWriteLock everything = new ReentrantReadWriteLock();

    private final ModelLocks modelLocks = new ModelLocks();
    private final UnusedArchives unused;
    private boolean closed;
    private volatile boolean stopping;

    /**
     * @param state where the serving state is kept; only this class writes to it
     * @param changes where changes are made durable
     * @param loader loads an opened archive into memory
     * @param safeguards what is looked at before, and noted meanwhile
     */
    public ModelServing(
            CurrentState state,
            ChangeLog changes,
            ModelStore store,
            Function<Archive, LoadedModel> loader,
            Safeguards safeguards,
            StateRestorer states,
            ServingDefaults defaults,
            InferenceListener listener,
            Clock clock) {
        this.state = state;
        this.changes = changes;
        this.archives = new Archives(store);
        this.rules = new RegistrationRules(defaults);
        this.defaults = defaults;
        this.safeguards = safeguards;
        this.later = Executors.newFixedThreadPool(Math.max(1, defaults.loadThreads()), task -> {
            Thread thread = new Thread(task, "later");
            thread.setDaemon(true);
            return thread;
        });
        this.unused = new UnusedArchives(store, state);
        this.reconciler = new Reconciler(running, loader, safeguards, states, defaults, stuckRuns, listener, clock);
    }

    /**
     * A change that is running.
     *
     * @param model the model's name
     * @param version the version that was changed
     * @param state how that version is served now; of an unregistered one, how it was
     * @param durability completes, never exceptionally, when the change is durable or cannot be made so
     */
    public record Change(String model, String version, ServedVersion state, CompletableFuture<Durability> durability) {

        /** The same, whose durability completes after {@code done} was told of it. */
        private Change andThen(Consumer<Durability> done) {
            return new Change(model, version, state, durability.thenApply(known -> {
                done.accept(known);
                return known;
            }));
        }
    }

    /** Says from where the changes come that this thread asks for from now on; empty when the call has ended. */
    public void callFrom(Optional<String> caller) {
        changes.callFrom(caller);
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
        return stuckRuns.all();
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
     * Registers a version of a model. The first version of a model becomes its default.
     *
     * @throws ServingException if the archive cannot be had, is damaged or cannot be loaded, the name or a number breaks
     *     its rule, or the version is there already; nothing has changed then, and nothing is left behind
     */
    public Change register(Registration registration) {
        return register(registration, true);
    }

    /**
     * Registers a version of a model and does not wait until it is loaded: it is in the serving state at once, and answers
     * when it is loaded. If it cannot be loaded it is kept as failed.
     *
     * @throws ServingException if the archive cannot be had or is damaged, the name or a number breaks its rule, or the
     *     version is there already; nothing has changed then, and nothing is left behind
     */
    public Change registerLater(Registration registration) {
        return register(registration, false);
    }

    private Change register(Registration registration, boolean wait) {
        rules.check(registration, state());
        Change registered = change(() -> {
            unused.openingBegins();
            try {
                return register(registration, archives.open(registration), wait);
            } finally {
                unused.openingEnds();
            }
        });
        return registered.andThen(durability -> {
            // Then nothing knows of it, and it must not be in the way of the next try.
            if (durability.kind() == Durability.Kind.UNDONE) {
                unused.mayBeUnused(registered.state().archive());
            }
        });
    }

    private Change register(Registration registration, Archive archive, boolean wait) {
        boolean[] handedOver = new boolean[1];
        boolean registered = false;
        try {
            ArchiveManifest manifest = archive.manifest();
            String model = RegistrationRules.checkName(
                    "Model name", registration.modelName().orElse(manifest.modelName()));
            String version = RegistrationRules.checkName("Model version", manifest.modelVersion());
            ServedVersion wanted = rules.wanted(
                    registration, archive.fileName(), manifest.runtime().orElse("python"), archive.sha256());
            UnaryOperator<Optional<ServedModel>> add =
                    current -> ModelEdits.add(model, version, wanted, current, stands(model, version));
            Edited edited = wait
                    ? edit(
                            model,
                            add,
                            ignored -> {
                                handedOver[0] = true;
                                return archive;
                            },
                            Occasion.OPERATORS_CALL,
                            version::equals)
                    : loadLater(model, version, wanted, add);
            registered = true;
            return new Change(model, version, wanted, edited.durability());
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
    public Change scale(String model, Optional<String> version, int min, int max, boolean wait) {
        Change scaled = change(() -> {
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
    public Change setDefault(String model, String version) {
        return change(() -> {
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
    public Change unregister(String model, Optional<String> version) {
        Change unregistered = change(() -> {
            String[] removed = new String[1];
            Edited edited = edit(model, current -> {
                ServedModel now = ModelEdits.require(model, current);
                removed[0] = version.orElse(now.defaultVersion());
                ModelEdits.require(model, now, removed[0]);
                return ModelEdits.remove(model, removed[0], now);
            });
            safeguards.crashes().unregistered(model, removed[0]);
            return new Change(
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

    /** What a model was and is now, and what becomes of the change. */
    private record Edited(
            Optional<ServedModel> before, Optional<ServedModel> after, CompletableFuture<Durability> durability) {

        Change of(String model, String version) {
            return new Change(model, version, ModelEdits.require(model, after.orElseThrow(), version), durability);
        }
    }

    /** @param apply tells the change log of the change, or throws */
    private <T> T change(Supplier<T> apply) {
        changes.begin();
        try {
            return apply.get();
        } catch (RuntimeException | Error e) {
            changes.abandoned();
            throw e;
        }
    }

    private Edited loadLater(
            String model, String version, ServedVersion wanted, UnaryOperator<Optional<ServedModel>> add) {
        RunningVersion waiting =
                RunningVersion.failed(model, version, wanted, false, "is being loaded; try again later", Hold.LOADING);
        Edited edited = withModel(model, () -> {
            Optional<ServedModel> before = state.get().model(model);
            ServedModel after = add.apply(before).orElseThrow();
            reconciler.putInPlace(waiting);
            state.update(now -> now.with(model, after));
            return new Edited(before, Optional.of(after), changes.changed());
        });
        later.execute(() -> {
            try {
                retry(waiting, Occasion.OPERATORS_CALL);
            } catch (ServingException e) {
                log.debug("Model {} version {} could not be loaded", model, version, e);
            }
        });
        return edited;
    }

    /** Whether a version is in the way of another registration of it; one that could not be loaded is not. */
    private boolean stands(String model, String version) {
        return running.get(model, version)
                .filter(found -> found.isLoaded() || found.hold() == Hold.LOADING)
                .isPresent();
    }

    private Edited edit(String model, UnaryOperator<Optional<ServedModel>> edit) {
        return edit(model, edit, archives::openAgain, Occasion.ORDINARY, version -> false);
    }

    /**
     * Brings one model from what it is to what {@code edit} makes of it; empty stands for a model that is not there.
     *
     * @param reloaded which of its versions are loaded anew, although they are there
     */
    private Edited edit(
            String model,
            UnaryOperator<Optional<ServedModel>> edit,
            Function<ServedVersion, Archive> opener,
            Occasion occasion,
            Predicate<String> reloaded) {
        return withModel(model, () -> {
            Optional<ServedModel> before = state.get().model(model);
            Optional<ServedModel> after = edit.apply(before);
            reconciler.apply(
                    Plan.between(
                            only(model, before),
                            only(model, after),
                            (name, version) -> reloaded.test(version),
                            (name, version) -> false),
                    opener,
                    occasion);
            state.update(now -> after.map(changed -> now.with(model, changed)).orElseGet(() -> now.without(model)));
            return new Edited(before, after, changes.changed());
        });
    }

    /** Changes one model. Who tells the change log does so in here, where nothing overtakes the change. */
    private <T> T withModel(String model, Supplier<T> work) {
        everything.readLock().lock();
        try {
            refuseWhenClosed();
            return modelLocks.with(model, work);
        } finally {
            everything.readLock().unlock();
        }
    }

    private void refuseWhenClosed() {
        if (closed) {
            throw new ServingException(Kind.UNAVAILABLE, "This host is stopping.");
        }
    }

    private static ServingState only(String model, Optional<ServedModel> state) {
        return state.map(only -> ServingState.EMPTY.with(model, only)).orElse(ServingState.EMPTY);
    }

    /**
     * Goes from what runs to a whole other serving state: what a restore does. A version that cannot be loaded is kept in
     * the serving state as failed, and does not stop the rest. Takes no snapshot; changes that no snapshot holds yet are
     * {@linkplain ChangeLog#overtaken overtaken}.
     *
     * @return the versions that failed, as {@code model version: reason}
     */
    public List<String> reconcile(ServingState target, boolean atStartup) {
        everything.writeLock().lock();
        try {
            refuseWhenClosed();
            unused.openingBegins();
            List<RunningVersion> failed;
            try {
                Plan plan = Plan.between(running.observed(), target, this::isFailed, this::isAhead);
                plan.actions().forEach(action -> log.debug("Plan: {}", action));
                failed = reconciler.applyAll(plan, archives::openAgain, atStartup ? Occasion.START : Occasion.ORDINARY);
                state.update(before -> withArchiveDigests(target));
                changes.overtaken();
            } finally {
                unused.openingEnds();
            }
            return told(failed);
        } finally {
            everything.writeLock().unlock();
        }
    }

    private static List<String> told(List<RunningVersion> failed) {
        return failed.stream()
                .map(version -> version.model() + " " + version.version() + ": "
                        + version.failure().orElse(""))
                .toList();
    }

    /** The versions that could not be loaded, as {@code model version: reason}. */
    public List<String> failures() {
        return told(running.failed());
    }

    private boolean isFailed(String model, String version) {
        return running.get(model, version).filter(found -> !found.isLoaded()).isPresent();
    }

    private boolean isAhead(String model, String version) {
        return running.get(model, version).filter(RunningVersion::isAhead).isPresent();
    }

    /** The versions whose models have a state. */
    List<RunningVersion> stateful() {
        return running.all().stream()
                .filter(version -> version.stateful().isPresent())
                .toList();
    }

    /**
     * Takes note that a version's state was stored, and has a snapshot taken that refers to it.
     *
     * @param updates how many updates of the model the stored state holds at least
     * @return empty if the version has been taken out of service meanwhile
     */
    Optional<CompletableFuture<Durability>> learned(RunningVersion version, StateReference learned, long updates) {
        return change(() -> withModel(version.model(), () -> {
            if (!isInService(version)) {
                changes.abandoned();
                return Optional.<CompletableFuture<Durability>>empty();
            }
            version.stored(learned, updates);
            state.update(now -> now.with(
                    version.model(), now.model(version.model()).orElseThrow().withLearned(version.version(), learned)));
            return Optional.of(changes.changed());
        }));
    }

    private boolean isInService(RunningVersion version) {
        return running.get(version.model(), version.version())
                .filter(found -> found == version)
                .isPresent();
    }

    /**
     * Keeps a stored state of a model under an id; what was under it before is kept as the older generation.
     *
     * @throws ServingException if the id breaks its rule, or the version is not in service any more
     */
    Change keep(RunningVersion version, String id, ModelSave save) {
        String model = version.model();
        return change(() -> withModel(model, () -> {
            if (!isInService(version)) {
                throw new ServingException(
                        Kind.UNAVAILABLE,
                        "Model \"" + model + "\" version \"" + version.version()
                                + "\" was replaced or taken out of service while its state was saved; nothing was kept"
                                + " as \"" + id + "\". Try again.");
            }
            state.update(now -> now.withSave(model, ModelSave.checkId(id), save));
            return new Change(model, save.version(), version.state(), changes.changed());
        }));
    }

    /**
     * Removes what was saved of a model under an id.
     *
     * @throws ServingException if there is nothing under it
     */
    public CompletableFuture<Durability> forget(String model, String id) {
        return change(() -> withModel(model, () -> {
            requireSaves(model, id);
            state.update(now -> now.withoutSave(model, id));
            return changes.changed();
        }));
    }

    /**
     * Goes over to a state that was saved under an id. The version answers as before until the state is read whole and
     * checked; after an exception it is what it was.
     *
     * @param version empty for the default
     * @param generation 0 for the last one saved under the id, 1 for the one before it
     * @throws ServingException if there is no such model, version or save, or the state is damaged or not one for the model
     */
    public Change load(String model, Optional<String> version, String id, int generation) {
        return change(() -> withModel(model, () -> {
            ServedModel before = ModelEdits.require(model, state.get().model(model));
            String loaded = version.orElse(before.defaultVersion());
            ServedVersion now = ModelEdits.require(model, before, loaded);
            List<ModelSave> generations = requireSaves(model, id);
            if (generation < 0 || generation >= generations.size()) {
                throw new ServingException(
                        Kind.BAD_REQUEST,
                        "Save \"" + id + "\" of model \"" + model + "\" has the generations 0 to "
                                + (generations.size() - 1) + ", not " + generation + ".");
            }
            ServedVersion then = now.withLearned(generations.get(generation).state());
            reconciler.apply(
                    new Plan(List.of(new Action.Replace(model, loaded, then))), archives::openAgain, Occasion.ORDINARY);
            state.update(all -> all.with(model, before.with(loaded, then)));
            return new Change(model, loaded, then, changes.changed());
        }));
    }

    private List<ModelSave> requireSaves(String model, String id) {
        List<ModelSave> generations = state.get().savesOf(model).get(id);
        if (generations == null) {
            throw new ServingException(
                    Kind.SAVE_NOT_FOUND,
                    "Nothing was saved of model \"" + model + "\" as \"" + OneLine.name(id) + "\".");
        }
        return generations;
    }

    /**
     * The target with the SHA-256 of archives that were loaded where it has none, as a foreign snapshot. One that it has
     * stays: that a host found another archive changes nothing of what is to be served.
     */
    private ServingState withArchiveDigests(ServingState target) {
        TreeMap<String, ServedModel> models = new TreeMap<>(target.models());
        models.replaceAll((name, model) -> {
            TreeMap<String, ServedVersion> versions = new TreeMap<>(model.versions());
            versions.replaceAll((version, wanted) -> running.get(name, version)
                    .flatMap(found -> found.state().archiveSha256())
                    .filter(found -> wanted.archiveSha256().isEmpty())
                    .map(wanted::withArchiveSha256)
                    .orElse(wanted));
            return new ServedModel(versions, model.defaultVersion());
        });
        return target.withModels(models);
    }

    /**
     * Tries the versions again that could not be loaded; does nothing if there are none. Takes no snapshot.
     *
     * <p>Holds no lock while a model loads, so that every other change goes on meanwhile. A version that a change has
     * brought back, or taken away, by then is left as it is.
     */
    public void retryFailed() {
        retry(Hold.NONE, Occasion.ORDINARY);
    }

    /**
     * Loads the versions that may have ended the host before, one after the other; to be called once, when all others
     * serve. What cannot be loaded is {@linkplain #failures failed}. Takes no snapshot.
     */
    public void loadSuspects() {
        retry(Hold.UNTIL_OTHERS_SERVE, Occasion.SUSPECTS_TURN);
    }

    private void retry(Hold hold, Occasion occasion) {
        running.failed().stream().filter(failed -> failed.hold() == hold).forEach(failed -> {
            try {
                retry(failed, occasion);
            } catch (ServingException e) {
                log.debug("Model {} version {} could not be loaded again", failed.model(), failed.version(), e);
            }
        });
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
        running.find(model, version);
        List<String> loaded = new ArrayList<>();
        for (RunningVersion found : List.copyOf(running.versions(model))) {
            boolean wanted = version.isEmpty() || version.get().equals(found.version());
            if (wanted && !found.isLoaded() && found.hold() != Hold.LOADING) {
                retry(found, Occasion.OPERATORS_CALL);
                loaded.add(found.version());
            }
        }
        return loaded;
    }

    /** @throws ServingException if it cannot be loaded; it is failed with that reason then */
    private void retry(RunningVersion failed, Occasion occasion) {
        unused.openingBegins();
        try {
            RunningVersion loaded;
            try {
                loaded = reconciler.load(
                        failed.model(), failed.version(), failed.state(), archives::openAgain, occasion);
            } catch (ServingException e) {
                unlessChanged(failed, wanted -> {
                    reconciler.keepAsFailed(failed.model(), failed.version(), wanted, false, e);
                    return true;
                });
                throw e;
            }
            putInPlace(failed, loaded);
        } finally {
            unused.openingEnds();
        }
    }

    private void putInPlace(RunningVersion failed, RunningVersion loaded) {
        boolean inPlace = false;
        try {
            inPlace = unlessChanged(failed, wanted -> {
                loaded.scale(wanted);
                reconciler.putInPlace(loaded);
                state.update(this::withArchiveDigests);
                log.info("Model {} version {} loaded", loaded.model(), loaded.version());
                return true;
            });
        } finally {
            if (!inPlace) {
                reconciler.unload(loaded);
            }
        }
    }

    /**
     * Does something to a version that could not be loaded, if it is the same one still and is wanted in the same way but
     * for its workers.
     *
     * @return false if it is not
     */
    private boolean unlessChanged(RunningVersion failed, Predicate<ServedVersion> work) {
        everything.readLock().lock();
        try {
            return !closed
                    && modelLocks.with(
                            failed.model(),
                            () -> state.get()
                                    .model(failed.model())
                                    .map(model -> model.versions().get(failed.version()))
                                    .filter(failed.state()::sameLoad)
                                    .filter(wanted -> running.get(failed.model(), failed.version())
                                            .filter(found -> found == failed)
                                            .isPresent())
                                    .filter(work)
                                    .isPresent());
        } finally {
            everything.readLock().unlock();
        }
    }

    /** Whether a version was unloaded since this was asked last, so that the heap may hold memory that nobody needs. */
    public boolean hasUnloaded() {
        return reconciler.hasUnloaded();
    }

    /** Ends the running requests and unloads everything; the serving state stays as it is, and nothing changes any more. */
    @Override
    public void close() {
        everything.writeLock().lock();
        try {
            closed = true;
            later.shutdownNow();
            reconciler.applyAll(
                    Plan.between(running.observed(), ServingState.EMPTY), archives::openAgain, Occasion.ORDINARY);
        } finally {
            everything.writeLock().unlock();
        }
    }
}
