package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.serving.VersionStatus;
import dev.holdfast.host.wire.DescribeJson;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The Open Inference Protocol, version 2, over HTTP, with its extensions for binary tensors and statistics.
 *
 * <p>Whether the host lives and is ready is told without a token, because probes cannot follow keys that expire.
 *
 * @param tokens whether callers show a token, which samples of requests have then
 */
record OpenInferenceApi(Operations operations, Predictions predictions, InferenceForms forms, boolean tokens) {

    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._:\\[\\]-]{1,255}");

    List<Route> routes() {
        Scope scope = Scope.INFERENCE;
        Handler infer = predictions.in(forms::open);
        Handler explain = predictions.in(this::explanation);
        String model = "/v2/models/{model}";
        String modelVersion = "/v2/models/{model}/versions/{version}";
        return List.of(
                Route.get("/v2", scope, this::server),
                Route.get("/v2/health/live", Scope.NONE, context -> Answers.json(context, 200, Map.of("live", true))),
                Route.get("/v2/health/ready", Scope.NONE, this::serverReady),
                Route.get("/v2/models/stats", scope, this::statistics),
                Route.get(model + "/stats", scope, this::statistics),
                Route.get(modelVersion + "/stats", scope, this::statistics),
                Route.get(model + "/docs", scope, this::page),
                Route.get(modelVersion + "/docs", scope, this::page),
                Route.get(model, scope, this::metadata),
                Route.get(modelVersion, scope, this::metadata),
                Route.get(model + "/ready", scope, this::modelReady),
                Route.get(modelVersion + "/ready", scope, this::modelReady),
                Route.post(model + "/infer", scope, infer),
                Route.post(modelVersion + "/infer", scope, infer),
                Route.post(model + "/explain", scope, explain),
                Route.post(modelVersion + "/explain", scope, explain));
    }

    private void server(Context context) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", "holdfast");
        body.put("version", operations.host().version());
        body.put("extensions", operations.host().extensions());
        Answers.json(context, 200, body);
    }

    private void serverReady(Context context) {
        boolean ready = operations.host().isReady();
        Answers.json(context, ready ? 200 : 503, Map.of("ready", ready));
    }

    private void metadata(Context context) {
        VersionStatus status = operations.models().status(RequestNames.model(context), RequestNames.version(context));
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", status.model());
        body.put(
                "versions",
                operations.models().statuses(status.model()).stream()
                        .map(VersionStatus::version)
                        .toList());
        status.signature().ifPresent(signature -> {
            body.put("platform", signature.platform());
            body.put("inputs", DescribeJson.specs(signature.inputs()));
            body.put("outputs", DescribeJson.specs(signature.outputs()));
        });
        Answers.json(context, 200, body);
    }

    private void page(Context context) {
        Optional<String> version = RequestNames.version(context);
        VersionStatus status = operations.models().status(RequestNames.model(context), version);
        String host = String.valueOf(context.host());
        String base = context.scheme() + "://" + (HOST.matcher(host).matches() ? host : "127.0.0.1:8080");
        // It has no script, and should one come in by a name after all, it does not run.
        context.header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                .contentType("text/html; charset=utf-8")
                .result(new ModelPage(status, operations.models().statuses(status.model()), version, base, tokens)
                        .html());
    }

    private void statistics(Context context) {
        Optional<String> model = context.pathParamMap().containsKey("model")
                ? Optional.of(RequestNames.model(context))
                : Optional.empty();
        Answers.json(
                context,
                200,
                Map.of(
                        "model_stats",
                        operations.models().done(model, RequestNames.version(context)).stream()
                                .map(DescribeJson::statistics)
                                .toList()));
    }

    private void modelReady(Context context) {
        VersionStatus status = operations.models().status(RequestNames.model(context), RequestNames.version(context));
        boolean ready = operations.models().isReady(status);
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", status.model());
        body.put("ready", ready);
        Answers.json(context, ready ? 200 : 503, body);
    }

    private InferenceForm<InferenceAnswer> explanation(Context context) {
        return forms.explanation(context, operations.inference()::cannotExplain);
    }
}
