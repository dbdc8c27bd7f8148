package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.ModelAnswer;
import dev.holdfast.host.api.Operations;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.VersionStatus;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The Open Inference Protocol, version 2, over HTTP and JSON. It does not have the binary tensor extension.
 *
 * <p>Whether the host lives and is ready is told without a token, because probes cannot follow keys that expire.
 */
final class OpenInferenceApi {

    private static final String BINARY_HEADER = "Inference-Header-Content-Length";

    private final Operations operations;
    private final Predictions predictions;
    private final HandlerCalls handlers;
    private final TensorWriter writer;
    private final int maxRequestSize;

    OpenInferenceApi(
            Operations operations,
            Predictions predictions,
            HandlerCalls handlers,
            TensorWriter writer,
            int maxRequestSize) {
        this.operations = operations;
        this.predictions = predictions;
        this.handlers = handlers;
        this.writer = writer;
        this.maxRequestSize = maxRequestSize;
    }

    List<Route> routes() {
        Scope scope = Scope.INFERENCE;
        String model = "/v2/models/{model}";
        String modelVersion = "/v2/models/{model}/versions/{version}";
        return List.of(
                Route.get("/v2", scope, this::server),
                Route.get("/v2/health/live", Scope.NONE, context -> Answers.json(context, 200, Map.of("live", true))),
                Route.get("/v2/health/ready", Scope.NONE, this::serverReady),
                Route.get(model, scope, this::metadata),
                Route.get(modelVersion, scope, this::metadata),
                Route.get(model + "/ready", scope, this::modelReady),
                Route.get(modelVersion + "/ready", scope, this::modelReady),
                Route.post(model + "/infer", scope, this::infer),
                Route.post(modelVersion + "/infer", scope, this::infer),
                Route.post(model + "/explain", scope, this::explain));
    }

    private void server(Context context) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", "holdfast");
        body.put("version", operations.host().version());
        body.put("extensions", List.of());
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

    private void modelReady(Context context) {
        VersionStatus status = operations.models().status(RequestNames.model(context), RequestNames.version(context));
        boolean ready = operations.models().isReady(status);
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("name", status.model());
        body.put("ready", ready);
        Answers.json(context, ready ? 200 : 503, body);
    }

    private void infer(Context context) throws IOException {
        InferenceModel model = operations.inference().model(RequestNames.model(context), RequestNames.version(context));
        if (model.signature().isOfHandler()) {
            handlers.predict(context, model);
            return;
        }
        if (context.req().getHeader(BINARY_HEADER) != null) {
            throw ApiException.badRequest("Header " + BINARY_HEADER
                    + " asks for the binary tensor extension, which this host does not have; send and take JSON.");
        }
        byte[] body = RequestBody.read(context, maxRequestSize);
        TensorRequest request;
        try {
            request = OpenInferenceReader.read(body);
        } catch (IOException e) {
            throw new InvalidInputException("The body is no JSON: " + HttpJson.reason(e), e);
        }
        predictions.run(
                context,
                model,
                request.inputs(),
                answer -> Answers.json(context, 200, write(writer, model, request, answer)));
    }

    /** The answer in the protocol's form, with the outputs that the request selected. */
    static byte[] write(TensorWriter writer, InferenceModel model, TensorRequest request, ModelAnswer answer) {
        TensorRequest.OpenRequest open = request.open().orElseThrow();
        List<Tensor> selected = select(
                withLabels(answer.outputs()), open.outputs(), model.signature().leftOut());
        return writer.open(model.name(), model.version(), open.id(), selected, answer.remarks());
    }

    /** Each tensor, and after it the one with its labels: the protocol has no maps. */
    private static List<Tensor> withLabels(List<Tensor> outputs) {
        List<Tensor> all = new ArrayList<>();
        for (Tensor output : outputs) {
            all.add(output);
            output.labels().ifPresent(all::add);
        }
        return all;
    }

    private static List<Tensor> select(List<Tensor> outputs, List<String> names, Map<String, String> leftOut) {
        if (names.isEmpty()) {
            return outputs;
        }
        List<Tensor> selected = new ArrayList<>();
        for (String name : names) {
            if (leftOut.containsKey(name)) {
                throw new InvalidInputException("The model's output '" + RequestNames.printable(name)
                        + "' is left out of its answers, for it is " + leftOut.get(name) + "; they have "
                        + outputs.stream().map(Tensor::name).toList() + ".");
            }
            Optional<Tensor> found = outputs.stream()
                    .filter(output -> output.name().equals(name))
                    .findFirst();
            selected.add(found.orElseThrow(
                    () -> new InvalidInputException("The model has no output '" + RequestNames.printable(name)
                            + "'; it has " + outputs.stream().map(Tensor::name).toList() + ".")));
        }
        return selected;
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
}
