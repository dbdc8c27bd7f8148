package dev.holdfast.host.plugins;

import dev.holdfast.host.plugins.PluginStatus.State;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Collects the status of each drop-in while they are loaded. */
final class PluginInventory {

    /** What is known of one drop-in until now. */
    private static final class Known {

        private Optional<String> version = Optional.empty();
        private Optional<String> sdkVersion = Optional.empty();
        private final List<String> serializers = new ArrayList<>();
        private final List<String> remarks = new ArrayList<>();
        private boolean refused;

        private State state() {
            if (!refused) {
                return State.LOADED;
            }
            return serializers.isEmpty() ? State.REJECTED : State.LOADED_IN_PART;
        }
    }

    private final Map<Path, Known> byPath = new HashMap<>();

    private Known at(Path path) {
        return byPath.computeIfAbsent(path, any -> new Known());
    }

    void opened(OpenedDropIn opened) {
        Known known = at(opened.dropIn().path());
        known.version = opened.version();
        known.sdkVersion = opened.sdkVersion();
    }

    void loaded(LoadedPlugin plugin) {
        at(plugin.path()).serializers.addAll(plugin.serializers());
    }

    /** The drop-in, or a part of it, does not serve. */
    void refused(Path path, String reason) {
        at(path).refused = true;
        remark(path, reason);
    }

    /** Something that the operator should know of a drop-in, whether it serves or not. */
    void remark(Path path, String text) {
        at(path).remarks.add(text);
    }

    /** Ordered by path. */
    List<PluginStatus> all() {
        List<PluginStatus> all = new ArrayList<>();
        new TreeMap<>(byPath)
                .forEach((path, known) -> all.add(new PluginStatus(
                        DropIn.nameOf(path),
                        known.serializers,
                        known.version,
                        known.sdkVersion,
                        path,
                        known.state(),
                        known.remarks.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", known.remarks)))));
        return all;
    }
}
