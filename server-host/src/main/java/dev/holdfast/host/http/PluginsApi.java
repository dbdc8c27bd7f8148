package dev.holdfast.host.http;

import dev.holdfast.host.api.HostOperations;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.wire.Scope;
import java.util.List;

/** The plugins that the host found when it started, and what became of each. */
record PluginsApi(HostOperations host) {

    List<Route> routes() {
        return List.of(Route.get(
                "/plugins",
                Scope.MANAGEMENT,
                context -> Answers.json(context, 200, PluginStatus.toMap(host.plugins()))));
    }
}
