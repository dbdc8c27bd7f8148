package dev.holdfast.host.operate;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.ServedVersion;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.StateDifferences;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a snapshot holds, for a person and for a program.
 *
 * @param header whole
 * @param verified whether its text proves that it is whole; one of TorchServe's cannot
 * @param models each version
 * @param saves what was saved of models under ids
 * @param config the configuration keys that it keeps
 */
public record SnapshotSummary(
        SnapshotHeader header, boolean verified, List<Model> models, List<Save> saves, Map<String, String> config) {

    public SnapshotSummary {
        models = List.copyOf(models);
        saves = List.copyOf(saves);
    }

    /**
     * A version of a model.
     *
     * @param settings by their names, as a person reads them
     * @param learned empty if it has learned nothing
     */
    public record Model(
            String name, String version, boolean isDefault, Map<String, String> settings, Optional<Learned> learned) {}

    /** A stored state, and how large it is before it is packed. */
    public record Learned(String format, long bytes, long chunks) {

        static Learned of(StateReference state) {
            return new Learned(state.format().name(), state.bytes(), state.chunks());
        }
    }

    /** A named save of a model. */
    public record Save(String model, String id, String version, String savedOn, Learned learned) {}

    /** @throws dev.holdfast.sdk.SnapshotStoreException if its text is damaged, or of a later format */
    public static SnapshotSummary of(Snapshot snapshot) {
        HistoryPoint point = HistoryPoint.of(snapshot);
        return new SnapshotSummary(
                point.header(),
                point.content().verified(),
                models(point.state()),
                saves(point.state()),
                point.content().config());
    }

    private static List<Model> models(ServingState state) {
        List<Model> models = new ArrayList<>();
        Map<ServingComparison.Key, StateReference> learned = ServingComparison.learned(state);
        state.models()
                .forEach((name, model) -> model.versions()
                        .forEach((version, settings) -> models.add(new Model(
                                name,
                                version,
                                version.equals(model.defaultVersion()),
                                settings(settings),
                                Optional.ofNullable(learned.get(new ServingComparison.Key(name, version)))
                                        .map(Learned::of)))));
        return models;
    }

    private static Map<String, String> settings(ServedVersion version) {
        return StateDifferences.settings(version);
    }

    private static List<Save> saves(ServingState state) {
        List<Save> saves = new ArrayList<>();
        state.saves()
                .forEach((model, ids) -> ids.forEach((id, generations) -> generations.forEach(save -> saves.add(
                        new Save(model, id, save.version(), save.savedOn().toString(), Learned.of(save.state()))))));
        return saves;
    }
}
