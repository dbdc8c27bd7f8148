package dev.holdfast.host.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a host stands with its store when it starts to take snapshots.
 *
 * @param revision the highest revision that is known, of the store or the spool; the next snapshot has the next one
 * @param lastName the name of the newest snapshot known, empty if there is none; names go on from there
 * @param mode how to write
 * @param mayAttach whether, detached, the host attaches by itself when the store is back and nothing was lost
 * @param notices what an operator should know
 */
public record StartPoint(
        long revision, String lastName, StoreStatus.Mode mode, boolean mayAttach, List<String> notices) {

    public StartPoint {
        notices = List.copyOf(notices);
    }

    StartPoint withNotice(String more) {
        List<String> all = new ArrayList<>(notices);
        all.add(more);
        return new StartPoint(revision, lastName, mode, mayAttach, all);
    }

    /** The same, until the operator decides. */
    StartPoint detached() {
        return new StartPoint(revision, lastName, StoreStatus.Mode.DETACHED, false, notices);
    }
}
