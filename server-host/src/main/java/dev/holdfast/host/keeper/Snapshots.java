package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The snapshots of a running host, for operators. Safe for use by several threads. */
public interface Snapshots {

    /** How the host stands with its store; quick, asks no store. */
    StoreStatus status();

    /**
     * The snapshots of the group in the store that the host writes to now.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store cannot be read
     * @throws IllegalArgumentException if the page token is not the store's
     */
    SnapshotPage list(ListRequest request);

    /**
     * One snapshot.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if there is none of that name, or it cannot be read
     */
    Snapshot get(String name);

    /**
     * What one snapshot serves.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if there is none of that name, or it cannot be read
     */
    default ServingState serves(String name) {
        return HistoryPoint.of(get(name)).state();
    }

    /**
     * Removes one snapshot from the store, readable or not.
     *
     * @throws IllegalStateException if it is the last one of the group, or the host does not write to its store now
     * @throws UnsupportedOperationException if the store cannot remove snapshots
     * @throws dev.holdfast.sdk.SnapshotStoreException if there is none of that name, or the store fails
     */
    void delete(String name);

    /**
     * Takes a snapshot now under a name of the operator's choice.
     *
     * @param name matches {@code [A-Za-z0-9][A-Za-z0-9._-]{0,127}} and is not in use
     * @return completes when it is durable or cannot be made so; with a
     *     {@link dev.holdfast.sdk.SnapshotConflictException} if the name is in use, when nothing was saved
     * @throws IllegalArgumentException if the name breaks its rule
     */
    CompletableFuture<Durability> save(String name);

    /**
     * Ends the detachment from the store by the operator's decision; lets a host that is behind go over, too.
     *
     * @param patience how long to wait for it
     * @return what was done, in one sentence
     * @throws IllegalStateException if there is nothing to decide, or it cannot be done as decided; nothing has changed then
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store cannot be reached; or it was not done in time, and the
     *     message says whether it has begun, and goes on
     */
    String attach(Take take, Duration patience);

    /** Whose state wins after a detachment; the other side's is kept under a name, and can be restored. */
    enum Take {
        /** The last snapshot of the store: the host adopts it. What the host served is kept on it. */
        STORE,
        /** What this host serves: it becomes the store's next revision. What the store had is kept there as a save. */
        LOCAL,
        /** Both, where they have not changed the same; the result becomes the store's next revision. */
        MERGE
    }
}
