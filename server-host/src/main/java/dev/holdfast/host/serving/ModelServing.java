package dev.holdfast.host.serving;

import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.archive.ArchiveException;
import dev.holdfast.host.archive.ModelStore;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
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
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");

    private final CurrentState state;
    private final ChangeLog changes;
    private final ModelStore store;
    private final ServingDefaults defaults;
    private final RunningModels running = new RunningModels();
    private final Reconciler reconciler;

    /** Shared by changes of single models, exclusive for a change of everything. */
    private final ReentrantReadWriteLock everything = new ReentrantReadWriteLock();

    private final ConcurrentMap<String, ReentrantLock> modelLocks = new ConcurrentHashMap<>();

    /**
     * @param state where the serving state is kept; only this class writes to it
     * @param changes where changes are made durable
     * @param loader loads an opened archive into memory
     */
    public ModelServing(
            CurrentState state,
            ChangeLog changes,
            ModelStore store,
            Function<Archive, LoadedModel> loader,
            ServingDefaults defaults,
            InferenceListener listener,
            Clock clock) {
        this.state = state;
        this.changes = changes;
        this.store = store;
        this.defaults = defaults;
        this.reconciler = new Reconciler(running, loader, defaults, listener, clock);
    }

    /**
     * A change that is running.
     *
     * @param model the model's name
     * @param version the version that was changed
     * @param state how that version is served now; of an unregistered one, how it was
     * @param durability completes, never exceptionally, when the change is durable or cannot be made so
     */
    public record Change(String model, String version, VersionState state, CompletableFuture<Durability> durability) {}

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

    /** Whether each model's default version has the workers that it should have. */
    public boolean healthy() {
        return state.get().models().keySet().stream()
                .allMatch(model -> running.versions(model).stream()
                        .filter(running::isDefault)
                        .allMatch(version -> version.status(true).healthy()));
    }

    /**
     * Registers a version of a model. The first version of a model becomes its default.
     *
     * @throws ServingException if the archive cannot be had, is damaged or cannot be loaded, the name or a number breaks
     *     its rule, or the version is there already; nothing has changed then, and nothing is left behind
     */
    public Change register(Registration registration) {
        return change(() -> {
            Archive archive = open(registration);
            boolean used = false;
            try {
                String model = checkName(
                        "Model name",
                        registration.modelName().orElse(archive.manifest().modelName()));
                String version = checkName("Model version", archive.manifest().modelVersion());
                VersionState wanted = wanted(registration, archive);
                Archive opened = archive;
                edit(model, current -> addVersion(model, version, wanted, current), ignored -> opened);
                used = true;
                return new Changed(model, version, wanted);
            } finally {
                if (!used) {
                    discard(archive);
                }
            }
        });
    }

    private Archive open(Registration registration) {
        try {
            Archive archive = store.open(registration.location());
            return registration
                    .handler()
                    .map(handler -> (Archive) new ArchiveWithHandler(archive, handler))
                    .orElse(archive);
        } catch (ArchiveException e) {
            throw new ServingException(Kind.BAD_ARCHIVE, String.valueOf(e.getMessage()), e);
        }
    }

    private void discard(Archive archive) {
        archive.close();
        boolean inUse = state.get().models().values().stream()
                .flatMap(model -> model.versions().values().stream())
                .anyMatch(version -> version.archive().equals(archive.fileName()));
        if (!inUse) {
            store.forget(archive.fileName());
        }
    }

    private static String checkName(String what, String name) {
        if (!NAME.matcher(name).matches() || name.equals(".") || name.equals("..") || name.equals("all")) {
            throw new ServingException(
                    Kind.BAD_REQUEST,
                    what + " '" + printable(name) + "' must match [A-Za-z0-9._-]{1,128} and be none of ., .., all.");
        }
        return name;
    }

    private static String printable(String value) {
        return (value.length() > 80 ? value.substring(0, 80) + "…" : value).replaceAll("\\p{Cntrl}", "?");
    }

    private VersionState wanted(Registration registration, Archive archive) {
        int workers = registration.initialWorkers().orElse(defaults.workers());
        return new VersionState(
                archive.fileName(),
                workers,
                workers,
                registration.batchSize().orElse(1),
                registration.maxBatchDelay().orElse(Duration.ofMillis(100)),
                registration.responseTimeout().orElse(defaults.responseTimeout()),
                registration.startupTimeout().orElse(defaults.startupTimeout()),
                registration
                        .runtimeType()
                        .or(() -> archive.manifest().runtime())
                        .orElse("python"),
                registration.handler(),
                registration.location().contains("://") ? Optional.of(registration.location()) : Optional.empty(),
                Optional.of(archive.sha256()));
    }

    private static Optional<ModelState> addVersion(
            String model, String version, VersionState wanted, Optional<ModelState> current) {
        if (current.isEmpty()) {
            return Optional.of(ModelState.of(version, wanted));
        }
        if (current.get().versions().containsKey(version)) {
            throw new ServingException(
                    Kind.CONFLICT, "Model version " + version + " is already registered for model " + model);
        }
        return Optional.of(current.get().with(version, wanted));
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
            ModelState after = edit(model, current -> {
                        ModelState now = require(model, current);
                        scaledVersion[0] = version.orElse(now.defaultVersion());
                        VersionState before = require(model, now, scaledVersion[0]);
                        return Optional.of(now.with(scaledVersion[0], before.withWorkers(min, max)));
                    })
                    .orElseThrow();
            return new Changed(model, scaledVersion[0], require(model, after, scaledVersion[0]));
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
            ModelState after = edit(model, current -> {
                        ModelState now = require(model, current);
                        require(model, now, version);
                        return Optional.of(now.withDefault(version));
                    })
                    .orElseThrow();
            return new Changed(model, version, require(model, after, version));
        });
    }

    /**
     * Takes a version out of service after its running requests have ended.
     *
     * @param version empty for the default
     * @throws ServingException if there is no such model or version, or it is the default of several
     */
    public Change unregister(String model, Optional<String> version) {
        return change(() -> {
            List<Changed> removed = new ArrayList<>();
            edit(model, current -> {
                ModelState now = require(model, current);
                String gone = version.orElse(now.defaultVersion());
                removed.add(new Changed(model, gone, require(model, now, gone)));
                if (now.versions().size() == 1) {
                    return Optional.empty();
                }
                if (gone.equals(now.defaultVersion())) {
                    throw new ServingException(
                            Kind.DEFAULT_VERSION, "Cannot remove default version for model " + model);
                }
                return Optional.of(now.without(gone));
            });
            Changed gone = removed.get(0);
            forgetArchive(gone.state().archive());
            return gone;
        });
    }

    private void forgetArchive(String fileName) {
        boolean inUse = state.get().models().values().stream()
                .flatMap(model -> model.versions().values().stream())
                .anyMatch(version -> version.archive().equals(fileName));
        if (!inUse) {
            store.forget(fileName);
        }
    }

    private static ModelState require(String model, Optional<ModelState> current) {
        return current.orElseThrow(() -> new ServingException(Kind.MODEL_NOT_FOUND, "Model not found: " + model));
    }

    private static VersionState require(String model, ModelState state, String version) {
        VersionState found = state.versions().get(version);
        if (found == null) {
            throw new ServingException(
                    Kind.VERSION_NOT_FOUND, "Model version: " + version + " does not exist for model: " + model);
        }
        return found;
    }

    private record Changed(String model, String version, VersionState state) {}

    private Change change(Supplier<Changed> apply) {
        changes.begin();
        Changed changed;
        try {
            changed = apply.get();
        } catch (RuntimeException | Error e) {
            changes.abandoned();
            throw e;
        }
        return new Change(changed.model(), changed.version(), changed.state(), changes.changed());
    }

    private Optional<ModelState> edit(String model, UnaryOperator<Optional<ModelState>> edit) {
        return edit(model, edit, this::openAgain);
    }

    /** Brings one model from what it is to what {@code edit} makes of it; empty stands for a model that is not there. */
    private Optional<ModelState> edit(
            String model, UnaryOperator<Optional<ModelState>> edit, Function<VersionState, Archive> archives) {
        everything.readLock().lock();
        ReentrantLock modelLock = modelLocks.computeIfAbsent(model, name -> new ReentrantLock(true));
        modelLock.lock();
        try {
            Optional<ModelState> before = state.get().model(model);
            Optional<ModelState> after = edit.apply(before);
            reconciler.apply(Plan.between(only(model, before), only(model, after)), archives);
            state.update(now -> after.map(changed -> now.with(model, changed)).orElseGet(() -> now.without(model)));
            return after;
        } finally {
            modelLock.unlock();
            everything.readLock().unlock();
        }
    }

    private static ServingState only(String model, Optional<ModelState> state) {
        return state.map(only -> ServingState.EMPTY.with(model, only)).orElse(ServingState.EMPTY);
    }

    private Archive openAgain(VersionState version) {
        Archive archive = store.open(version.archive());
        return version.handler()
                .map(handler -> (Archive) new ArchiveWithHandler(archive, handler))
                .orElse(archive);
    }

    /**
     * Goes from what runs to a whole other serving state: what a restore does. A version that cannot be loaded is kept in
     * the serving state as failed, and does not stop the rest. Takes no snapshot.
     *
     * @return the versions that failed, as {@code model version: reason}
     */
    public List<String> reconcile(ServingState target, boolean atStartup) {
        everything.writeLock().lock();
        try {
            Plan plan = Plan.between(running.observed(), target);
            plan.actions().forEach(action -> log.debug("Plan: {}", action));
            List<RunningVersion> failed = reconciler.applyAll(plan, this::openAgain, atStartup);
            state.update(before -> withArchiveDigests(target));
            return failed.stream()
                    .map(version -> version.model() + " " + version.version() + ": "
                            + version.status(false).failure().orElse(""))
                    .toList();
        } finally {
            everything.writeLock().unlock();
        }
    }

    /** The target with the SHA-256 of the archives that were loaded, which a foreign snapshot does not have. */
    private ServingState withArchiveDigests(ServingState target) {
        TreeMap<String, ModelState> models = new TreeMap<>(target.models());
        models.replaceAll((name, model) -> {
            TreeMap<String, VersionState> versions = new TreeMap<>(model.versions());
            versions.replaceAll((version, wanted) -> running.get(name, version)
                    .flatMap(found -> found.state().archiveSha256())
                    .map(wanted::withArchiveSha256)
                    .orElse(wanted));
            return new ModelState(versions, model.defaultVersion());
        });
        return ServingState.of(models);
    }

    /** Tries the versions again that could not be loaded; does nothing if there are none. */
    public void retryFailed() {
        boolean someFailed = state.get().models().keySet().stream()
                .anyMatch(model -> running.versions(model).stream().anyMatch(version -> !version.isLoaded()));
        if (someFailed) {
            reconcile(state.get(), false);
        }
    }

    /** Ends the running requests and unloads everything; the serving state stays as it is. */
    @Override
    public void close() {
        everything.writeLock().lock();
        try {
            reconciler.applyAll(Plan.between(running.observed(), ServingState.EMPTY), this::openAgain, false);
        } finally {
            everything.writeLock().unlock();
        }
    }
}
