package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotPage;
import java.util.List;
import java.util.function.Supplier;

/** The snapshots: listing, reading, deleting, saving one now, and ending a detachment. Safe for use by several threads. */
public final class SnapshotOperations {

    private final Snapshots snapshots;
    private final Supplier<List<String>> saveStates;
    private final DurableChanges changes;

    /**
     * @param saveStates stores what models have learned until now, and says what could not be stored
     */
    SnapshotOperations(Snapshots snapshots, Supplier<List<String>> saveStates, DurableChanges changes) {
        this.snapshots = snapshots;
        this.saveStates = saveStates;
        this.changes = changes;
    }

    /** How the host stands with its store; quick, asks no store. */
    public StoreStatus status() {
        return snapshots.status();
    }

    public SnapshotPage list(ListRequest request) {
        try {
            return snapshots.list(request);
        } catch (IllegalArgumentException e) {
            throw failure(Kind.BAD_REQUEST, e);
        }
    }

    public Snapshot get(String name) {
        return snapshots.get(name);
    }

    public void delete(String name) {
        try {
            snapshots.delete(name);
        } catch (IllegalStateException e) {
            throw failure(Kind.CONFLICT, e);
        } catch (UnsupportedOperationException e) {
            throw failure(Kind.NOT_SUPPORTED, e);
        }
    }

    /** Takes a snapshot under a name of the operator's choice, with what models have learned; returns when it is durable. */
    public ChangeResult save(String name) {
        if (snapshots.status().mode() == StoreStatus.Mode.OFF) {
            throw new ApiFailure(
                    Kind.CONFLICT,
                    "Snapshots are switched off by --no-config-snapshots; start the host without it to save any.");
        }
        List<String> failures = saveStates.get();
        if (!failures.isEmpty()) {
            throw new ApiFailure(Kind.NO_ROOM, String.join(" ", failures));
        }
        try {
            return changes.saved(name, snapshots.save(name));
        } catch (IllegalArgumentException e) {
            throw failure(Kind.BAD_REQUEST, e);
        }
    }

    /**
     * Ends the detachment from the store by the operator's decision; lets a host that is behind go over, too.
     *
     * @return what was done, in one sentence
     */
    public String attach(Snapshots.Take take) {
        try {
            return snapshots.attach(take, changes.patience());
        } catch (IllegalStateException e) {
            throw failure(Kind.CONFLICT, e);
        }
    }

    private static ApiFailure failure(Kind kind, RuntimeException failure) {
        return new ApiFailure(kind, String.valueOf(failure.getMessage()));
    }
}
