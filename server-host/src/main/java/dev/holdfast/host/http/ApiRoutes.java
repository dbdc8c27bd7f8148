package dev.holdfast.host.http;

import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelServing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The calls of each of the three APIs, by the key of the address that they are answered on. */
final class ApiRoutes {

    private final HostConfig config;
    private final ModelServing serving;
    private final LearnedStates learned;
    private final Snapshots snapshots;
    private final Metrics metrics;
    private final ChangeAnswers changes;
    private final Predictions predictions;
    private final Optional<TokenAuthorization> authorization;
    private final List<PluginStatus> plugins;
    private final String version;

    ApiRoutes(
            HostConfig config,
            ModelServing serving,
            LearnedStates learned,
            Snapshots snapshots,
            Metrics metrics,
            ChangeAnswers changes,
            Predictions predictions,
            Optional<TokenAuthorization> authorization,
            List<PluginStatus> plugins,
            String version) {
        this.config = config;
        this.serving = serving;
        this.learned = learned;
        this.snapshots = snapshots;
        this.metrics = metrics;
        this.changes = changes;
        this.predictions = predictions;
        this.authorization = authorization;
        this.plugins = plugins;
        this.version = version;
    }

    /** The calls that are answered on one address, with their document. */
    List<Route> of(List<ConfigKey> apis) {
        List<Route> routes = new ArrayList<>();
        for (ConfigKey api : apis) {
            switch (api) {
                case MANAGEMENT_ADDRESS -> routes.addAll(management());
                case INFERENCE_ADDRESS -> routes.addAll(inference());
                default -> routes.addAll(new MetricsApi(metrics).routes());
            }
        }
        routes.addAll(new Documentation(version, routes).routes());
        return routes;
    }

    private List<Route> management() {
        List<Route> routes = new ArrayList<>();
        // Before the versions of a model, which could have the same names.
        routes.addAll(new SavesApi(serving, learned, changes).routes());
        routes.addAll(new ManagementApi(serving, snapshots, changes, config.enableModelApi(), config.maxRequestSize())
                .routes());
        routes.addAll(new SnapshotApi(snapshots, learned::saveAll, changes).routes());
        routes.addAll(new PluginsApi(plugins).routes());
        authorization.ifPresent(guard -> routes.addAll(guard.routes()));
        return routes;
    }

    private List<Route> inference() {
        TensorWriter writer = new TensorWriter(config.maxResponseSize());
        List<Route> routes = new ArrayList<>();
        // The first, because the library tries them in this order, and most calls are predictions.
        routes.addAll(new InferenceApi(
                        serving, snapshots, predictions, writer, config.maxRequestSize(), config.maxResponseSize())
                .routes());
        if (config.openInferenceProtocol()) {
            routes.addAll(
                    new OpenInferenceApi(serving, snapshots, predictions, writer, config.maxRequestSize(), version)
                            .routes());
        }
        routes.addAll(new TrainingApi(serving, config.maxRequestSize()).routes());
        return routes;
    }
}
