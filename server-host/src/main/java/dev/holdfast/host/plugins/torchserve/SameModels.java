package dev.holdfast.host.plugins.torchserve;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.holdfast.sdk.SnapshotHeader;
import java.math.BigDecimal;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares the models that a plugin gives back with those of a snapshot of this host, by meaning.
 *
 * <p>Plugins write the JSON anew before they store it, with a library and with classes of their own. So the order of fields,
 * the notation of numbers and letters, and null fields do not count; neither do missing fields, except that no model and no
 * version may be missing.
 */
final class SameModels {

    private static final int LONGEST_NUMBER = 40;

    private SameModels() {}

    /**
     * @param ours the models of the text that the header belongs to
     * @param stored what the plugin gives back
     */
    static boolean test(SnapshotHeader header, JsonObject ours, JsonObject stored) {
        return (says(stored, "name", header.name())
                        || says(
                                stored,
                                "created",
                                Long.toString(header.createdOn().toEpochMilli())))
                && sameModels(object(ours, "models"), object(stored, "models"));
    }

    /** TorchServe keeps the property that carries our text in snapshots of its own, under a name and a time of their own. */
    private static boolean says(JsonObject stored, String field, String ours) {
        JsonElement value = stored.get(field);
        return isNothing(value) || (value instanceof JsonPrimitive one && sameValue(new JsonPrimitive(ours), one));
    }

    private static JsonObject object(JsonObject json, String field) {
        return json.get(field) instanceof JsonObject object ? object : new JsonObject();
    }

    private static boolean sameModels(JsonObject ours, JsonObject stored) {
        return sameNames(ours, stored)
                && ours.keySet().stream().allMatch(model -> sameVersions(object(ours, model), object(stored, model)));
    }

    private static boolean sameVersions(JsonObject ours, JsonObject stored) {
        return sameNames(ours, stored)
                && ours.keySet().stream().allMatch(version -> agree(object(ours, version), object(stored, version)));
    }

    private static boolean sameNames(JsonObject ours, JsonObject stored) {
        return ours.keySet().equals(somethingIn(stored));
    }

    private static Set<String> somethingIn(JsonObject json) {
        return json.keySet().stream()
                .filter(name -> !json.get(name).isJsonNull())
                .collect(Collectors.toSet());
    }

    private static boolean agree(JsonObject ours, JsonObject stored) {
        return stored.entrySet().stream().allMatch(field -> agree(ours.get(field.getKey()), field.getValue()));
    }

    /**
     * Whether they do not contradict each other. A plugin's own class writes 0, false and "" for fields that ours leaves out.
     */
    private static boolean agree(@Nullable JsonElement ours, JsonElement stored) {
        if (isNothing(stored)) {
            return true;
        }
        if (isNothing(ours)) {
            return stored instanceof JsonPrimitive value && isDefault(value);
        }
        if (ours instanceof JsonObject our && stored instanceof JsonObject their) {
            return agree(our, their);
        }
        if (ours instanceof JsonArray our && stored instanceof JsonArray their) {
            return sameElements(our, their);
        }
        return ours instanceof JsonPrimitive our && stored instanceof JsonPrimitive their && sameValue(our, their);
    }

    private static boolean sameElements(JsonArray ours, JsonArray stored) {
        if (ours.size() != stored.size()) {
            return false;
        }
        for (int i = 0; i < ours.size(); i++) {
            if (!agree(ours.get(i), stored.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNothing(@Nullable JsonElement element) {
        return element == null || element.isJsonNull();
    }

    private static boolean isDefault(JsonPrimitive value) {
        String text = value.getAsString();
        BigDecimal number = number(text);
        return text.isEmpty() || text.equals("false") || (number != null && number.signum() == 0);
    }

    private static boolean sameValue(JsonPrimitive ours, JsonPrimitive stored) {
        String our = ours.getAsString();
        String their = stored.getAsString();
        if (our.equals(their)) {
            return true;
        }
        // 100, 100.0 and 1E2 are one number, also where a library writes it as a text.
        BigDecimal number = number(our);
        BigDecimal other = number(their);
        return number != null && other != null && number.compareTo(other) == 0;
    }

    private static @Nullable BigDecimal number(String text) {
        if (text.isEmpty() || text.length() > LONGEST_NUMBER) {
            return null;
        }
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
