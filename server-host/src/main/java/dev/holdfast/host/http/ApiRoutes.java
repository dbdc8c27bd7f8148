package dev.holdfast.host.http;

import dev.holdfast.host.api.Operations;
import dev.holdfast.host.config.ConfigKey;
import dev.holdfast.host.config.HostConfig;
import dev.holdfast.host.metrics.RestoreMeasures;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The calls of each of the three APIs, by the key of the address that they are answered on. */
record ApiRoutes(
        HostConfig config,
        Operations operations,
        Metrics metrics,
        ChangeAnswers changes,
        Predictions predictions,
        Optional<TokenAuthorization> authorization,
        RestoreMeasures restores) {

    /** The calls that are answered on one address, with their document. */
    List<Route> of(List<ConfigKey> apis) {
        List<Route> routes = new ArrayList<>();
        for (ConfigKey api : apis) {
            switch (api) {
                case MANAGEMENT_ADDRESS -> routes.addAll(management());
                case INFERENCE_ADDRESS -> {
                    routes.addAll(inference());
                    // Where tokens tell who may. Clients know one address for all of the protocol.
                    if (authorization.isPresent() && !apis.contains(ConfigKey.MANAGEMENT_ADDRESS)) {
                        routes.addAll(repository());
                    }
                }
                default -> routes.addAll(new MetricsApi(metrics).routes());
            }
        }
        routes.addAll(new Documentation(operations.host().version(), routes).routes());
        return routes;
    }

    private List<Route> management() {
        List<Route> routes = new ArrayList<>();
        // Before the versions of a model, which could have the same names.
        routes.addAll(new SavesApi(operations.saves(), changes).routes());
        routes.addAll(new ManagementApi(
                        operations.models(),
                        operations.inference(),
                        changes,
                        config.http().maxRequestSize())
                .routes());
        routes.addAll(workflows().management());
        routes.addAll(new SnapshotApi(operations.snapshots(), changes, restores).routes());
        routes.addAll(new PluginsApi(operations.host()).routes());
        routes.addAll(new DiagnosisApi(operations).routes());
        authorization.ifPresent(guard -> routes.addAll(guard.routes()));
        routes.addAll(repository());
        return routes;
    }

    private List<Route> repository() {
        return config.http().openInferenceProtocol()
                ? new RepositoryApi(
                                operations.repository(), changes, config.http().maxRequestSize())
                        .routes()
                : List.of();
    }

    private WorkflowApi workflows() {
        return new WorkflowApi(
                operations.workflows(),
                changes,
                new HandlerForms(
                        config.http().maxRequestSize(),
                        config.http().maxResponseSize(),
                        config.http().tokenAuthorization()),
                config.http().maxRequestSize(),
                config.http().maxResponseSize());
    }

    private List<Route> inference() {
        InferenceForms forms = new InferenceForms(
                config.http().maxRequestSize(),
                config.http().maxResponseSize(),
                config.http().tokenAuthorization());
        List<Route> routes = new ArrayList<>();
        // The first, because the library tries them in this order, and most calls are predictions.
        routes.addAll(new InferenceApi(operations, predictions, forms).routes());
        if (config.http().openInferenceProtocol()) {
            routes.addAll(new OpenInferenceApi(operations, predictions, forms, authorization.isPresent()).routes());
        }
        routes.addAll(workflows().inference());
        routes.addAll(new TrainingApi(operations.inference(), forms).routes());
        return routes;
    }
}
