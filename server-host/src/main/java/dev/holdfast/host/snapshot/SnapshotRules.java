package dev.holdfast.host.snapshot;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.text.ModelNames;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.SnapshotCorruptException;

/** The rules for a snapshot's JSON, and the exceptions for breaking them. */
final class SnapshotRules {

    private SnapshotRules() {}

    /** @throws SnapshotCorruptException unless the parser stands at the beginning of an object */
    static void inObject(String name, String what, JsonParser parser) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw noObject(name, what);
        }
    }

    static SnapshotCorruptException noObject(String name, String what) {
        return new SnapshotCorruptException("Snapshot " + name + ": " + what + " must be a JSON object, in {braces}");
    }

    /** The name of a model or a version, under the rule of registrations. */
    static String named(String name, String what, String value) {
        if (!ModelNames.isAllowed(value)) {
            throw broken(name, what, value, ModelNames.RULE);
        }
        return value;
    }

    /** @param rule what the value must do or be, as it ends a sentence */
    static SnapshotCorruptException broken(String name, String what, String value, String rule) {
        return new SnapshotCorruptException(
                "Snapshot " + name + " is not valid: " + what + " '" + OneLine.name(value) + "' must " + rule);
    }
}
