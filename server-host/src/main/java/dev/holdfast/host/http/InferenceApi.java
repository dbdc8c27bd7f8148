package dev.holdfast.host.http;

import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.RunningVersion;
import dev.holdfast.host.serving.StuckRun;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Predictions in the forms of TorchServe, SageMaker and KServe version 1, and whether the host is healthy. */
final class InferenceApi {

    private static final List<HandlerType> PREDICTING = List.of(HandlerType.POST, HandlerType.PUT, HandlerType.GET);

    private final ModelServing serving;
    private final Snapshots snapshots;
    private final Predictions predictions;
    private final TensorWriter writer;
    private final int maxRequestSize;
    private final int maxResponseSize;

    InferenceApi(
            ModelServing serving,
            Snapshots snapshots,
            Predictions predictions,
            TensorWriter writer,
            int maxRequestSize,
            int maxResponseSize) {
        this.serving = serving;
        this.snapshots = snapshots;
        this.predictions = predictions;
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
                routes.add(new Route(method, path, scope, InferenceApi::explain));
            }
            routes.add(new Route(method, "/wfpredict/{workflow}", scope, InferenceApi::workflow));
        }
        Handler invoke = this::invoke;
        routes.add(Route.get("/ping", scope, this::ping));
        routes.add(Route.post("/invocations", scope, invoke));
        routes.add(Route.post("/models/{model}/invoke", scope, this::predict));
        routes.add(Route.post("/v1/models/{model}:predict", scope, this::predictKserve));
        routes.add(Route.post("/v1/models/{model}:explain", scope, InferenceApi::explain));
        routes.add(Route.options("/predictions/{model}", scope, this::document));
        return routes;
    }

    private void ping(Context context) {
        StoreStatus store = snapshots.status();
        // People restart a host for it: whoever has acknowledged something must not die of a store that is away.
        boolean servesNothing = store.empty() && serving.state().models().isEmpty();
        boolean healthy = serving.healthy() && !servesNothing;
        Map<String, Object> body = Answers.status(healthy ? "Healthy" : "Unhealthy");
        if (store.mode() == StoreStatus.Mode.DETACHED || store.mode() == StoreStatus.Mode.SPOOLING) {
            body.put("snapshots", store.mode().name());
        }
        List<String> notices = new ArrayList<>(store.notices());
        notices.addAll(stuck());
        if (!notices.isEmpty()) {
            body.put("notice", String.join(" ", notices));
        }
        Answers.json(context, healthy ? 200 : 500, body);
    }

    /** A sentence for each model version that has stuck runs. */
    private List<String> stuck() {
        Map<String, List<StuckRun>> byModel = new LinkedHashMap<>();
        serving.stuckRuns()
                .forEach(run -> byModel.computeIfAbsent(
                                "model " + run.model() + " version " + run.version(), name -> new ArrayList<>())
                        .add(run));
        return byModel.entrySet().stream()
                .map(model -> model.getValue().size() + (model.getValue().size() == 1 ? " run" : " runs") + " of "
                        + model.getKey() + " stuck, the oldest since "
                        + model.getValue().get(0).since() + ".")
                .toList();
    }

    private void invoke(Context context) throws IOException {
        String model = Optional.ofNullable(context.queryParam("model_name"))
                .map(name -> RequestNames.check("Model name", name))
                .orElseGet(this::onlyModel);
        predict(context, model, Optional.empty());
    }

    private String onlyModel() {
        Set<String> models = serving.state().models().keySet();
        if (models.size() != 1) {
            throw ApiException.badRequest("Parameter model_name is required.");
        }
        return models.iterator().next();
    }

    private void predict(Context context) throws IOException {
        predict(context, RequestNames.model(context), RequestNames.version(context));
    }

    private void predict(Context context, String name, Optional<String> version) throws IOException {
        RunningVersion model = serving.find(name, version);
        ModelSignature signature = model.signature();
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

    private void predictRaw(Context context, RunningVersion model, ModelSignature signature, byte[] body) {
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
        RunningVersion model = serving.find(RequestNames.model(context), Optional.empty());
        ModelSignature signature = model.signature();
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
        Answers.json(context, 200, ModelDocument.of(serving.describe(RequestNames.model(context), Optional.empty())));
    }

    private static void explain(Context context) {
        throw ApiException.notImplemented("Explanations are not supported by this host.");
    }

    private static void workflow(Context context) {
        throw ApiException.notImplemented("Workflows are not supported by this host; call the models one by one.");
    }
}
