package dev.holdfast.host.runtime.onnx;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.archive.Archive;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.SettingsFile;
import dev.holdfast.host.runtime.StatefulModel.SaveRule;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How the calls of a session hang together, from the archive's {@code session.json}.
 *
 * @param carry for each input that is carried from call to call, the output of the call before that it takes
 * @param shapes the first shape of those inputs whose shape the model leaves open
 * @param maxSessions how many sessions there may be at once
 * @param idle how long a session that nobody calls is kept
 * @param maxSessionBytes how large the state of a session may grow
 * @param saveRule when what the sessions carry is stored
 */
record SessionSettings(
        SortedMap<String, String> carry,
        Map<String, List<Long>> shapes,
        int maxSessions,
        Duration idle,
        long maxSessionBytes,
        SaveRule saveRule) {

    static final String FILE = "session.json";

    private static final List<String> KEYS =
            List.of("carry", "shapes", "maxSessions", "idleSeconds", "maxSessionBytes");
    private static final int MOST_CARRIED = 1000;

    /** @throws ModelLoadException naming the setting that is wrong, its value, and the rule */
    static SessionSettings read(Archive archive) {
        SettingsFile settings = SettingsFile.ofLearner(archive, FILE, KEYS);
        return new SessionSettings(
                carry(settings),
                shapes(settings),
                (int) settings.wholeNumber("maxSessions", 1, 1_000_000, 1000),
                Duration.ofSeconds(settings.wholeNumber("idleSeconds", 1, 31_536_000, 3600)),
                settings.wholeNumber("maxSessionBytes", 1, 1 << 30, 1 << 20),
                settings.saveRule());
    }

    private static SortedMap<String, String> carry(SettingsFile settings) {
        SortedMap<String, String> carry = new TreeMap<>();
        JsonNode value = settings.value("carry");
        for (Map.Entry<String, JsonNode> pair : value.properties()) {
            if (pair.getValue().isTextual()) {
                carry.put(pair.getKey(), pair.getValue().textValue());
            }
        }
        boolean distinct = carry.values().stream().distinct().count() == carry.size();
        if (carry.isEmpty() || carry.size() != value.size() || carry.size() > MOST_CARRIED || !distinct) {
            throw settings.refused(
                    "carry", "an object from each input that is carried to the output it is carried from");
        }
        return carry;
    }

    private static Map<String, List<Long>> shapes(SettingsFile settings) {
        Map<String, List<Long>> shapes = new TreeMap<>();
        JsonNode value = settings.value("shapes");
        for (Map.Entry<String, JsonNode> pair : value.properties()) {
            boolean fits = pair.getValue().isArray()
                    && settings.value("carry").has(pair.getKey())
                    && pair.getValue().valueStream().allMatch(SessionSettings::isSize);
            if (fits) {
                shapes.put(
                        pair.getKey(),
                        pair.getValue().valueStream().map(JsonNode::longValue).toList());
            }
        }
        if (settings.has("shapes") && (!value.isObject() || shapes.size() != value.size())) {
            throw settings.refused("shapes", "an object from inputs that are carried to lists of sizes");
        }
        return shapes;
    }

    private static boolean isSize(JsonNode size) {
        return size.isIntegralNumber() && size.canConvertToInt() && size.intValue() >= 0;
    }
}
