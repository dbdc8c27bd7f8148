package dev.holdfast.host.api;

import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.plugins.PluginStatus;
import dev.holdfast.host.serving.LearnedStates;
import dev.holdfast.host.serving.ModelServing;
import java.time.Duration;
import java.util.List;

/**
 * All that can be asked of a host. What fails throws {@link ApiFailure}, or something that {@link ApiFailure#of} makes one of.
 */
public record Operations(
        ModelOperations models,
        SaveOperations saves,
        SnapshotOperations snapshots,
        HostOperations host,
        InferenceOperations inference,
        EngineOperations engines,
        RepositoryOperations repository,
        WorkflowOperations workflows) {

    /** What a change waits for a snapshot beyond the time that the store has. */
    private static final Duration BEYOND_STORE = Duration.ofSeconds(5);

    /**
     * The operations of a host.
     *
     * @param plugins those that it found when it started
     * @param version the host's, for documents
     * @param mayRegister whether models may be registered and unregistered
     * @param snapshotTimeout how long the store may take for a snapshot
     * @param strictReadiness whether a version that is not loaded makes the host unready
     */
    public static Operations of(
            ModelServing serving,
            LearnedStates learned,
            Snapshots snapshots,
            List<PluginStatus> plugins,
            String version,
            boolean mayRegister,
            Duration snapshotTimeout,
            boolean strictReadiness) {
        DurableChanges changes = new DurableChanges(snapshotTimeout.plus(BEYOND_STORE));
        ModelOperations models = new ModelOperations(serving, snapshots, changes, mayRegister);
        return new Operations(
                models,
                new SaveOperations(serving, learned, changes),
                new SnapshotOperations(serving, snapshots, learned::saveAll, changes),
                new HostOperations(serving, snapshots, plugins, version, strictReadiness),
                new InferenceOperations(serving),
                new EngineOperations(serving, learned),
                new RepositoryOperations(serving, models),
                new WorkflowOperations(serving, models, changes));
    }
}
