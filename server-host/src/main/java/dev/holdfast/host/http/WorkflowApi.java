package dev.holdfast.host.http;

import dev.holdfast.host.api.WorkflowOperations;
import dev.holdfast.host.api.WorkflowOperations.Workflow;
import dev.holdfast.host.runtime.HandlerAnswer;
import dev.holdfast.host.runtime.HandlerRequest;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.Parameters;
import dev.holdfast.host.wire.SafeNames;
import dev.holdfast.host.wire.Scope;
import dev.holdfast.host.wire.TensorWriter;
import dev.holdfast.host.workflow.WorkflowNode;
import dev.holdfast.host.workflow.WorkflowSpec;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Workflows, in the calls of TorchServe. */
final class WorkflowApi {

    private static final int LARGEST_PAGE = 100;
    private static final int USUAL_DELAY = 50;

    private final WorkflowOperations workflows;
    private final ChangeAnswers answers;
    private final HandlerForms forms;
    private final int maxRequestSize;
    private final TensorWriter writer;

    WorkflowApi(
            WorkflowOperations workflows,
            ChangeAnswers answers,
            HandlerForms forms,
            int maxRequestSize,
            int maxResponseSize) {
        this.workflows = workflows;
        this.answers = answers;
        this.forms = forms;
        this.maxRequestSize = maxRequestSize;
        this.writer = new TensorWriter(maxResponseSize);
    }

    List<Route> management() {
        Scope scope = Scope.MANAGEMENT;
        return List.of(
                Route.get("/workflows", scope, this::list),
                Route.post("/workflows", scope, this::register),
                Route.get("/workflows/{workflow}", scope, this::describe),
                Route.delete("/workflows/{workflow}", scope, this::unregister));
    }

    List<Route> inference() {
        List<Route> routes = new ArrayList<>();
        for (HandlerType method : List.of(HandlerType.POST, HandlerType.PUT, HandlerType.GET)) {
            routes.add(new Route(method, "/wfpredict/{workflow}", Scope.INFERENCE, this::predict));
        }
        return routes;
    }

    private static String name(Context context) {
        return SafeNames.check("Workflow name", context.pathParam("workflow"));
    }

    private void list(Context context) {
        Parameters parameters = RequestParameters.ofQuery(context);
        int limit = parameters.lenientNumber("limit", LARGEST_PAGE);
        if (limit < 0 || limit > LARGEST_PAGE) {
            limit = LARGEST_PAGE;
        }
        List<Workflow> all = workflows.list();
        int start = Math.min(all.size(), Math.max(0, parameters.lenientNumber("next_page_token", 0)));
        int end = Math.min(all.size(), start + limit);
        Map<String, Object> body = new LinkedHashMap<>();
        if (end < all.size()) {
            body.put("nextPageToken", Integer.toString(end));
        }
        body.put(
                "workflows",
                all.subList(start, end).stream().map(WorkflowApi::listed).toList());
        answers.object(context, 200, body);
    }

    private static Map<String, Object> listed(Workflow workflow) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("workflowName", workflow.name());
        json.put("workflowUrl", workflow.archive());
        return json;
    }

    private void register(Context context) throws IOException {
        Parameters parameters = RequestParameters.ofQueryAndBody(context, maxRequestSize);
        if (!parameters.has("url")) {
            throw ApiException.badRequest("Parameter url is required.");
        }
        String url =
                parameters.text("url").orElseThrow(() -> new ApiException(404, "ModelNotFoundException", "empty url"));
        if (url.endsWith(".yaml") || url.endsWith(".yml")) {
            throw ApiException.badRequest(
                    "'" + OneLine.name(url) + "' is the specification of a workflow, and a workflow is an"
                            + " archive whose name ends in .war, as with TorchServe. Make one: torch-workflow-archiver"
                            + " --workflow-name NAME --spec-file FILE.yaml --handler FILE.py.");
        }
        if (!url.endsWith(".war")) {
            throw ApiException.badRequest(
                    "A workflow is an archive whose name ends in .war; register models by POST /models.");
        }
        answers.changed(
                context,
                workflows.register(
                        url, parameters.text("workflow_name").map(name -> SafeNames.check("Workflow name", name))));
    }

    private void describe(Context context) {
        Workflow workflow = workflows.find(name(context));
        Map<String, Object> json = listed(workflow);
        workflow.spec().ifPresent(spec -> putSpec(json, spec));
        Answers.json(context, 200, List.of(json));
    }

    private static void putSpec(Map<String, Object> json, WorkflowSpec spec) {
        // TorchServe has one number for all; here each model may have its own.
        List<WorkflowNode> nodes = List.copyOf(spec.nodes().values());
        int workers = nodes.stream()
                .mapToInt(node -> node.minWorkers().orElse(1))
                .max()
                .orElse(1);
        json.put("minWorkers", workers);
        json.put("maxWorkers", workers);
        json.put(
                "batchSize",
                nodes.stream()
                        .mapToInt(node -> node.batchSize().orElse(1))
                        .max()
                        .orElse(1));
        json.put(
                "maxBatchDelay",
                nodes.stream()
                        .mapToLong(node -> node.maxBatchDelay()
                                .map(delay -> delay.toMillis())
                                .orElse((long) USUAL_DELAY))
                        .max()
                        .orElse(USUAL_DELAY));
        Map<String, List<String>> after = new LinkedHashMap<>();
        spec.nodes()
                .keySet()
                .forEach(node -> spec.before()
                        .getOrDefault(node, List.of())
                        .forEach(before -> after.computeIfAbsent(before, name -> new ArrayList<>())
                                .add(node)));
        json.put("workflowDag", after.toString());
    }

    private void unregister(Context context) {
        answers.changed(context, workflows.unregister(name(context)));
    }

    private void predict(Context context) throws IOException {
        String name = name(context);
        // Before the body is read.
        workflows.find(name);
        byte[] body = RequestBody.read(context, maxRequestSize);
        HandlerRequest request = forms.whole(context, body);
        CompletableFuture<HandlerAnswer> answer =
                workflows.predict(name, request, new NodeBodies(request, body, writer));
        context.future(() -> answer.thenAccept(given -> Predictions.answer(context, HandlerForms.answer(given))));
    }
}
