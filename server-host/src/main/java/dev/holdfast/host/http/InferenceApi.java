package dev.holdfast.host.http;

import dev.holdfast.host.api.HostOperations.Health;
import dev.holdfast.host.api.InferenceForm;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.wire.DescribeJson;
import dev.holdfast.host.wire.SafeNames;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Predictions in the forms of TorchServe, SageMaker and KServe version 1, and whether the host is healthy. */
record InferenceApi(Operations operations, Predictions predictions, InferenceForms forms) {

    private static final List<HandlerType> PREDICTING = List.of(HandlerType.POST, HandlerType.PUT, HandlerType.GET);

    List<Route> routes() {
        Scope scope = Scope.INFERENCE;
        Handler predict = predictions.in(forms::plain);
        Handler explain = predictions.in(this::explanation);
        List<Route> routes = new ArrayList<>();
        for (HandlerType method : PREDICTING) {
            for (String path : List.of(
                    "/predictions/{model}",
                    "/predictions/{model}/{version}",
                    "/predictions/{model}/{version}/<rest>",
                    "/{model}/predict",
                    "/{model}/{version}/predict")) {
                routes.add(new Route(method, path, scope, predict));
            }
            for (String path : List.of("/explanations/{model}", "/explanations/{model}/{version}")) {
                routes.add(new Route(method, path, scope, explain));
            }
        }
        routes.add(Route.get("/ping", scope, this::ping));
        routes.add(Route.post("/invocations", scope, this::invoke));
        routes.add(Route.post("/models/{model}/invoke", scope, predict));
        routes.add(Route.post("/v1/models/{model}:predict", scope, predictions.in(forms::kserve)));
        routes.add(Route.post("/v1/models/{model}:explain", scope, explain));
        routes.add(Route.options("/predictions/{model}", scope, this::document));
        return routes;
    }

    private void ping(Context context) {
        Health health = operations.host().health();
        Answers.json(context, health.healthy() ? 200 : 500, DescribeJson.of(health));
    }

    private void invoke(Context context) throws IOException {
        String model = Optional.ofNullable(context.queryParam("model_name"))
                .map(name -> SafeNames.check("Model name", name))
                .or(operations.inference()::onlyModel)
                .orElseThrow(() -> ApiException.badRequest("Parameter model_name is required."));
        predictions.run(context, model, Optional.empty(), forms.plain(context));
    }

    private void document(Context context) {
        Answers.json(
                context,
                200,
                ModelDocument.of(operations.models().status(RequestNames.model(context), Optional.empty())));
    }

    private InferenceForm<InferenceAnswer> explanation(Context context) {
        return forms.explanation(context, operations.inference()::cannotExplain);
    }
}
