package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.api.ChangeResult.Progress;
import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.serving.InferenceStatistics;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.Registration;
import dev.holdfast.host.serving.RunningChange;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.workflow.Workflows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Which models are served: registering, describing, scaling, choosing the default, unregistering. A change returns when it is
 * durable. Safe for use by several threads.
 */
public final class ModelOperations {

    private final ModelServing serving;
    private final Snapshots snapshots;
    private final DurableChanges changes;
    private final boolean mayRegister;

    ModelOperations(ModelServing serving, Snapshots snapshots, DurableChanges changes, boolean mayRegister) {
        this.serving = serving;
        this.snapshots = snapshots;
        this.changes = changes;
        this.mayRegister = mayRegister;
    }

    /**
     * Some of the models, in the order of their names.
     *
     * @param next where the next page begins; empty on the last one
     */
    public record ModelPage(List<ListedModel> models, OptionalInt next) {}

    /**
     * A model in a list.
     *
     * @param url of its default version's archive, if that one is there
     */
    public record ListedModel(String name, Optional<String> url) {}

    /**
     * How versions of a model are served.
     *
     * @param lastSnapshot the name of the host's last one
     */
    public record Described(List<VersionStatus> versions, Optional<String> lastSnapshot) {}

    /** Says from which address the changes come that this thread asks for from now on; empty when the call has ended. */
    public void callFrom(Optional<String> caller) {
        serving.callFrom(caller);
    }

    /**
     * Says of which revision the newest snapshot has to be for the change that this thread asks for from now on, and for nothing to
     * have changed since.
     *
     * @param revision empty for any, and when the call has ended
     * @throws ServingException of kind PRECONDITION if it is another one already
     */
    public void expect(OptionalLong revision) {
        serving.expect(revision);
    }

    /** Of the newest snapshot that holds what is served, for {@link #expect}; to be asked before what is served is. */
    public long revision() {
        return snapshots.status().revision();
    }

    public ModelPage list(int start, int limit) {
        List<Map.Entry<String, ServedModel>> all =
                new ArrayList<>(serving.state().models().entrySet());
        // Those of workflows are listed with these, as with TorchServe.
        Set<String> workflows = WorkflowNames.of(serving.state());
        all.removeIf(entry -> workflows.stream().anyMatch(name -> Workflows.isOf(name, entry.getKey())));
        int end = Math.min(all.size(), start + limit);
        return new ModelPage(
                start >= end
                        ? List.of()
                        : all.subList(start, end).stream()
                                .map(entry -> listed(entry.getKey(), entry.getValue()))
                                .toList(),
                end < all.size() && start < all.size() ? OptionalInt.of(end) : OptionalInt.empty());
    }

    private static ListedModel listed(String name, ServedModel model) {
        return new ListedModel(
                name,
                Optional.ofNullable(model.versions().get(model.defaultVersion()))
                        .map(version -> version.url().orElse(version.archive())));
    }

    private void requireNoNode(String model, String cure) {
        WorkflowNames.ofModel(model, serving.state()).ifPresent(workflow -> {
            throw new ApiFailure(
                    Kind.CONFLICT,
                    "Model " + model + " is a part of workflow " + workflow + ", which needs it as it is; " + cure
                            + ".");
        });
    }

    /** @throws ApiFailure of kind SWITCHED_OFF if models may be neither registered nor unregistered */
    public void requireRegistering() {
        if (!mayRegister) {
            throw new ApiFailure(
                    Kind.SWITCHED_OFF,
                    "Registering and unregistering models is switched off; set enable_model_api=true to allow it.");
        }
    }

    /**
     * Registers a version of a model; the first one becomes its default.
     *
     * @param wait whether to return only when the model's workers run
     */
    public ChangeResult register(Registration registration, boolean wait) {
        requireRegistering();
        registration.modelName().ifPresent(name -> requireNoNode(name, "choose another name"));
        return registerAny(registration, wait);
    }

    /** The same of a node of a workflow, too. */
    ChangeResult registerAny(Registration registration, boolean wait) {
        RunningChange change = wait ? serving.register(registration) : serving.registerLater(registration);
        int workers = change.state().minWorkers();
        if (!wait && workers > 0) {
            return later(change);
        }
        String registered =
                "Model \"" + change.model() + "\" Version: " + change.version() + " registered with " + workers;
        return changes.done(
                workers > 0
                        ? registered + " initial workers"
                        : registered + " initial workers. Use scale workers API to add workers for the model.",
                change.durability());
    }

    private ChangeResult later(RunningChange change) {
        return changes.changed(Progress.WORKERS_START_LATER, "Processing worker updates...", change.durability());
    }

    /**
     * Changes the number of a version's workers.
     *
     * @param version that of the model's default if empty
     * @param wait whether to return only when they run
     */
    public ChangeResult scale(String model, Optional<String> version, int min, int max, boolean wait) {
        RunningChange change = serving.scale(model, version, min, max, wait);
        if (!wait) {
            return later(change);
        }
        // Counted before the store is waited for, as the answer is about what this call did.
        long running = serving.describe(model, Optional.of(change.version())).workers().stream()
                .filter(VersionStatus.WorkerStatus::isReady)
                .count();
        return running < min
                ? changes.changed(
                        Progress.WORKERS_STILL_STARTING, "Workers scaling in progress...", change.durability())
                : changes.done(
                        "Workers scaled to " + running + " for model: " + model
                                + version.map(given -> ", version: " + given).orElse(""),
                        change.durability());
    }

    public ChangeResult setDefault(String model, String version) {
        return changes.done(
                "Default version successfully updated for model \"" + model + "\" to \"" + version + "\"",
                serving.setDefault(model, version).durability());
    }

    /** Removes a version of a model, and the model with its last one. */
    public ChangeResult unregister(String model, Optional<String> version) {
        requireRegistering();
        requireNoNode(model, "unregister the workflow");
        return unregisterAny(model, version);
    }

    /** The same of a node of a workflow, too. */
    ChangeResult unregisterAny(String model, Optional<String> version) {
        RunningChange change = serving.unregister(model, version);
        return changes.done("Model \"" + change.model() + "\" unregistered", change.durability());
    }

    /**
     * Loads again what could not be loaded. Changes nothing of what is to be served, so that there is nothing to be made durable.
     *
     * @return the versions that are loaded now and were not
     */
    public List<String> retry(String model, Optional<String> version) {
        return serving.retry(model, version);
    }

    /** One version; that of the model's default if none is given. */
    public Described describe(String model, Optional<String> version) {
        return described(List.of(status(model, version)));
    }

    public Described describeAll(String model) {
        return described(statuses(model));
    }

    private Described described(List<VersionStatus> versions) {
        return new Described(versions, snapshots.status().lastSnapshot());
    }

    /** One version; that of the model's default if none is given. */
    public VersionStatus status(String model, Optional<String> version) {
        return serving.describe(model, version);
    }

    /** All versions of one model. */
    public List<VersionStatus> statuses(String model) {
        return serving.describeAll(model);
    }

    /** All versions of all models. */
    public List<VersionStatus> statuses() {
        return serving.state().models().keySet().stream()
                .flatMap(model -> statusesIfThere(model).stream())
                .toList();
    }

    private List<VersionStatus> statusesIfThere(String model) {
        try {
            return serving.describeAll(model);
        } catch (ServingException e) {
            // It was unregistered since the names were listed.
            return List.of();
        }
    }

    /**
     * What a version has done since this process serves it.
     */
    public record Done(String model, String version, InferenceStatistics statistics) {}

    /**
     * What versions have done: the given one, or all of the model, or of all models where none is given.
     *
     * @throws ServingException if there is no such model or version
     */
    public List<Done> done(Optional<String> model, Optional<String> version) {
        List<VersionStatus> versions = model.isEmpty()
                ? statuses()
                : version.isEmpty() ? statuses(model.get()) : List.of(status(model.get(), version));
        return versions.stream()
                .map(some -> new Done(some.model(), some.version(), serving.statistics(some.model(), some.version())))
                .toList();
    }

    /** How many models are to be served. */
    public int count() {
        return serving.state().models().size();
    }

    /** Whether a version can answer: it is loaded, has workers, and the host goes on. */
    public boolean isReady(VersionStatus status) {
        return hasWorkers(status) && !serving.isStopping();
    }

    /** Whether a version is loaded and has workers. */
    public static boolean hasWorkers(VersionStatus status) {
        return status.healthy() && status.workers().stream().anyMatch(VersionStatus.WorkerStatus::isReady);
    }
}
