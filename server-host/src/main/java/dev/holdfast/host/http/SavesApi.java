package dev.holdfast.host.http;

import dev.holdfast.host.api.SaveOperations;
import dev.holdfast.host.api.SaveOperations.NamedSave;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What models have learned, kept under ids: saving, loading, listing and removing. */
record SavesApi(SaveOperations saves, ChangeAnswers answers) {

    List<Route> routes() {
        Scope scope = Scope.MANAGEMENT;
        return List.of(
                Route.post("/models/{model}/save", scope, this::save),
                Route.post("/models/{model}/{version}/save", scope, this::save),
                Route.post("/models/{model}/load", scope, this::load),
                Route.post("/models/{model}/{version}/load", scope, this::load),
                Route.get("/models/{model}/saves", scope, this::list),
                Route.delete("/models/{model}/saves/{id}", scope, this::remove));
    }

    private void save(Context context) {
        String id = id(context);
        answers.changed(context, saves.save(RequestNames.model(context), RequestNames.version(context), id));
    }

    private void load(Context context) {
        String id = id(context);
        int generation = RequestParameters.ofQuery(context).number("generation").orElse(0);
        answers.changed(
                context, saves.load(RequestNames.model(context), RequestNames.version(context), id, generation));
    }

    private static String id(Context context) {
        return RequestParameters.ofQuery(context)
                .text("id")
                .map(ModelSave::checkId)
                .orElseThrow(() -> ApiException.badRequest("Parameter id is required."));
    }

    private void list(Context context) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put(
                "saves",
                saves.list(RequestNames.model(context)).stream()
                        .map(SavesApi::save)
                        .toList());
        answers.object(context, 200, body);
    }

    private static Map<String, Object> save(NamedSave named) {
        ModelSave save = named.save();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", named.id());
        json.put("generation", named.generation());
        json.put("modelVersion", save.version());
        json.put("savedOn", save.savedOn().toString());
        json.put("format", save.format());
        json.put("size", save.bytes());
        return json;
    }

    private void remove(Context context) {
        String model = RequestNames.model(context);
        answers.changed(context, saves.remove(model, ModelSave.checkId(context.pathParam("id"))));
    }
}
