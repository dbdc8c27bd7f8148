package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.Registration;
import dev.holdfast.host.serving.RunningVersion;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.workflow.WorkflowModel;
import dev.holdfast.host.workflow.WorkflowNode;
import dev.holdfast.host.workflow.WorkflowRun;
import dev.holdfast.host.workflow.WorkflowRuntime;
import dev.holdfast.host.workflow.WorkflowSpec;
import dev.holdfast.host.workflow.Workflows;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * Workflows: registering, describing, asking, unregistering. Each is served as models of its own, the first of which holds the
 * plan, so that a restart brings workflows back as it does models. Safe for use by several threads; one change at a time.
 */
public final class WorkflowOperations {

    private final ModelServing serving;
    private final ModelOperations models;
    private final DurableChanges changes;

    WorkflowOperations(ModelServing serving, ModelOperations models, DurableChanges changes) {
        this.serving = serving;
        this.models = models;
        this.changes = changes;
    }

    /**
     * A workflow.
     *
     * @param archive its file
     * @param spec empty if it is registered, and could not be loaded
     */
    public record Workflow(String name, String archive, Optional<WorkflowSpec> spec) {}

    /** All workflows, by their names. */
    public List<Workflow> list() {
        return WorkflowNames.of(serving.state()).stream().map(this::workflow).toList();
    }

    /** @throws ApiFailure of kind WORKFLOW_NOT_FOUND if there is none of that name */
    public Workflow find(String name) {
        boolean there = serving.state().model(Workflows.plan(name)).stream()
                .flatMap(model -> model.versions().values().stream())
                .anyMatch(WorkflowNames::isPlan);
        if (!there) {
            throw notFound(name);
        }
        return workflow(name);
    }

    private static ApiFailure notFound(String name) {
        return new ApiFailure(Kind.WORKFLOW_NOT_FOUND, "Workflow not found: " + name);
    }

    private Workflow workflow(String name) {
        RunningVersion plan = serving.find(Workflows.plan(name), Optional.empty());
        return new Workflow(
                name, plan.state().archive(), plan.as(WorkflowModel.class).map(WorkflowModel::spec));
    }

    /**
     * Registers a workflow, and starts its nodes; if one of them cannot be started, nothing of it is left.
     *
     * @param archive the name of its file in the model store
     * @param name empty for that of its manifest
     */
    public synchronized ChangeResult register(String archive, Optional<String> name) {
        models.requireRegistering();
        String workflow = name.orElseGet(() -> stem(archive));
        Workflows.problem(workflow).ifPresent(problem -> {
            throw new ApiFailure(Kind.BAD_REQUEST, "Workflow name '" + OneLine.name(workflow) + "' " + problem + ".");
        });
        if (serving.state().model(Workflows.plan(workflow)).isPresent()) {
            throw new ApiFailure(Kind.CONFLICT, "Workflow " + workflow + " is already registered.");
        }
        serving.state().models().keySet().stream()
                .filter(model -> Workflows.isOf(workflow, model))
                .findFirst()
                .ifPresent(model -> {
                    throw new ApiFailure(
                            Kind.CONFLICT,
                            "Workflow " + workflow + " cannot be registered while there is the model " + model
                                    + ", which would be taken for one of its nodes; unregister that, or choose another"
                                    + " workflow_name.");
                });
        CompletableFuture<WorkflowSpec> spec = new CompletableFuture<>();
        CompletableFuture<Durability> registered = serving.registerTogether(
                plan(archive, workflow),
                opened -> {
                    WorkflowSpec read = spec(opened);
                    spec.complete(read);
                    return read.nodes().values().stream()
                            .map(node -> registration(workflow, node))
                            .toList();
                },
                signatures -> WorkflowFit.require(workflow, spec.join(), signatures));
        return changes.done("Workflow " + workflow + " has been registered and scaled successfully.", registered);
    }

    private static WorkflowSpec spec(Archive archive) {
        try {
            return WorkflowRuntime.spec(archive);
        } catch (ModelLoadException e) {
            throw new ApiFailure(Kind.INVALID_MODEL, String.valueOf(e.getMessage()));
        }
    }

    private static String stem(String archive) {
        String file = archive.substring(archive.lastIndexOf('/') + 1);
        return file.endsWith(".war") ? file.substring(0, file.length() - ".war".length()) : file;
    }

    private static Registration plan(String archive, String workflow) {
        return registration(archive, Workflows.plan(workflow), Optional.of(Workflows.PLAN), OptionalInt.of(0));
    }

    private static Registration registration(
            String archive, String model, Optional<String> handler, OptionalInt workers) {
        return new Registration(
                archive,
                Optional.of(model),
                handler,
                Optional.empty(),
                workers,
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static Registration registration(String workflow, WorkflowNode node) {
        return new Registration(
                node.archive(),
                Optional.of(Workflows.model(workflow, node.name())),
                node.handler(),
                Optional.empty(),
                node.minWorkers(),
                node.batchSize(),
                node.maxBatchDelay(),
                node.timeout(),
                Optional.empty(),
                Optional.empty());
    }

    /** Unregisters a workflow with all its nodes. */
    public synchronized ChangeResult unregister(String name) {
        models.requireRegistering();
        find(name);
        List<String> all = new ArrayList<>();
        // Then nobody finds a workflow that has lost a part of itself.
        all.add(Workflows.plan(name));
        serving.state().models().keySet().stream()
                .filter(model -> Workflows.isOf(name, model) && !all.contains(model))
                .forEach(all::add);
        return changes.done("Workflow \"" + name + "\" unregistered", serving.unregisterTogether(all));
    }

    /**
     * Asks a workflow; no thread waits.
     *
     * @param form for nodes that take tensors
     * @return as {@link WorkflowRun#begin} gives it; to be cancelled when nobody waits for it any more
     */
    public CompletableFuture<HandlerAnswer> predict(String name, HandlerRequest request, NodeForm form) {
        WorkflowSpec spec = find(name)
                .spec()
                .orElseThrow(() -> new ApiFailure(
                        Kind.UNAVAILABLE,
                        "Workflow " + name + " is registered but could not be loaded; see GET /models/"
                                + Workflows.plan(name)));
        return WorkflowRun.begin(name, spec, request, (node, given) -> ask(Workflows.model(name, node), given, form));
    }

    private CompletableFuture<HandlerAnswer> ask(String model, HandlerRequest request, NodeForm form) {
        RunningVersion running;
        try {
            running = serving.find(model, Optional.empty());
        } catch (ServingException e) {
            throw new ApiFailure(
                    Kind.UNAVAILABLE,
                    "The workflow lacks its node " + model + "; unregister it, and register it again.");
        }
        ModelSignature signature = running.signature();
        if (signature.isOfHandler()) {
            CompletableFuture<List<Tensor>> asked = running.predict(request.toTensors());
            return cancelling(asked.thenApply(HandlerAnswer::of), asked);
        }
        if (!signature.raw()) {
            InferenceRequest<HandlerAnswer> tensors =
                    form.read(new InferenceModel(model, running.version(), signature), request);
            CompletableFuture<List<Tensor>> asked = running.predict(tensors.inputs());
            return cancelling(
                    asked.thenApply(outputs -> tensors.writer().apply(ModelAnswer.of(signature, outputs))), asked);
        }
        Tensor body = request.parameters().isEmpty()
                ? HandlerRequest.Parameter.of("body", "", new byte[0]).value()
                : request.parameters().get(request.parameters().size() - 1).value();
        CompletableFuture<List<Tensor>> asked = running.predict(
                List.of(new Tensor(signature.inputs().get(0).name(), body.type(), body.shape(), body.elements())));
        return cancelling(
                asked.thenApply(outputs -> HandlerAnswer.of(
                        200, "", List.of(), ((byte[][]) outputs.get(0).elements())[0])),
                asked);
    }

    private static <T> CompletableFuture<T> cancelling(CompletableFuture<T> derived, CompletableFuture<?> source) {
        derived.whenComplete((done, failure) -> {
            if (derived.isCancelled()) {
                source.cancel(false);
            }
        });
        return derived;
    }
}
