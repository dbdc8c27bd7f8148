package dev.holdfast.host.api;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.keeper.Snapshots;
import dev.holdfast.host.keeper.StoreStatus;
import dev.holdfast.host.serving.ModelServing;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The snapshots: listing, reading, deleting, saving one now, going back to one, and ending a
 * detachment. Safe for use by several threads. */
public final class SnapshotOperations {

    /** Begins the name of what a host served before a restore. */
    public static final String BEFORE_RESTORE = "before-restore-";

    /** How far back an undo looks. */
    private static final int MOST_LOOKED_AT = 10_000;

    private final ModelServing serving;
    private final Snapshots snapshots;
    private final Supplier<List<String>> saveStates;
    private final DurableChanges changes;

    /**
     * @param saveStates stores what models have learned until now, and says what could not be stored
     */
    SnapshotOperations(
            ModelServing serving, Snapshots snapshots, Supplier<List<String>> saveStates, DurableChanges changes) {
        this.serving = serving;
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
        requireOn("save");
        storeStates();
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

    /**
     * What a restore would do.
     *
     * @param name of the snapshot
     * @param actions a line for each step; empty if what it holds is served already
     */
    public record RestorePlan(String name, List<String> actions) {

        public RestorePlan {
            actions = List.copyOf(actions);
        }
    }

    /** What {@link #restore} would do with a snapshot now; changes nothing. */
    public RestorePlan plan(String name) {
        return new RestorePlan(name, serving.planned(snapshots.serves(name)));
    }

    /**
     * A restore that was made.
     *
     * @param plan what was done
     * @param before the snapshot of what was served before; empty if there was nothing to do
     */
    public record Restored(ChangeResult change, RestorePlan plan, Optional<String> before) {}

    /**
     * Goes back to what a snapshot holds, with the fewest steps, as a change like any other; returns when that is durable.
     * What was served before is saved under a name first. Where nothing differs nothing is done. One at a time.
     */
    public synchronized Restored restore(String name) {
        requireOn("restore");
        requireDecided();
        ServingState target = snapshots.serves(name);
        storeStates();
        RestorePlan plan = new RestorePlan(name, serving.planned(target));
        if (plan.actions().isEmpty()) {
            ChangeResult nothing = new ChangeResult(
                    ChangeResult.Progress.DONE,
                    "Nothing to do: what snapshot \"" + name + "\" holds is served already",
                    Optional.empty(),
                    List.of());
            return new Restored(nothing, plan, Optional.empty());
        }
        String before = saveBefore();
        String sentence = "Restored snapshot \"" + name + "\" in "
                + plan.actions().size()
                + (plan.actions().size() == 1 ? " step" : " steps") + "; what was served before is saved as \"" + before
                + "\"";
        return new Restored(changes.done(sentence, serving.restore(target)), plan, Optional.of(before));
    }

    private void requireDecided() {
        if (snapshots.status().mode() == StoreStatus.Mode.DETACHED) {
            throw new ApiFailure(
                    Kind.CONFLICT,
                    "Nothing is restored while this host is detached from its store. Decide first whose state goes on, with:"
                            + " holdfast snapshots attach --take store|local|merge");
        }
    }

    private String saveBefore() {
        String revision = BEFORE_RESTORE + snapshots.status().revision();
        for (int i = 1; ; i++) {
            String name = i == 1 ? revision : revision + "-" + i;
            try {
                changes.saved(name, snapshots.save(name));
                return name;
            } catch (ApiFailure e) {
                if (e.kind() != Kind.CONFLICT || !isThere(name)) {
                    throw new ApiFailure(
                            e.kind(),
                            "Nothing was restored, because what is served now cannot be saved first. "
                                    + e.getMessage());
                }
            }
        }
    }

    private boolean isThere(String name) {
        try {
            snapshots.get(name);
            return true;
        } catch (SnapshotNotFoundException e) {
            return false;
        } catch (SnapshotUnreadableException e) {
            return true;
        }
    }

    /**
     * The snapshot that an undo restores: the newest one that serves something else than the host does now. After a restore
     * that is what was served before it, also where only what models have learned differs; so an undo of an undo does again
     * what was undone.
     */
    public String undoes() {
        requireOn("undo");
        requireDecided();
        ServingState now = serving.state();
        String digest = ServingComparison.digest(now);
        int left = MOST_LOOKED_AT;
        ListRequest request = ListRequest.firstPage(ListRequest.MOST);
        while (left > 0) {
            SnapshotPage page = snapshots.list(request);
            for (SnapshotHeader header : page.headers()) {
                if (isOther(header, now, digest)) {
                    return header.name();
                }
            }
            left -= page.headers().size();
            if (page.nextPageToken().isEmpty() || page.headers().isEmpty()) {
                break;
            }
            request = request.page(page.nextPageToken().get());
        }
        StoreStatus status = snapshots.status();
        if (status.mode() == StoreStatus.Mode.SPOOLING) {
            throw new ApiFailure(
                    Kind.STORE_UNAVAILABLE,
                    "What to go back to is in store " + status.store() + ", which does not answer: what waits in the"
                            + " journal of this host serves nothing else than is served now. Try again when the store is"
                            + " back; why it is not: holdfast snapshots status");
        }
        throw new SnapshotNotFoundException(
                "There is nothing to undo: no snapshot serves anything else than is served now");
    }

    private boolean isOther(SnapshotHeader header, ServingState now, String digest) {
        boolean beforeRestore = header.name().startsWith(BEFORE_RESTORE);
        if (!beforeRestore && header.state().equals(Optional.of(digest))) {
            return false;
        }
        ServingState then = snapshots.serves(header.name());
        return !ServingComparison.same(then, now)
                || (beforeRestore && !ServingComparison.learned(then).equals(ServingComparison.learned(now)));
    }

    private void requireOn(String what) {
        if (snapshots.status().mode() == StoreStatus.Mode.OFF) {
            throw new ApiFailure(
                    Kind.CONFLICT,
                    "Snapshots are switched off by --no-config-snapshots; start the host without it to " + what
                            + " any.");
        }
    }

    private void storeStates() {
        List<String> failures = saveStates.get();
        if (!failures.isEmpty()) {
            throw new ApiFailure(Kind.NO_ROOM, String.join(" ", failures));
        }
    }

    private static ApiFailure failure(Kind kind, RuntimeException failure) {
        return new ApiFailure(kind, String.valueOf(failure.getMessage()));
    }
}
