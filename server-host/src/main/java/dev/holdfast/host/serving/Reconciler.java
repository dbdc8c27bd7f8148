package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What carries out a plan: the only way in which running models change.
 *
 * <p>The steps of one model are done one after the other, models side by side. The caller sees to it that no model is
 * worked on twice at the same time.
 */
final class Reconciler {

    private static final Logger log = LoggerFactory.getLogger(Reconciler.class);

    private final RunningModels running;
    private final Function<Archive, LoadedModel> loader;
    private final ServingDefaults defaults;
    private final InferenceListener listener;
    private final Clock clock;

    Reconciler(
            RunningModels running,
            Function<Archive, LoadedModel> loader,
            ServingDefaults defaults,
            InferenceListener listener,
            Clock clock) {
        this.running = running;
        this.loader = loader;
        this.defaults = defaults;
        this.listener = listener;
        this.clock = clock;
    }

    /**
     * Carries out the plan for one model; stops at the first step that fails, which throws and leaves that step undone.
     *
     * @param archives opens an archive by its name in the model store
     */
    void apply(Plan plan, Function<VersionState, Archive> archives) {
        for (Action action : plan.actions()) {
            apply(action, archives, false);
        }
    }

    /**
     * Carries out as much of a plan as can be done: a version that cannot be loaded is kept as failed, and the rest goes
     * on.
     *
     * @return the versions that failed
     */
    List<RunningVersion> applyAll(Plan plan, Function<VersionState, Archive> archives, boolean atStartup) {
        Map<String, List<Action>> byModel = new LinkedHashMap<>();
        plan.actions()
                .forEach(action -> byModel.computeIfAbsent(action.model(), model -> new ArrayList<>())
                        .add(action));
        List<RunningVersion> failed = new ArrayList<>();
        ExecutorService loaders = Executors.newFixedThreadPool(
                Math.max(1, Math.min(defaults.loadThreads(), byModel.size())),
                task -> new Thread(task, "model-loader"));
        try {
            List<Future<List<RunningVersion>>> results = new ArrayList<>();
            byModel.values()
                    .forEach(actions ->
                            results.add(loaders.submit(() -> applyTolerantly(actions, archives, atStartup))));
            for (Future<List<RunningVersion>> result : results) {
                failed.addAll(result.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServingException(Kind.INTERNAL, "Interrupted while models were loaded", e);
        } catch (ExecutionException e) {
            throw new ServingException(Kind.INTERNAL, "Models could not be reconciled: " + e.getCause(), e);
        } finally {
            loaders.shutdown();
        }
        return failed;
    }

    private List<RunningVersion> applyTolerantly(
            List<Action> actions, Function<VersionState, Archive> archives, boolean atStartup) {
        List<RunningVersion> failed = new ArrayList<>();
        for (Action action : actions) {
            try {
                apply(action, archives, atStartup);
            } catch (ServingException e) {
                if (!(action instanceof Action.Load load)) {
                    throw e;
                }
                log.error(
                        "Model {} version {} could not be loaded and stays registered as failed: {}",
                        load.model(),
                        load.version(),
                        e.getMessage());
                log.debug("Model {} version {} could not be loaded", load.model(), load.version(), e);
                RunningVersion version = RunningVersion.failed(load, atStartup, String.valueOf(e.getMessage()));
                running.put(version);
                failed.add(version);
            }
        }
        return failed;
    }

    private void apply(Action action, Function<VersionState, Archive> archives, boolean atStartup) {
        if (action instanceof Action.Load load) {
            running.put(load(load, archives, atStartup));
            log.info("Model {} version {} loaded", load.model(), load.version());
        } else if (action instanceof Action.Scale scale) {
            require(scale.model(), scale.version()).scale(scale.state());
        } else if (action instanceof Action.SetDefault setDefault) {
            running.setDefault(setDefault.model(), setDefault.version());
        } else if (action instanceof Action.Unload unload) {
            unload(require(unload.model(), unload.version()));
        }
    }

    private RunningVersion require(String model, String version) {
        return running.get(model, version)
                .orElseThrow(() -> new ServingException(
                        Kind.VERSION_NOT_FOUND, "Model version: " + version + " does not exist for model: " + model));
    }

    private RunningVersion load(Action.Load load, Function<VersionState, Archive> archives, boolean atStartup) {
        Archive archive;
        try {
            archive = archives.apply(load.state());
        } catch (ArchiveException e) {
            throw new ServingException(Kind.BAD_ARCHIVE, String.valueOf(e.getMessage()), e);
        }
        try {
            noteDifferences(load, archive);
            LoadedModel model = loader.apply(archive);
            VersionState state = load.state().withArchiveSha256(archive.sha256());
            WorkerPool workers = new WorkerPool(
                    load.model(), load.version(), state, model, defaults.jobQueueSize(), listener, clock);
            workers.scale(state);
            return RunningVersion.loaded(load, state, atStartup, archive, model, workers);
        } catch (RuntimeException | LinkageError e) {
            archive.close();
            throw e instanceof ServingException serving
                    ? serving
                    : new ServingException(Kind.BAD_ARCHIVE, String.valueOf(e.getMessage()), e);
        }
    }

    private static void noteDifferences(Action.Load load, Archive archive) {
        load.state()
                .archiveSha256()
                .filter(before -> !before.equals(archive.sha256()))
                .ifPresent(before -> log.warn(
                        "Archive {} of model {} version {} is not the one that was served before: its SHA-256 is {}, it was {}",
                        archive.fileName(),
                        load.model(),
                        load.version(),
                        archive.sha256(),
                        before));
        if (!archive.manifest().modelVersion().equals(load.version())) {
            log.warn(
                    "Archive {} says it is version {}; it is served as version {} of model {}, as it was registered",
                    archive.fileName(),
                    archive.manifest().modelVersion(),
                    load.version(),
                    load.model());
        }
    }

    private void unload(RunningVersion version) {
        // Out of sight first: requests that come from now on find nothing, those that run end in peace.
        running.remove(version);
        if (!version.unload(defaults.unregisterTimeout())) {
            log.warn(
                    "Model {} version {} still had running requests after {} s and was left to end by itself",
                    version.model(),
                    version.version(),
                    defaults.unregisterTimeout().toSeconds());
        }
    }
}
