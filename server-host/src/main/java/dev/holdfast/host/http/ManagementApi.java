package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceOperations;
import dev.holdfast.host.api.ModelOperations;
import dev.holdfast.host.api.ModelOperations.Described;
import dev.holdfast.host.api.ModelOperations.ModelPage;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.wire.DescribeJson;
import dev.holdfast.host.wire.Parameters;
import dev.holdfast.host.wire.RegistrationReader;
import dev.holdfast.host.wire.SafeNames;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Which models are served: registering, describing, scaling, choosing the default, unregistering. */
record ManagementApi(ModelOperations models, InferenceOperations inference, ChangeAnswers answers, int maxRequestSize) {

    private static final int LARGEST_PAGE = 100;

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
                Route.get("/v1/models/{model}", scope, this::ready));
    }

    private void list(Context context) {
        Parameters parameters = RequestParameters.ofQuery(context);
        int limit = parameters.lenientNumber("limit", LARGEST_PAGE);
        if (limit < 0 || limit > LARGEST_PAGE) {
            limit = LARGEST_PAGE;
        }
        int start = Math.max(0, parameters.lenientNumber("next_page_token", 0));
        ModelPage page = models.list(start, limit);
        answers.object(context, 200, DescribeJson.of(page));
    }

    private void register(Context context) throws IOException {
        // Before the body is read: whatever it says, the answer is the same.
        models.requireRegistering();
        Parameters parameters = RequestParameters.ofQueryAndBody(context, maxRequestSize);
        boolean synchronous = parameters.truth("synchronous", true);
        answers.changed(context, models.register(RegistrationReader.read(parameters), synchronous));
    }

    private void describe(Context context) throws IOException {
        String model = RequestNames.model(context);
        Optional<String> version = RequestNames.version(context);
        Described described = models.describe(model, version);
        boolean ofHandler = described.versions().stream()
                .allMatch(status ->
                        status.signature().filter(ModelSignature::isOfHandler).isPresent());
        if (!ofHandler || !RequestParameters.ofQuery(context).truth("customized", false)) {
            describe(context, described);
            return;
        }
        CompletableFuture<InferenceAnswer> told = inference.predict(
                model, version, asked -> HandlerForms.description(context), prediction -> {}, Runnable::run);
        context.future(() -> told.thenAccept(answer ->
                Answers.json(context, 200, DescribeJson.customized(models.describe(model, version), answer.body()))));
    }

    private void describeAll(Context context) {
        describe(context, models.describeAll(RequestNames.model(context)));
    }

    private static void describe(Context context, Described described) {
        Answers.json(context, 200, DescribeJson.of(described));
    }

    private void scale(Context context) {
        String model = RequestNames.model(context);
        Parameters parameters = RequestParameters.ofQuery(context);
        Optional<String> version = RequestNames.version(context)
                .or(() -> parameters.text("model_version").map(given -> SafeNames.check("Model version", given)));
        int min = parameters.number("min_worker").orElse(1);
        int max = parameters.number("max_worker").orElse(min);
        answers.changed(context, models.scale(model, version, min, max, parameters.truth("synchronous", false)));
    }

    private void setDefault(Context context) {
        answers.changed(
                context,
                models.setDefault(
                        RequestNames.model(context),
                        RequestNames.version(context).orElseThrow()));
    }

    private void retry(Context context) {
        String model = RequestNames.model(context);
        List<String> loaded = models.retry(model, RequestNames.version(context));
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
        // Before the names are looked at: whatever they are, the answer is the same.
        models.requireRegistering();
        answers.changed(context, models.unregister(RequestNames.model(context), RequestNames.version(context)));
    }

    private void document(Context context) {
        answers.object(context, 200, ModelDocument.of(models.status(RequestNames.model(context), Optional.empty())));
    }

    private void ready(Context context) {
        VersionStatus status = models.status(RequestNames.model(context), Optional.empty());
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", status.model());
        body.put("ready", ModelOperations.hasWorkers(status));
        answers.object(context, 200, body);
    }
}
