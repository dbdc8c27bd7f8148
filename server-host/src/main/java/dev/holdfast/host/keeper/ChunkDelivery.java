package dev.holdfast.host.keeper;

import dev.holdfast.host.history.StoreHead;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Set;

/** Sees that the chunks which a snapshot needs are in the store before it is. Used by the keeper's thread alone. */
final class ChunkDelivery {

    private final SnapshotSerializer store;
    private final ChunkBringer chunks;
    /** What was restored may be older than the last snapshot, or come from elsewhere. */
    private boolean elsewhere = true;

    ChunkDelivery(SnapshotSerializer store, ChunkBringer chunks) {
        this.store = store;
        this.chunks = chunks;
    }

    /** The next snapshot may need chunks that the one before it did not. */
    void fromElsewhere() {
        elsewhere = true;
    }

    /** A snapshot is in the store, and so is what it needs. */
    void delivered() {
        elsewhere = false;
    }

    /** @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take them */
    void deliverFor(Snapshot snapshot) {
        Set<StateReference> needed = elsewhere ? StateReferences.of(snapshot) : Set.of();
        chunks.bring(needed, needed.isEmpty() ? Set.of() : StoreHead.references(store));
    }

    /** The same for a snapshot that goes to another place than after the last one of this host. */
    void deliverElsewhereFor(Snapshot snapshot) {
        fromElsewhere();
        deliverFor(snapshot);
    }
}
