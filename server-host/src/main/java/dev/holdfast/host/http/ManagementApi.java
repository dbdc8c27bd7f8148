package dev.holdfast.host.http;

import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.ModelServing.Change;
import dev.holdfast.host.serving.Registration;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.VersionStatus;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which models are served: registering, describing, scaling, choosing the default, unregistering. */
final class ManagementApi {

    private static final int LARGEST_PAGE = 100;

    private final ModelServing serving;
    private final Snapshots snapshots;
    private final ChangeAnswers answers;
    private final boolean modelApi;
    private final int maxRequestSize;

    /**
     * @param modelApi whether models may be registered and unregistered
     */
    ManagementApi(
            ModelServing serving, Snapshots snapshots, ChangeAnswers answers, boolean modelApi, int maxRequestSize) {
        this.serving = serving;
        this.snapshots = snapshots;
        this.answers = answers;
        this.modelApi = modelApi;
        this.maxRequestSize = maxRequestSize;
    }

    List<Route> routes() {
        Scope scope = Scope.MANAGEMENT;
        return List.of(
                Route.get("/models", scope, this::list),
                Route.post("/models", scope, this::register),
                Route.get("/models/{model}", scope, this::describe),
                Route.get("/models/{model}/all", scope, this::describeAll),
                Route.get("/models/{model}/{version}", scope, this::describe),
                Route.put("/models/{model}", scope, this::scale),
                Route.put("/models/{model}/{version}", scope, this::scale),
                Route.put("/models/{model}/{version}/set-default", scope, this::setDefault),
                Route.post("/models/{model}/retry", scope, this::retry),
                Route.post("/models/{model}/{version}/retry", scope, this::retry),
                Route.delete("/models/{model}", scope, this::unregister),
                Route.delete("/models/{model}/{version}", scope, this::unregister),
                Route.options("/models/{model}", scope, this::document),
                Route.get("/v1/models/{model}", scope, this::ready),
                Route.get("/workflows", scope, ManagementApi::workflows),
                Route.post("/workflows", scope, ManagementApi::workflows),
                Route.get("/workflows/{workflow}", scope, ManagementApi::workflows),
                Route.delete("/workflows/{workflow}", scope, ManagementApi::workflows));
    }

    private void list(Context context) {
        Parameters parameters = Parameters.ofQuery(context);
        int limit = parameters.lenientNumber("limit", LARGEST_PAGE);
        if (limit < 0 || limit > LARGEST_PAGE) {
            limit = LARGEST_PAGE;
        }
        int start = Math.max(0, parameters.lenientNumber("next_page_token", 0));
        List<Map.Entry<String, ServedModel>> all =
                new ArrayList<>(serving.state().models().entrySet());
        int end = Math.min(all.size(), start + limit);
        Map<String, Object> body = new LinkedHashMap<>();
        if (end < all.size() && start < all.size()) {
            body.put("nextPageToken", Integer.toString(end));
        }
        body.put(
                "models",
                start >= end
                        ? List.of()
                        : all.subList(start, end).stream()
                                .map(entry -> listed(entry.getKey(), entry.getValue()))
                                .toList());
        answers.object(context, 200, body);
    }

    private static Map<String, Object> listed(String name, ServedModel model) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("modelName", name);
        Optional.ofNullable(model.versions().get(model.defaultVersion()))
                .ifPresent(version -> json.put("modelUrl", version.url().orElse(version.archive())));
        return json;
    }

    private void register(Context context) throws IOException {
        requireModelApi();
        Parameters parameters = Parameters.ofQueryAndBody(context, maxRequestSize);
        boolean synchronous = parameters.truth("synchronous", true);
        Registration registration = RegistrationReader.read(parameters);
        Change change = synchronous ? serving.register(registration) : serving.registerLater(registration);
        int workers = change.state().minWorkers();
        if (!synchronous && workers > 0) {
            answers.changed(context, 202, "Processing worker updates...", change.durability());
            return;
        }
        String registered =
                "Model \"" + change.model() + "\" Version: " + change.version() + " registered with " + workers;
        answers.changed(
                context,
                200,
                workers > 0
                        ? registered + " initial workers"
                        : registered + " initial workers. Use scale workers API to add workers for the model.",
                change.durability());
    }

    private void requireModelApi() {
        if (!modelApi) {
            throw new ApiException(
                    405,
                    "MethodNotAllowedException",
                    "Registering and unregistering models is switched off; set enable_model_api=true to allow it.");
        }
    }

    private void describe(Context context) {
        describe(context, List.of(serving.describe(RequestNames.model(context), RequestNames.version(context))));
    }

    private void describeAll(Context context) {
        describe(context, serving.describeAll(RequestNames.model(context)));
    }

    private void describe(Context context, List<VersionStatus> versions) {
        Optional<String> snapshot = snapshots.status().lastSnapshot();
        Answers.json(
                context,
                200,
                versions.stream()
                        .map(version -> DescribeJson.of(version, snapshot))
                        .toList());
    }

    private void scale(Context context) {
        String model = RequestNames.model(context);
        Parameters parameters = Parameters.ofQuery(context);
        Optional<String> version = RequestNames.version(context)
                .or(() -> parameters.text("model_version").map(given -> RequestNames.check("Model version", given)));
        int min = parameters.number("min_worker").orElse(1);
        int max = parameters.number("max_worker").orElse(min);
        boolean synchronous = parameters.truth("synchronous", false);
        Change change = serving.scale(model, version, min, max, synchronous);
        if (!synchronous) {
            answers.changed(context, 202, "Processing worker updates...", change.durability());
            return;
        }
        long running = serving.describe(model, Optional.of(change.version())).workers().stream()
                .filter(worker -> !worker.unloading() && worker.stuckSince().isEmpty())
                .count();
        if (running < min) {
            answers.changed(context, 206, "Workers scaling in progress...", change.durability());
            return;
        }
        answers.changed(
                context,
                200,
                "Workers scaled to " + running + " for model: " + model
                        + version.map(given -> ", version: " + given).orElse(""),
                change.durability());
    }

    private void setDefault(Context context) {
        String model = RequestNames.model(context);
        String version = RequestNames.version(context).orElseThrow();
        Change change = serving.setDefault(model, version);
        answers.changed(
                context,
                200,
                "Default version successfully updated for model \"" + model + "\" to \"" + version + "\"",
                change.durability());
    }

    /** Changes nothing of what is to be served, so that there is nothing to be made durable. */
    private void retry(Context context) {
        String model = RequestNames.model(context);
        List<String> loaded = serving.retry(model, RequestNames.version(context));
        String all = String.join(", ", loaded);
        Answers.json(
                context,
                200,
                Answers.status(
                        loaded.isEmpty()
                                ? "Nothing of model \"" + model + "\" had failed"
                                : "Model \"" + model + "\" Version: " + all + " loaded"));
    }

    private void unregister(Context context) {
        requireModelApi();
        Change change = serving.unregister(RequestNames.model(context), RequestNames.version(context));
        answers.changed(context, 200, "Model \"" + change.model() + "\" unregistered", change.durability());
    }

    private void document(Context context) {
        answers.object(context, 200, ModelDocument.of(serving.describe(RequestNames.model(context), Optional.empty())));
    }

    private void ready(Context context) {
        VersionStatus status = serving.describe(RequestNames.model(context), Optional.empty());
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", status.model());
        body.put("ready", status.healthy() && !status.workers().isEmpty());
        answers.object(context, 200, body);
    }

    private static void workflows(Context context) {
        throw ApiException.notImplemented("Workflows are not supported by this host; call the models one by one.");
    }
}
