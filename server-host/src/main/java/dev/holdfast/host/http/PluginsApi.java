package dev.holdfast.host.http;

import dev.holdfast.host.plugins.PluginStatus;
import java.util.List;

/** The plugins that the host found when it started, and what became of each. */
final class PluginsApi {

    private final List<PluginStatus> plugins;

    PluginsApi(List<PluginStatus> plugins) {
        this.plugins = List.copyOf(plugins);
    }

    List<Route> routes() {
        return List.of(Route.get(
                "/plugins", Scope.MANAGEMENT, context -> Answers.json(context, 200, PluginStatus.toMap(plugins))));
    }
}
