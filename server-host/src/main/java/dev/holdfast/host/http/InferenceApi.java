package dev.holdfast.host.http;

import dev.holdfast.host.api.HostOperations.Health;
import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.runtime.ModelSignature;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Predictions in the forms of TorchServe, SageMaker and KServe version 1, and whether the host is healthy. */
final class InferenceApi {

    private static final List<HandlerType> PREDICTING = List.of(HandlerType.POST, HandlerType.PUT, HandlerType.GET);

    private final Operations operations;
    private final Predictions predictions;
    private final HandlerCalls handlers;
    private final TensorWriter writer;
    private final int maxRequestSize;
    private final int maxResponseSize;

    InferenceApi(
            Operations operations,
            Predictions predictions,
            HandlerCalls handlers,
            TensorWriter writer,
            int maxRequestSize,
            int maxResponseSize) {
        this.operations = operations;
        this.predictions = predictions;
        this.handlers = handlers;
        this.writer = writer;
        this.maxRequestSize = maxRequestSize;
        this.maxResponseSize = maxResponseSize;
    }

    List<Route> routes() {
        Scope scope = Scope.INFERENCE;
        List<Route> routes = new ArrayList<>();
        for (HandlerType method : PREDICTING) {
            for (String path : List.of(
                    "/predictions/{model}",
                    "/predictions/{model}/{version}",
                    "/predictions/{model}/{version}/<rest>",
                    "/{model}/predict",
                    "/{model}/{version}/predict")) {
                routes.add(new Route(method, path, scope, this::predict));
            }
            for (String path : List.of("/explanations/{model}", "/explanations/{model}/{version}")) {
                routes.add(new Route(method, path, scope, this::explain));
            }
            routes.add(new Route(method, "/wfpredict/{workflow}", scope, InferenceApi::workflow));
        }
        Handler invoke = this::invoke;
        routes.add(Route.get("/ping", scope, this::ping));
        routes.add(Route.post("/invocations", scope, invoke));
        routes.add(Route.post("/models/{model}/invoke", scope, this::predict));
        routes.add(Route.post("/v1/models/{model}:predict", scope, this::predictKserve));
        routes.add(Route.post("/v1/models/{model}:explain", scope, this::explain));
        routes.add(Route.options("/predictions/{model}", scope, this::document));
        return routes;
    }

    private void ping(Context context) {
        Health health = operations.host().health();
        Map<String, Object> body = Answers.status(health.healthy() ? "Healthy" : "Unhealthy");
        if (health.mode() == StoreStatus.Mode.DETACHED || health.mode() == StoreStatus.Mode.SPOOLING) {
            body.put("snapshots", health.mode().name());
        }
        if (!health.notices().isEmpty()) {
            body.put("notice", String.join(" ", health.notices()));
        }
        Answers.json(context, health.healthy() ? 200 : 500, body);
    }

    private void invoke(Context context) throws IOException {
        String model = Optional.ofNullable(context.queryParam("model_name"))
                .map(name -> RequestNames.check("Model name", name))
                .orElseGet(operations.inference()::onlyModel);
        predict(context, model, Optional.empty());
    }

    private void predict(Context context) throws IOException {
        predict(context, RequestNames.model(context), RequestNames.version(context));
    }

    private void predict(Context context, String name, Optional<String> version) throws IOException {
        InferenceModel model = operations.inference().model(name, version);
        ModelSignature signature = model.signature();
        if (signature.isOfHandler()) {
            handlers.predict(context, model);
            return;
        }
        byte[] body = read(context);
        if (signature.raw()) {
            predictRaw(context, model, signature, body);
            return;
        }
        TensorRequest request = TensorReader.read(body, signature);
        predictions.run(
                context,
                model,
                request.inputs(),
                answer -> Answers.json(
                        context,
                        200,
                        request.open().isPresent()
                                ? OpenInferenceApi.write(writer, model, request, answer)
                                : writer.plain(answer.outputs(), request.oneRow())));
    }

    private byte[] read(Context context) throws IOException {
        String type = Optional.ofNullable(context.contentType()).orElse("").toLowerCase(Locale.ROOT);
        if (type.startsWith("multipart/")) {
            throw new ApiException(
                    415,
                    "UnsupportedMediaTypeException",
                    "Bodies of type multipart are not supported; send the bytes alone, as curl does with --data-binary.");
        }
        return RequestBody.read(context, maxRequestSize);
    }

    private void predictRaw(Context context, InferenceModel model, ModelSignature signature, byte[] body) {
        predictions.run(context, model, List.of(RawBodies.input(signature, body)), given -> {
            byte[] answer = RawBodies.answer(given.outputs());
            if (answer.length > maxResponseSize) {
                throw TensorWriter.tooLarge(maxResponseSize);
            }
            context.status(200)
                    .contentType(RawBodies.contentType(context.contentType(), body, answer))
                    .result(answer);
        });
    }

    private void predictKserve(Context context) throws IOException {
        InferenceModel model = operations.inference().model(RequestNames.model(context), Optional.empty());
        ModelSignature signature = model.signature();
        if (signature.isOfHandler()) {
            handlers.predict(context, model);
            return;
        }
        byte[] body = read(context);
        if (signature.raw()) {
            predictRaw(context, model, signature, body);
            return;
        }
        TensorRequest request = TensorReader.read(body, signature);
        predictions.run(
                context,
                model,
                request.inputs(),
                answer -> Answers.json(context, 200, writer.predictions(answer.outputs())));
    }

    private void document(Context context) {
        Answers.json(
                context,
                200,
                ModelDocument.of(operations.models().status(RequestNames.model(context), Optional.empty())));
    }

    private void explain(Context context) throws IOException {
        InferenceModel model = operations.inference().model(RequestNames.model(context), RequestNames.version(context));
        if (model.signature().isOfHandler()) {
            handlers.explain(context, model);
            return;
        }
        throw ApiException.notImplemented(
                "Explanations are not supported for models of this kind, only for those with Python handlers.");
    }

    private static void workflow(Context context) {
        throw ApiException.notImplemented("Workflows are not supported by this host; call the models one by one.");
    }
}
