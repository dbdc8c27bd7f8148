package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.operate.SnapshotSummary;
import dev.holdfast.host.operate.SnapshotSummary.Learned;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.Set;

/** Snapshots in the answers of {@code --json}: fields may be added to them, and none is taken away or changes its meaning. */
final class SnapshotJson {

    private static final Set<String> NUMBERS = Set.of("revision", "modelCount", "size", "trimmed");

    private SnapshotJson() {}

    /** The fields of a header by their names in the SDK, as {@code GET /snapshots} has them. */
    static ObjectNode header(SnapshotHeader header) {
        ObjectNode json = CommandJson.object();
        header.toMap().forEach((field, value) -> {
            if (NUMBERS.contains(field)) {
                json.put(field, Long.parseLong(value));
            } else {
                json.put(field, value);
            }
        });
        return json;
    }

    static ObjectNode summary(SnapshotSummary summary) {
        ObjectNode json = CommandJson.object();
        json.set("header", header(summary.header()));
        json.put("verified", summary.verified());
        ArrayNode models = json.putArray("models");
        summary.models().forEach(model -> {
            ObjectNode one = models.addObject();
            one.put("name", model.name());
            one.put("version", model.version());
            one.put("default", model.isDefault());
            one.set("settings", CommandJson.of(model.settings()));
            model.learned().ifPresent(learned -> one.set("learned", learned(learned)));
        });
        ArrayNode saves = json.putArray("saves");
        summary.saves().forEach(save -> {
            ObjectNode one = saves.addObject();
            one.put("model", save.model());
            one.put("id", save.id());
            one.put("version", save.version());
            one.put("savedOn", save.savedOn());
            one.set("learned", learned(save.learned()));
        });
        json.set("config", CommandJson.of(summary.config()));
        return json;
    }

    private static ObjectNode learned(Learned learned) {
        ObjectNode json = CommandJson.object();
        json.put("format", learned.format());
        json.put("bytes", learned.bytes());
        json.put("chunks", learned.chunks());
        return json;
    }
}
