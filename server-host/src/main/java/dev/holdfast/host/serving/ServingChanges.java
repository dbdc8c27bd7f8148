package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.state.StateReference;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one way in which what is served changes.
 *
 * <pre>
 *   target = edit(serving state) ─▶ plan ─▶ reconciler ─▶ serving state = target ─▶ change log
 * </pre>
 *
 * <p>Changes of one model follow one another; changes of different models go side by side. A change that fails leaves the
 * serving state, and what runs, as they were.
 */
final class ServingChanges {

    private static final Logger log = LoggerFactory.getLogger(ServingChanges.class);

    private final CurrentState state;
    private final ChangeLog changes;
    private final RunningModels running;
    private final Reconciler reconciler;
    private final Function<ServedVersion, Archive> archives;

    /** Shared by changes of single models, exclusive for a change of everything. */
    private final ReentrantReadWriteLock everything = new ReentrantReadWriteLock();

    private final ModelLocks modelLocks = new ModelLocks();
    /** Held by a change that expects a revision, so that no other one comes between its look and itself. */
    private final ReentrantLock expecting = new ReentrantLock();

    private boolean closed;

    /** @param archives opens the archive of a version that was registered before */
    ServingChanges(
            CurrentState state,
            ChangeLog changes,
            RunningModels running,
            Reconciler reconciler,
            Function<ServedVersion, Archive> archives) {
        this.state = state;
        this.changes = changes;
        this.running = running;
        this.reconciler = reconciler;
        this.archives = archives;
    }

    /** What a model was and is now, and what becomes of the change. */
    record Edited(Optional<ServedModel> before, Optional<ServedModel> after, CompletableFuture<Durability> durability) {

        RunningChange of(String model, String version) {
            return new RunningChange(
                    model, version, ModelEdits.require(model, after.orElseThrow(), version), durability);
        }
    }

    ServingState state() {
        return state.get();
    }

    /**
     * Says to the change log that a change begins, and that it came to nothing if {@code apply} throws.
     *
     * @param apply edits a model, or throws
     */
    <T> T change(Supplier<T> apply) {
        changes.begin();
        try {
            return apply.get();
        } catch (RuntimeException | Error e) {
            changes.abandoned();
            throw e;
        }
    }

    /** Says that the change that began came to nothing. */
    void abandoned() {
        changes.abandoned();
    }

    /** Does something while nobody else changes the model. */
    <T> T withModel(String model, Supplier<T> work) {
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

    /** Edits one model where the two states tell all that is to be done. */
    Edited edit(String model, UnaryOperator<ServingState> edit) {
        return edit(model, edit, Plan.Differences.NONE, archives, Occasion.ORDINARY);
    }

    /**
     * Notes where a version's archive is in the snapshot store, which changes nothing of what is served.
     *
     * @param save whether no snapshot has it yet
     */
    void archiveIsShared(String model, String version, StateReference archive, boolean save) {
        if (save) {
            change(() -> edit(model, now -> withShared(now, model, version, archive)));
        } else {
            withModel(model, () -> {
                state.update(now -> withShared(now, model, version, archive));
                return version;
            });
        }
    }

    /** The same state, if it has no such version of that archive any more. */
    private static ServingState withShared(ServingState state, String model, String version, StateReference archive) {
        return state.model(model)
                .map(some -> some.versions().get(version))
                .filter(wanted -> wanted.archiveSha256()
                        .equals(Optional.of(archive.format().fingerprint())))
                .map(wanted -> state.with(
                        model, state.model(model).orElseThrow().with(version, wanted.withShared(Optional.of(archive)))))
                .orElse(state);
    }

    /** Takes a version anew from its archive and stored state, also if it has those already. */
    Edited editAnew(String model, String version, UnaryOperator<ServingState> edit) {
        Plan.Differences anew = Plan.Differences.NONE.withAnew((name, some) -> some.equals(version));
        return edit(model, edit, anew, archives, Occasion.ORDINARY);
    }

    /**
     * Brings one model, and what was saved of it, from what they are to what {@code edit} makes of them.
     *
     * @param edit changes this model and its saves, no others; called once
     * @param differences what the plan cannot see from the two states
     * @param opener opens the archives of versions that are loaded
     */
    Edited edit(
            String model,
            UnaryOperator<ServingState> edit,
            Plan.Differences differences,
            Function<ServedVersion, Archive> opener,
            Occasion occasion) {
        return asExpected(() -> withModel(model, () -> {
            changes.requireExpected();
            ServingState before = state.get();
            ServingState target = edit.apply(before);
            // A state that was stored of a version that runs is in it: it must not be loaded anew at each save.
            Plan plan = Plan.between(
                    before.only(model),
                    target.only(model),
                    differences.withLearned((name, version) -> hasLearned(target, name, version)));
            reconciler.apply(plan, opener, occasion);
            state.update(now -> now.withModelOf(model, target));
            return new Edited(
                    before.model(model),
                    target.model(model),
                    hasLearnedMore(before.only(model), target.only(model))
                            ? changes.learned(model)
                            : changes.changed());
        }));
    }

    private <T> T asExpected(Supplier<T> change) {
        if (!changes.isExpecting()) {
            return change.get();
        }
        expecting.lock();
        try {
            return change.get();
        } finally {
            expecting.unlock();
        }
    }

    private static boolean hasLearnedMore(ServingState before, ServingState target) {
        return !ServingComparison.learned(before)
                .entrySet()
                .containsAll(ServingComparison.learned(target).entrySet());
    }

    private boolean hasLearned(ServingState target, String model, String version) {
        return target.model(model)
                .map(some -> some.versions().get(version))
                .flatMap(wanted -> running.get(model, version)
                        .filter(found -> found.state().learned().equals(wanted.learned())))
                .isPresent();
    }

    /**
     * Goes from what runs to a whole other serving state. A version that cannot be loaded is kept as failed.
     *
     * @return the versions that failed
     */
    List<RunningVersion> reconcile(ServingState target, Occasion occasion) {
        everything.writeLock().lock();
        try {
            refuseWhenClosed();
            Plan plan = plan(target);
            plan.actions().forEach(action -> log.debug("Plan: {}", action));
            List<RunningVersion> failed = reconciler.applyAll(plan, archives, occasion);
            state.update(before -> withArchiveDigests(target));
            changes.overtaken();
            return failed;
        } finally {
            everything.writeLock().unlock();
        }
    }

    /** The steps from what runs now to another serving state. Takes no lock, so a change may come before they are taken. */
    Plan plan(ServingState target) {
        return Plan.between(
                running.observed(),
                target,
                Plan.Differences.NONE
                        .withFailed((model, version) -> isNow(
                                model,
                                version,
                                found -> found.failure().isPresent()
                                        || (found.isResting() && hasWorkers(target, model, version))))
                        .withAnew((model, version) -> isNow(model, version, RunningVersion::isAhead)));
    }

    /**
     * Goes from what runs to a whole other serving state, or not at all, as a change that is to be made durable.
     *
     * @throws ServingException if a version cannot be loaded; then nothing has changed
     */
    CompletableFuture<Durability> replace(ServingState target) {
        return asExpected(() -> replaceNow(target));
    }

    private CompletableFuture<Durability> replaceNow(ServingState target) {
        everything.writeLock().lock();
        try {
            refuseWhenClosed();
            changes.requireExpected();
            reconciler.applyWhole(plan(target), archives);
            state.update(before -> withArchiveDigests(target));
            changes.overtakenByRestore();
            return changes.changed();
        } finally {
            everything.writeLock().unlock();
        }
    }

    private static boolean hasWorkers(ServingState target, String model, String version) {
        return target.model(model)
                .map(some -> some.versions().get(version))
                .filter(wanted -> wanted.maxWorkers() > 0)
                .isPresent();
    }

    private boolean isNow(String model, String version, Predicate<RunningVersion> test) {
        return running.get(model, version).filter(test).isPresent();
    }

    /**
     * Loads a version that could not be loaded before, and holds no lock meanwhile, so that every other change goes on. A
     * version that a change has brought back, or taken away, by then is left as it is.
     *
     * @throws ServingException if it cannot be loaded; it is failed with that reason then
     */
    void recover(RunningVersion failed, Occasion occasion) {
        reconciler.applyUnlocked(
                Plan.recovering(failed),
                archives,
                occasion,
                work -> unlessChanged(failed, wanted -> {
                    work.accept(wanted);
                    state.update(this::withArchiveDigests);
                }));
    }

    /**
     * Lets a version answer with what another host's has learned, unless it has learned something itself by the time that this
     * is loaded. That is no change to be saved: the other host has saved it.
     *
     * @return whether it does so now
     * @throws ServingException if that cannot be loaded; the version goes on with what it knows
     */
    boolean takeUp(RunningVersion version, StateReference learned) {
        return reconciler.replaceUnlocked(
                new Action.Replace(
                        version.model(), version.version(), version.state().withLearned(learned)),
                archives,
                work -> unlessChanged(version, now -> {
                    work.accept(now.withLearned(learned));
                    state.update(all -> all.with(
                            version.model(),
                            all.model(version.model()).orElseThrow().withLearned(version.version(), learned)));
                }));
    }

    /**
     * Does something to a version that was to be loaded anew, if it is the same one still, has learned nothing that is not stored,
     * and is wanted in the same way but for its workers.
     *
     * @return false if it is not
     */
    private boolean unlessChanged(RunningVersion before, Consumer<ServedVersion> work) {
        everything.readLock().lock();
        try {
            return !closed
                    && modelLocks.with(before.model(), () -> {
                        Optional<ServedVersion> same = state.get()
                                .model(before.model())
                                .map(model -> model.versions().get(before.version()))
                                .filter(before.state()::sameLoad)
                                .filter(wanted -> isNow(
                                        before.model(),
                                        before.version(),
                                        found -> found == before && !found.isAhead()));
                        same.ifPresent(work);
                        return same.isPresent();
                    });
        } finally {
            everything.readLock().unlock();
        }
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
     * Unloads everything; the serving state stays as it is, and nothing changes any more.
     *
     * @param first runs before that, when no change begins any more
     */
    void close(Runnable first) {
        everything.writeLock().lock();
        try {
            closed = true;
            first.run();
            reconciler.applyAll(Plan.between(running.observed(), ServingState.EMPTY), archives, Occasion.ORDINARY);
        } finally {
            everything.writeLock().unlock();
        }
    }
}
