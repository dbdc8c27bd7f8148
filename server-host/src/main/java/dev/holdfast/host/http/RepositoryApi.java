package dev.holdfast.host.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.api.RepositoryOperations;
import dev.holdfast.host.api.RepositoryOperations.Entry;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.text.Shortened;
import dev.holdfast.host.wire.Json;
import dev.holdfast.host.wire.Scope;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The extension of the Open Inference Protocol for model repositories. Its calls need the token of management. */
record RepositoryApi(RepositoryOperations repository, ChangeAnswers answers, int maxRequestSize) {

    private static final String MODEL = "/v2/repository/models/{model}";

    List<Route> routes() {
        Scope scope = Scope.MANAGEMENT;
        return List.of(
                Route.post("/v2/repository/index", scope, this::index),
                Route.post(MODEL + "/load", scope, this::load),
                Route.post(MODEL + "/unload", scope, this::unload));
    }

    private void index(Context context) throws IOException {
        boolean ready = Boolean.TRUE.equals(body(context, Set.of("ready")).get("ready"));
        Answers.json(
                context,
                200,
                repository.index(ready).stream().map(RepositoryApi::entry).toList());
    }

    private static Map<String, Object> entry(Entry entry) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", entry.name());
        json.put("version", entry.version());
        json.put("state", entry.state().name());
        json.put("reason", Shortened.forBody(entry.reason()));
        return json;
    }

    private void load(Context context) throws IOException {
        body(context, Set.of());
        answers.changed(context, repository.load(RequestNames.model(context)));
    }

    private void unload(Context context) throws IOException {
        // Nothing depends on a model here.
        body(context, Set.of("unload_dependents"));
        answers.changed(context, repository.unload(RequestNames.model(context)));
    }

    /** The fields of the body, and its parameters; other parameters than these would change what is loaded, and are refused. */
    private Map<String, Object> body(Context context, Set<String> known) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        byte[] body = RequestBody.read(context, maxRequestSize);
        if (body.length == 0) {
            return fields;
        }
        try (JsonParser json = Json.FACTORY.createParser(Json.utf8(body))) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw ApiException.badRequest("The body must be a JSON object, or nothing.");
            }
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                JsonToken value = json.nextToken();
                if (field.equals("parameters") && value == JsonToken.START_OBJECT) {
                    readParameters(json, known);
                } else if (value.isBoolean()) {
                    fields.put(field, json.getBooleanValue());
                } else {
                    json.skipChildren();
                }
            }
        } catch (IOException e) {
            throw ApiException.badRequest("The body is no JSON: " + Json.reason(e));
        }
        return fields;
    }

    private static void readParameters(JsonParser json, Set<String> known) throws IOException {
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            json.skipChildren();
            if (!known.contains(name)) {
                throw ApiException.badRequest("Parameter '" + OneLine.name(name)
                        + "' is not supported; put the model with its settings into the model store.");
            }
        }
    }
}
