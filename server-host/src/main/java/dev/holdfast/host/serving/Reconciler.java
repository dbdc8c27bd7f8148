package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.crash.CrashRecord;
import dev.holdfast.host.crash.ModelFile;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What carries out a plan: the only way in which running models change.
 *
 * <p>The steps of one model are done one after the other, models side by side. The caller sees to it that no model is
 * worked on twice at the same time, but for loading, which changes nothing that runs.
 */
final class Reconciler {

    private static final Logger log = LoggerFactory.getLogger(Reconciler.class);

    /** At a start most of them wait for processes of workers; how much is loaded into this one at once is Loading's matter. */
    private static final int MOST_SIDE_BY_SIDE = 64;

    private final RunningModels running;
    private final Safeguards safeguards;
    private final Loading loading;
    private final ServingDefaults defaults;
    private final AtomicBoolean unloaded = new AtomicBoolean();

    Reconciler(
            RunningModels running,
            ModelLoader loader,
            Safeguards safeguards,
            StateRestorer states,
            ServingDefaults defaults,
            Set<StuckRun> stuckRuns,
            InferenceListener listener,
            Clock clock) {
        this.running = running;
        this.safeguards = safeguards;
        this.loading = new Loading(loader, safeguards, states, defaults, stuckRuns, listener, clock);
        this.defaults = defaults;
    }

    /**
     * Carries out the plan for one model; stops at the first step that fails, which throws and leaves that step undone.
     *
     * @param archives opens the archive of a version. Ownership passes here; it is closed when no longer needed
     */
    void apply(Plan plan, Function<ServedVersion, Archive> archives, Occasion occasion) {
        for (Action action : plan.actions()) {
            apply(action, archives, occasion);
        }
    }

    /**
     * Carries out as much of a plan as can be done: a version that cannot be loaded is kept as failed.
     *
     * @return the versions that failed
     */
    List<RunningVersion> applyAll(Plan plan, Function<ServedVersion, Archive> archives, Occasion occasion) {
        Map<String, List<Action>> byModel = new LinkedHashMap<>();
        plan.actions()
                .forEach(action -> byModel.computeIfAbsent(action.model(), model -> new ArrayList<>())
                        .add(action));
        List<RunningVersion> failed = new ArrayList<>();
        ExecutorService reconcilers = Executors.newFixedThreadPool(
                Math.max(1, Math.min(sideBySide(occasion), byModel.size())), task -> new Thread(task, "reconciler"));
        CrashRecord.Note planned = safeguards.crashes().planned(loads(plan));
        try {
            List<CompletableFuture<List<RunningVersion>>> results = new ArrayList<>();
            byModel.values()
                    .forEach(actions -> results.add(CompletableFuture.supplyAsync(
                            () -> applyTolerantly(actions, archives, occasion), reconcilers)));
            results.forEach(result -> failed.addAll(await(result)));
        } finally {
            reconcilers.shutdown();
            planned.close();
        }
        return failed;
    }

    /**
     * Carries out a plan as a whole, or not at all: everything is loaded before anything that runs is touched. A version that
     * could not be loaded before and cannot be loaded still stays failed, and is in nobody's way.
     *
     * @throws ServingException if another one cannot be loaded; it names all of them, and nothing has changed
     */
    void applyWhole(Plan plan, Function<ServedVersion, Archive> archives) {
        Map<Action.Loads, RunningVersion> loaded = new ConcurrentHashMap<>();
        try {
            Map<Action.Loads, ServingException> failed = loadAll(plan, archives, loaded);
            requireLoaded(failed);
            for (Action action : plan.actions()) {
                RunningVersion fresh = action instanceof Action.Loads ? loaded.remove(action) : null;
                if (fresh != null) {
                    putInPlace(fresh);
                    log.info("Model {} version {} loaded", fresh.model(), fresh.version());
                } else if (action instanceof Action.Loads load) {
                    keepAsFailed(load, load.state(), false, Objects.requireNonNull(failed.get(load)));
                } else {
                    apply(action, archives, Occasion.ORDINARY);
                }
            }
        } finally {
            // Those that were put in place are not in it any more.
            loaded.values().forEach(this::unload);
        }
    }

    /** @return why, of those that cannot be loaded */
    private Map<Action.Loads, ServingException> loadAll(
            Plan plan, Function<ServedVersion, Archive> archives, Map<Action.Loads, RunningVersion> loaded) {
        Map<Action.Loads, ServingException> failed = new ConcurrentHashMap<>();
        List<Action.Loads> loads = plan.actions().stream()
                .filter(Action.Loads.class::isInstance)
                .map(Action.Loads.class::cast)
                .toList();
        ExecutorService loaders = Executors.newFixedThreadPool(
                Math.max(1, Math.min(defaults.loadThreads(), loads.size())), task -> new Thread(task, "reconciler"));
        CrashRecord.Note planned = safeguards.crashes().planned(loads(plan));
        try {
            List<CompletableFuture<Void>> results = loads.stream()
                    .map(load -> CompletableFuture.runAsync(
                            () -> {
                                try {
                                    loaded.put(load, loading.load(load, archives, Occasion.ORDINARY));
                                } catch (ServingException e) {
                                    failed.put(load, e);
                                }
                            },
                            loaders))
                    .toList();
            results.forEach(Reconciler::await);
        } finally {
            loaders.shutdown();
            planned.close();
        }
        return failed;
    }

    private void requireLoaded(Map<Action.Loads, ServingException> failed) {
        List<Map.Entry<Action.Loads, ServingException>> news = failed.entrySet().stream()
                .filter(entry -> running.get(
                                entry.getKey().model(), entry.getKey().version())
                        .filter(found -> found.failure().isPresent()
                                && found.state().sameLoad(entry.getKey().state()))
                        .isEmpty())
                .sorted(Comparator.comparing(
                        entry -> entry.getKey().model() + " " + entry.getKey().version()))
                .toList();
        if (!news.isEmpty()) {
            throw new ServingException(
                    news.get(0).getValue().kind(),
                    "Nothing was changed, because "
                            + (news.size() == 1 ? "a model version" : news.size() + " model versions")
                            + " cannot be loaded: "
                            + news.stream()
                                    .map(entry -> entry.getKey().model() + " "
                                            + entry.getKey().version() + ": "
                                            + entry.getValue().getMessage())
                                    .collect(Collectors.joining("; ")));
        }
    }

    private int sideBySide(Occasion occasion) {
        return occasion == Occasion.START ? MOST_SIDE_BY_SIDE : defaults.loadThreads();
    }

    /** Also when interrupted: leaving now would release the locks while models still change. */
    private static <T> T await(CompletableFuture<T> result) {
        try {
            return result.join();
        } catch (CompletionException e) {
            throw new ServingException(
                    Kind.INTERNAL,
                    "Models could not be reconciled: " + OneLine.of(e.getCause() == null ? e : e.getCause()),
                    e);
        }
    }

    /** What is loaded side by side is written down at once: that costs one wait for the disk instead of one for each. */
    private static List<ModelFile> loads(Plan plan) {
        return plan.actions().stream()
                .filter(Action.Loads.class::isInstance)
                .map(Action.Loads.class::cast)
                .map(load -> new ModelFile(
                        load.model(),
                        load.version(),
                        load.state().archive(),
                        load.state().archiveSha256().orElse("")))
                .toList();
    }

    private List<RunningVersion> applyTolerantly(
            List<Action> actions, Function<ServedVersion, Archive> archives, Occasion occasion) {
        List<RunningVersion> failed = new ArrayList<>();
        boolean atStartup = occasion == Occasion.START;
        for (Action action : actions) {
            try {
                apply(action, archives, occasion);
            } catch (ServingException e) {
                if (action instanceof Action.Loads load) {
                    failed.add(keepAsFailed(load, load.state(), atStartup, e));
                } else {
                    log.error(
                            "Model {} is not as it should be, could not {}: {}",
                            action.model(),
                            action,
                            e.getMessage());
                }
            }
        }
        return failed;
    }

    /** Something else in its place, such as what it replaces, would answer what the serving state does not say. */
    private RunningVersion keepAsFailed(
            Action.Loads load, ServedVersion state, boolean atStartup, ServingException why) {
        String model = load.model();
        String version = load.version();
        String reason = String.valueOf(why.getMessage());
        Hold hold = why instanceof HeldBackException held ? held.hold() : Hold.NONE;
        RunningVersion failed = RunningVersion.failed(
                model, version, state, atStartup, reason, hold, () -> loading.engine(state.archive()));
        boolean known = running.get(model, version)
                .flatMap(RunningVersion::failure)
                .filter(reason::equals)
                .isPresent();
        if (hold == Hold.UNTIL_OTHERS_SERVE) {
            log.info("{}", reason);
        } else if (known) {
            log.debug("Model {} version {} still cannot be loaded: {}", model, version, reason);
        } else {
            log.error(
                    "Model {} version {} could not be loaded and stays registered as failed: {}",
                    model,
                    version,
                    reason);
            log.debug("Model {} version {} could not be loaded", model, version, why);
        }
        putInPlace(failed);
        return failed;
    }

    private void apply(Action action, Function<ServedVersion, Archive> archives, Occasion occasion) {
        if (action instanceof Action.Loads load) {
            load(load, archives, occasion);
            if (occasion == Occasion.START) {
                rest(load.model(), load.version());
            }
        } else if (action instanceof Action.LoadLater later) {
            putInPlace(RunningVersion.failed(
                    later.model(),
                    later.version(),
                    later.state(),
                    false,
                    "is being loaded; try again later",
                    Hold.LOADING,
                    () -> loading.engine(later.state().archive())));
        } else if (action instanceof Action.Scale scale) {
            if (require(scale.model(), scale.version()).isResting()
                    && scale.state().maxWorkers() > 0) {
                load(new Action.Load(scale.model(), scale.version(), scale.state()), archives, occasion);
            } else {
                require(scale.model(), scale.version()).scale(scale.state());
            }
            log.info(
                    "Model {} version {} scaled from {}..{} to {}..{} workers",
                    scale.model(),
                    scale.version(),
                    scale.fromMin(),
                    scale.fromMax(),
                    scale.state().minWorkers(),
                    scale.state().maxWorkers());
            rest(scale.model(), scale.version());
        } else if (action instanceof Action.SetDefault setDefault) {
            running.setDefault(setDefault.model(), setDefault.version());
            log.info("Model {} version {} is the default now", setDefault.model(), setDefault.version());
        } else if (action instanceof Action.Unload unload) {
            RunningVersion gone = require(unload.model(), unload.version());
            // First removed, so that no new request finds it; those that run are finished.
            running.remove(gone);
            if (unload(gone)) {
                log.info("Model {} version {} unloaded", unload.model(), unload.version());
            }
        }
    }

    private void load(Action.Loads load, Function<ServedVersion, Archive> archives, Occasion occasion) {
        putInPlace(loading.load(load, archives, occasion));
        log.info("Model {} version {} loaded", load.model(), load.version());
    }

    /** Gives the memory of a version back that is to have no workers; what still runs in it ends first, and nobody waits here. */
    private void rest(String model, String version) {
        RunningVersion before = require(model, version);
        before.resting().ifPresent(resting -> {
            before.replacedBy(resting);
            running.put(resting);
            unloaded.set(true);
            before.unload(Duration.ZERO);
            log.info("Model {} version {} has no workers, and its memory is given back until it has", model, version);
        });
    }

    /**
     * Carries out a plan that loads failed versions; what takes long is done before the version's lock is taken.
     *
     * @param ifUnchanged does something to the version while nothing else changes it, unless it was changed since the plan
     *     was made: gives false then
     * @throws ServingException if one cannot be loaded; it is failed with that reason then
     */
    void applyUnlocked(
            Plan plan,
            Function<ServedVersion, Archive> archives,
            Occasion occasion,
            Predicate<Consumer<ServedVersion>> ifUnchanged) {
        for (Action action : plan.actions()) {
            if (action instanceof Action.Load load) {
                recover(load, archives, occasion, ifUnchanged);
            } else {
                throw new IllegalArgumentException("Only loading needs no lock, not: " + action);
            }
        }
    }

    private void recover(
            Action.Load load,
            Function<ServedVersion, Archive> archives,
            Occasion occasion,
            Predicate<Consumer<ServedVersion>> ifUnchanged) {
        RunningVersion loaded;
        try {
            loaded = loading.load(load, archives, occasion);
        } catch (ServingException e) {
            boolean kept = ifUnchanged.test(wanted -> keepAsFailed(load, wanted, false, e));
            log.debug(
                    "Model {} version {} could not be loaded{}",
                    load.model(),
                    load.version(),
                    kept ? "" : ", and was changed meanwhile");
            throw e;
        }
        putInPlace(loaded, ifUnchanged);
    }

    /**
     * Loads a version beside the one that serves, and puts it in its place; what takes long is done before the version's lock is
     * taken.
     *
     * @param ifUnchanged as for {@link #applyUnlocked}
     * @return false if the version was changed meanwhile, and the new one is gone again
     * @throws ServingException if it cannot be loaded; the one that serves goes on
     */
    boolean replaceUnlocked(
            Action.Replace replace,
            Function<ServedVersion, Archive> archives,
            Predicate<Consumer<ServedVersion>> ifUnchanged) {
        return putInPlace(loading.load(replace, archives, Occasion.ORDINARY), ifUnchanged);
    }

    private boolean putInPlace(RunningVersion loaded, Predicate<Consumer<ServedVersion>> ifUnchanged) {
        boolean inPlace = false;
        try {
            inPlace = ifUnchanged.test(wanted -> {
                loaded.scale(wanted);
                putInPlace(loaded);
                log.info("Model {} version {} loaded", loaded.model(), loaded.version());
            });
        } finally {
            if (!inPlace) {
                unload(loaded);
            }
        }
        return inPlace;
    }

    private void putInPlace(RunningVersion version) {
        Optional<RunningVersion> before = running.get(version.model(), version.version());
        before.ifPresent(replaced -> replaced.replacedBy(version));
        running.put(version);
        before.ifPresent(this::unload);
    }

    private RunningVersion require(String model, String version) {
        return running.get(model, version)
                .orElseThrow(() -> new ServingException(
                        Kind.VERSION_NOT_FOUND, "Model version: " + version + " does not exist for model: " + model));
    }

    boolean hasUnloaded() {
        return unloaded.getAndSet(false);
    }

    /** False if something still runs in it, so that it stays where it is. */
    private boolean unload(RunningVersion version) {
        if (version.isLoaded()) {
            unloaded.set(true);
        }
        boolean gone = version.unload(defaults.unregisterTimeout());
        if (!gone) {
            log.warn(
                    "Model {} version {} is out of service, and something still runs in it; its memory stays until that ends",
                    version.model(),
                    version.version());
        }
        return gone;
    }
}
