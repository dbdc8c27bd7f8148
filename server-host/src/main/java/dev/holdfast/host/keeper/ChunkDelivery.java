package dev.holdfast.host.keeper;

import dev.holdfast.host.history.StoreHead;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Set;

/** Brings the chunks that a snapshot needs into the store before it. Used by the keeper's thread alone. */
final class ChunkDelivery {

    private final SnapshotSerializer store;
    private final ChunkBringer chunks;
    /** Whether the next snapshot may need chunks that the store lacks: what was restored may be older, or from elsewhere. */
    private boolean elsewhere = true;

    ChunkDelivery(SnapshotSerializer store, ChunkBringer chunks) {
        this.store = store;
        this.chunks = chunks;
    }

    void fromElsewhere() {
        elsewhere = true;
    }

    /** A snapshot is in the store, with what it needs. */
    void delivered() {
        elsewhere = false;
    }

    /** @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take them */
    void deliverFor(Snapshot snapshot) {
        Set<StateReference> needed = elsewhere ? StateReferences.of(snapshot) : Set.of();
        chunks.bring(needed, needed.isEmpty() ? Set.of() : StoreHead.references(store));
    }

    /** The same for a snapshot that does not follow this host's last one. */
    void deliverElsewhereFor(Snapshot snapshot) {
        fromElsewhere();
        deliverFor(snapshot);
    }
}
