package dev.holdfast.host.plugins;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A drop-in that was found, and what became of it.
 *
 * @param name the file's name without {@code .jar}
 * @param serializers what it brings, as far as that could be loaded
 * @param version what its manifest says under {@code Implementation-Version}
 * @param sdkVersion what its manifest says under {@code Holdfast-SDK-Version}
 * @param path the jar, or the directory of jars
 * @param reason what is wrong with it and what to do; a plugin that is loaded may have one too
 */
public record PluginStatus(
        String name,
        List<String> serializers,
        Optional<String> version,
        Optional<String> sdkVersion,
        Path path,
        State state,
        Optional<String> reason) {

    /** Whether a drop-in serves. */
    public enum State {
        LOADED("loaded"),
        /** It serves with some of its serializers. */
        LOADED_IN_PART("loaded in part"),
        REJECTED("rejected");

        private final String words;

        State(String words) {
            this.words = words;
        }

        /** As it stands in answers and tables. */
        public String words() {
            return words;
        }
    }

    public PluginStatus {
        serializers = List.copyOf(serializers);
    }

    /** All of them as they stand in JSON. */
    public static Map<String, Object> toMap(List<PluginStatus> plugins) {
        return Map.of("plugins", plugins.stream().map(PluginStatus::toMap).toList());
    }

    /** What is not known is left out. */
    private Map<String, Object> toMap() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("serializers", serializers);
        version.ifPresent(value -> json.put("version", value));
        sdkVersion.ifPresent(value -> json.put("sdkVersion", value));
        json.put("path", path.toString());
        json.put("state", state.words());
        reason.ifPresent(value -> json.put("reason", value));
        return json;
    }
}
