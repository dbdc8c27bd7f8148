package dev.holdfast.host.http;

import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.ModelServing.Change;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What models have learned, kept under ids: saving, loading, listing and removing. */
final class SavesApi {

    private final ModelServing serving;
    private final LearnedStates learned;
    private final ChangeAnswers answers;

    SavesApi(ModelServing serving, LearnedStates learned, ChangeAnswers answers) {
        this.serving = serving;
        this.learned = learned;
        this.answers = answers;
    }

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
        Change change = learned.saveAs(serving.find(RequestNames.model(context), RequestNames.version(context)), id);
        answers.changed(context, 200, sentence(change) + " saved as \"" + id + "\"", change.durability());
    }

    private void load(Context context) {
        String id = id(context);
        int generation = Parameters.ofQuery(context).number("generation").orElse(0);
        Change change = serving.load(RequestNames.model(context), RequestNames.version(context), id, generation);
        answers.changed(
                context, 200, sentence(change) + " went over to what was saved as \"" + id + "\"", change.durability());
    }

    private static String sentence(Change change) {
        return "Model \"" + change.model() + "\" Version: " + change.version();
    }

    private static String id(Context context) {
        return Parameters.ofQuery(context)
                .text("id")
                .map(ModelSave::checkId)
                .orElseThrow(() -> ApiException.badRequest("Parameter id is required."));
    }

    private void list(Context context) {
        String model = RequestNames.model(context);
        List<Map<String, Object>> saves = new ArrayList<>();
        serving.state().savesOf(model).forEach((id, generations) -> {
            for (int generation = 0; generation < generations.size(); generation++) {
                saves.add(save(id, generation, generations.get(generation)));
            }
        });
        if (saves.isEmpty()) {
            // Of a model that is gone its saves are listed still; of one that never was, nothing.
            serving.describe(model, Optional.empty());
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("saves", saves);
        answers.object(context, 200, body);
    }

    private static Map<String, Object> save(String id, int generation, ModelSave save) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("generation", generation);
        json.put("modelVersion", save.version());
        json.put("savedOn", save.savedOn().toString());
        json.put("format", save.format());
        json.put("size", save.bytes());
        return json;
    }

    private void remove(Context context) {
        String model = RequestNames.model(context);
        String id = ModelSave.checkId(context.pathParam("id"));
        answers.changed(
                context, 200, "Save \"" + id + "\" of model \"" + model + "\" removed", serving.forget(model, id));
    }
}
