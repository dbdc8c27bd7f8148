package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceModel;
import dev.holdfast.host.api.InferenceOperations;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Teaching models that learn, by bodies of the same forms as those of predictions. */
final class TrainingApi {

    private final InferenceOperations inference;
    private final int maxRequestSize;

    TrainingApi(InferenceOperations inference, int maxRequestSize) {
        this.inference = inference;
        this.maxRequestSize = maxRequestSize;
    }

    List<Route> routes() {
        Scope scope = Scope.INFERENCE;
        return List.of(
                Route.post("/models/{model}/train", scope, this::train),
                Route.post("/models/{model}/{version}/train", scope, this::train));
    }

    private void train(Context context) throws IOException {
        InferenceModel model = inference.model(RequestNames.model(context), RequestNames.version(context));
        ModelSignature signature = model.trainingSignature();
        byte[] body = RequestBody.read(context, maxRequestSize);
        List<Tensor> inputs = signature.raw()
                ? List.of(RawBodies.input(signature, body))
                : TensorReader.read(body, signature).inputs();
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("trained", model.train(inputs));
        Answers.json(context, 200, answer);
    }
}
