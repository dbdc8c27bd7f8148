package dev.holdfast.host.http;

import dev.holdfast.host.api.InferenceOperations;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Teaching models that learn, by bodies of the same forms as those of predictions. */
record TrainingApi(InferenceOperations inference, InferenceForms forms) {

    List<Route> routes() {
        Scope scope = Scope.INFERENCE;
        return List.of(
                Route.post("/models/{model}/train", scope, this::train),
                Route.post("/models/{model}/{version}/train", scope, this::train));
    }

    private void train(Context context) throws IOException {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put(
                "trained",
                inference.train(RequestNames.model(context), RequestNames.version(context), forms.plain(context)));
        Answers.json(context, 200, answer);
    }
}
