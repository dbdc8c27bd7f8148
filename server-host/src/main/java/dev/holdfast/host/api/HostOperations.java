package dev.holdfast.host.api;

import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.StuckRun;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the host is. Quick: asks no store, waits for nothing. Safe for use by several threads. */
public final class HostOperations {

    private final ModelServing serving;
    private final Snapshots snapshots;
    private final List<PluginStatus> plugins;
    private final String version;
    private final boolean strictReadiness;

    HostOperations(
            ModelServing serving,
            Snapshots snapshots,
            List<PluginStatus> plugins,
            String version,
            boolean strictReadiness) {
        this.serving = serving;
        this.snapshots = snapshots;
        this.plugins = List.copyOf(plugins);
        this.version = version;
        this.strictReadiness = strictReadiness;
    }

    /**
     * Whether the host is to be kept, and what its operator should know.
     *
     * @param mode how it writes snapshots
     */
    public record Health(boolean healthy, StoreStatus.Mode mode, List<String> notices) {}

    public Health health() {
        StoreStatus store = snapshots.status();
        // An unhealthy host is restarted, so a store that is away must not make one unhealthy that serves something.
        boolean servesNothing = store.empty() && serving.state().models().isEmpty();
        List<String> notices = new ArrayList<>(store.notices());
        notices.addAll(stuck());
        return new Health(serving.healthy() && !servesNothing, store.mode(), notices);
    }

    /** A sentence for each model version that has stuck runs. */
    private List<String> stuck() {
        Map<String, List<StuckRun>> byModel = new LinkedHashMap<>();
        serving.stuckRuns()
                .forEach(run -> byModel.computeIfAbsent(
                                "model " + run.model() + " version " + run.version(), name -> new ArrayList<>())
                        .add(run));
        return byModel.entrySet().stream()
                .map(model -> model.getValue().size() + (model.getValue().size() == 1 ? " run" : " runs") + " of "
                        + model.getKey() + " stuck, the oldest since "
                        + model.getValue().get(0).since() + ".")
                .toList();
    }

    /** Whether requests may be sent here: its models are loaded or failed by name, and it serves the newest state that it knows of. */
    public boolean isReady() {
        return serving.ready(strictReadiness) && snapshots.status().isCurrent();
    }

    /** What operators should know of the store. */
    public List<String> notices() {
        return snapshots.status().notices();
    }

    /** Runs that were told to end and did not, also of versions that are not served any more. */
    public List<StuckRun> stuckRuns() {
        return serving.stuckRuns();
    }

    /** As they were at the start. */
    public List<PluginStatus> plugins() {
        return plugins;
    }

    /** What the host has of the Open Inference Protocol beside its core, by the names that the protocol has for it. */
    public List<String> extensions() {
        return List.of("binary_tensor_data", "model_repository", "statistics");
    }

    public String version() {
        return version;
    }
}
