package dev.holdfast.host.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What was saved of models under ids, as the field {@code saves} of {@code model_snapshot}: {@code {model: {id: [{"version",
 * "savedOn", "learned"}, …]}}}, the newest first. TorchServe passes over it.
 */
final class SavesJson {

    private SavesJson() {}

    static void write(ObjectNode node, ServingState state) {
        state.saves().forEach((model, ids) -> {
            ObjectNode ofModel = node.putObject(model);
            ids.forEach((id, generations) -> {
                ArrayNode saves = ofModel.putArray(id);
                generations.forEach(save -> {
                    ObjectNode json = saves.addObject();
                    json.put("version", save.version());
                    json.put("savedOn", save.savedOn().toEpochMilli());
                    LearnedJson.write(json.putObject("learned"), save.state());
                });
            });
        });
    }

    /** The state with the saves of a text; missing ones are none. */
    static ServingState read(String name, JsonNode node, ServingState state) {
        if (node.isMissingNode()) {
            return state;
        }
        ServingState all = state;
        for (Map.Entry<String, JsonNode> model : ModelSnapshotJson.object(name, "saves", node)) {
            String what = name + ", saves of model " + model.getKey();
            ModelSnapshotJson.checked(name, "name of a saved model", model.getKey());
            for (Map.Entry<String, JsonNode> id : ModelSnapshotJson.object(name, "saves", model.getValue())) {
                all = all.withSaves(model.getKey(), id(what, id.getKey()), generations(what, id.getValue()));
            }
        }
        return all;
    }

    private static String id(String what, String id) {
        try {
            return ModelSave.checkId(id);
        } catch (ServingException e) {
            throw new SnapshotCorruptException("Snapshot " + what + ": " + e.getMessage(), e);
        }
    }

    private static List<ModelSave> generations(String what, JsonNode node) {
        List<ModelSave> generations = new ArrayList<>();
        for (JsonNode save : node) {
            generations.add(new ModelSave(
                    ModelSnapshotJson.checked(
                            what, "version of a save", save.path("version").asText()),
                    LearnedJson.read(what, save.path("learned")),
                    Instant.ofEpochMilli(LearnedJson.number(what, save, "savedOn"))));
        }
        return generations;
    }
}
