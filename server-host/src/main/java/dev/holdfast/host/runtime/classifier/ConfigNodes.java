package dev.holdfast.host.runtime.classifier;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.text.OneLine;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The values of a configuration, as its readers look at them. */
final class ConfigNodes {

    private static final Logger log = LoggerFactory.getLogger(ConfigNodes.class);

    private ConfigNodes() {}

    static String shown(JsonNode value) {
        return value.isMissingNode() ? "missing" : OneLine.name(value.toString());
    }

    /** The original passes over what it does not know; here it is at least said. */
    static void passOver(String where, JsonNode object, Set<String> known) {
        Set<String> others = new TreeSet<>();
        object.fieldNames().forEachRemaining(others::add);
        others.removeAll(known);
        if (!others.isEmpty()) {
            log.warn("{} has keys that have no effect: {}", where, OneLine.name(String.join(", ", others)));
        }
    }

    /** The values of an array; none where it is absent. */
    static List<JsonNode> list(JsonNode array) {
        return array.isArray()
                ? StreamSupport.stream(array.spliterator(), false).toList()
                : List.of();
    }
}
