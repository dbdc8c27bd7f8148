package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** What a snapshot refers to in chunks: the learned states of models, and their archives where these are shared. */
public final class StateReferences {

    private StateReferences() {}

    /**
     * @throws dev.holdfast.sdk.SnapshotStoreException if the text is damaged, or of a later format
     */
    public static Set<StateReference> of(Snapshot snapshot) {
        return users(snapshot).keySet();
    }

    /** Those of a serving state. */
    public static Set<StateReference> of(ServingState state) {
        return users(state).keySet();
    }

    /**
     * The same, and what each of them is the state of, in words.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the text is damaged, or of a later format
     */
    public static Map<StateReference, String> users(Snapshot snapshot) {
        return users(
                SnapshotText.parse(snapshot.header().name(), snapshot.text()).state());
    }

    private static Map<StateReference, String> users(ServingState state) {
        Map<StateReference, String> users = new HashMap<>();
        state.saves()
                .forEach((model, ids) -> ids.forEach((id, generations) ->
                        generations.forEach(save -> users.put(save.state(), "save " + id + " of model " + model))));
        state.models()
                .forEach((name, model) -> model.versions().forEach((number, version) -> {
                    String what = "model " + name + ", version " + number;
                    version.learned().ifPresent(learned -> users.put(learned, what));
                    version.shared()
                            .ifPresent(chunks -> users.put(chunks, what + ", its archive " + version.archive()));
                }));
        return users;
    }
}
