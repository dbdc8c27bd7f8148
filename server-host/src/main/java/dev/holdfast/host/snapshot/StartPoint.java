package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotHeader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a host stands with its store when it starts to take snapshots.
 *
 * @param revision the highest revision that is known, of the store or the spool; the next snapshot has the next one
 * @param lastName the name of the newest snapshot known, empty if there is none
 * @param lastTime when that one was taken, by its header; names go on from there, for its own name may be one that an
 *     operator gave, which says nothing of times
 * @param mode how to write
 * @param mayAttach whether, detached, the host attaches by itself when the store is back and nothing was lost
 * @param notices what an operator should know
 */
public record StartPoint(
        long revision,
        String lastName,
        Instant lastTime,
        StoreStatus.Mode mode,
        boolean mayAttach,
        List<String> notices) {

    public StartPoint {
        notices = List.copyOf(notices);
    }

    /** Where there is no snapshot. */
    public StartPoint(long revision, String lastName, StoreStatus.Mode mode, boolean mayAttach, List<String> notices) {
        this(revision, lastName, Instant.EPOCH, mode, mayAttach, notices);
    }

    /** After a snapshot, the newest one known, if there is any. */
    static StartPoint after(
            Optional<SnapshotHeader> newest,
            long revision,
            StoreStatus.Mode mode,
            boolean mayAttach,
            List<String> notices) {
        return new StartPoint(
                revision,
                newest.map(SnapshotHeader::name).orElse(""),
                newest.map(SnapshotHeader::createdOn).orElse(Instant.EPOCH),
                mode,
                mayAttach,
                notices);
    }

    /** The same, with names that come after this snapshot's too. */
    StartPoint namesAfter(Optional<SnapshotHeader> other) {
        Instant time =
                other.map(SnapshotHeader::createdOn).filter(lastTime::isBefore).orElse(lastTime);
        return new StartPoint(revision, lastName, time, mode, mayAttach, notices);
    }

    StartPoint withNotice(String more) {
        List<String> all = new ArrayList<>(notices);
        all.add(more);
        return new StartPoint(revision, lastName, lastTime, mode, mayAttach, all);
    }

    /** The same, until the operator decides. */
    StartPoint detached() {
        return new StartPoint(revision, lastName, lastTime, StoreStatus.Mode.DETACHED, false, notices);
    }
}
