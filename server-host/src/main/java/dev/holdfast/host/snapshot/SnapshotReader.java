package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;

/** The snapshots that a running host has to show: those of its store, and those of its spool while it writes there. */
final class SnapshotReader {

    private final SnapshotSerializer store;
    private final Spool spool;
    private final Standing standing;

    SnapshotReader(SnapshotSerializer store, Spool spool, Standing standing) {
        this.store = store;
        this.spool = spool;
        this.standing = standing;
    }

    SnapshotPage list(ListRequest request) {
        return standing.isAttached() ? store.list(request) : spool.list(request);
    }

    Snapshot get(String name) {
        if (standing.isAttached()) {
            return store.get(name);
        }
        try {
            return spool.get(name);
        } catch (SnapshotNotFoundException e) {
            return store.get(name);
        }
    }

    /**
     * Whether there is a snapshot of this name where the host writes now, readable or not; a store that does not answer has
     * none. A store to which the host is not attached is not asked: every change would wait for its answer.
     */
    boolean has(String name) {
        try {
            if (standing.isAttached()) {
                store.get(name);
            } else {
                spool.get(name);
            }
            return true;
        } catch (SnapshotNotFoundException | StoreUnavailableException e) {
            return false;
        } catch (SnapshotStoreException e) {
            return true;
        }
    }
}
