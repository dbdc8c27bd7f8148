package dev.holdfast.host.snapshot;

import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import java.util.Set;

/** The learned states that a snapshot refers to. */
public final class StateReferences {

    private StateReferences() {}

    /**
     * @throws dev.holdfast.sdk.SnapshotStoreException if the text is damaged, or of a later format
     */
    public static Set<StateReference> of(Snapshot snapshot) {
        return Housekeeping.references(
                SnapshotText.parse(snapshot.header().name(), snapshot.text()).state());
    }
}
