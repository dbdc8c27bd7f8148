package dev.holdfast.host.snapshot;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.serving.ModelSave;
import dev.holdfast.host.serving.ServingException;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotCorruptException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What was saved of models under ids, as the field {@code saves} of {@code model_snapshot}: {@code {model: {id: [{"version",
 * "savedOn", "learned"}, …]}}}, the newest first. TorchServe passes over it.
 */
final class SavesJson {

    /** More than any version of a host kept under one id. */
    private static final int MOST_GENERATIONS = 100;

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

    /** Reads the saves by model and id, from the parser's position at their beginning to their end. */
    static SortedMap<String, SortedMap<String, List<ModelSave>>> read(String name, JsonParser parser)
            throws IOException {
        SortedMap<String, SortedMap<String, List<ModelSave>>> saves = new TreeMap<>();
        int ids = 0;
        SnapshotRules.inObject(name, "saves", parser);
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String model = SnapshotRules.named(name, "name of a saved model", parser.currentName());
            String what = name + ", saves of model " + model;
            SortedMap<String, List<ModelSave>> ofModel = new TreeMap<>();
            parser.nextToken();
            SnapshotRules.inObject(name, "saves", parser);
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String id = id(what, parser.currentName());
                if (++ids > ServingState.MOST_VERSIONS) {
                    throw new SnapshotCorruptException(
                            "Snapshot " + name + " has more than " + ServingState.MOST_VERSIONS + " saves of models");
                }
                parser.nextToken();
                ofModel.put(id, generations(what, parser.readValueAsTree()));
            }
            saves.put(model, ofModel);
        }
        return saves;
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
        if (!node.isArray() || node.size() > MOST_GENERATIONS) {
            throw new SnapshotCorruptException(
                    "Snapshot " + what + ": an id must have an array of up to " + MOST_GENERATIONS + " saves");
        }
        for (JsonNode save : node) {
            generations.add(new ModelSave(
                    SnapshotRules.named(
                            what, "version of a save", save.path("version").asText()),
                    LearnedJson.read(what, save.path("learned")),
                    Instant.ofEpochMilli(LearnedJson.number(what, save, "savedOn"))));
        }
        return generations;
    }
}
