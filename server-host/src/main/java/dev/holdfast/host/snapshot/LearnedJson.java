package dev.holdfast.host.snapshot;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateReference.ChunkTree;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotCorruptException;

/**
 * What a snapshot says of the learned state of a model version, or of its archive in chunks: {@code {"format", "formatVersion", "fingerprint", "bytes",
 * "chunks", "root", "depth"}}. Read strictly: nobody writes this by hand, and a guess could lose a state.
 */
final class LearnedJson {

    private LearnedJson() {}

    static void write(ObjectNode node, StateReference state) {
        node.put("format", state.format().name());
        node.put("formatVersion", state.format().version());
        node.put("fingerprint", state.format().fingerprint());
        node.put("bytes", state.bytes());
        node.put("chunks", state.chunks());
        node.put("root", state.root().id());
        node.put("depth", state.root().depth());
    }

    /** @param what the snapshot and the model, for messages */
    static StateReference read(String what, JsonNode node) {
        try {
            return new StateReference(
                    new StateFormat(
                            text(what, node, "format"),
                            Math.toIntExact(number(what, node, "formatVersion")),
                            text(what, node, "fingerprint")),
                    number(what, node, "bytes"),
                    number(what, node, "chunks"),
                    new ChunkTree(text(what, node, "root"), Math.toIntExact(number(what, node, "depth"))));
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + what + ": what it says of chunks cannot be: " + OneLine.of(e), e);
        }
    }

    private static String text(String what, JsonNode node, String field) {
        if (!node.path(field).isTextual()) {
            throw new SnapshotCorruptException("Snapshot " + what + ": " + field + " must be a text");
        }
        return node.path(field).textValue();
    }

    static long number(String what, JsonNode node, String field) {
        if (!node.path(field).isIntegralNumber() || !node.path(field).canConvertToLong()) {
            throw new SnapshotCorruptException("Snapshot " + what + ": " + field + " must be a whole number");
        }
        return node.path(field).longValue();
    }
}
