package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where a host stands with its store when it begins to take snapshots.
 *
 * @param mode how to write
 * @param base the snapshot of the store that it goes on from, and with which the store's next ones are compared
 * @param baseline what it serves without anybody having asked for it, where there is no base
 * @param least the lowest revision that the next snapshot may have: those below are taken, as far as is known
 * @param namesAfter the snapshots after whose names the next one's comes
 * @param empty whether what was served before is not served because of a failure
 * @param notices what an operator should know
 */
public record StartPoint(
        StoreStatus.Mode mode,
        Optional<HistoryPoint> base,
        ServingState baseline,
        long least,
        List<SnapshotHeader> namesAfter,
        boolean empty,
        List<String> notices) {

    public StartPoint {
        namesAfter = List.copyOf(namesAfter);
        notices = List.copyOf(notices);
    }

    /** Without anything to go on from. */
    public static StartPoint of(StoreStatus.Mode mode) {
        return new StartPoint(mode, Optional.empty(), ServingState.EMPTY, 1, List.of(), false, List.of());
    }

    /** Going on from a snapshot of the store. */
    public StartPoint from(HistoryPoint point) {
        return new StartPoint(
                mode, Optional.of(point), baseline, least, plus(namesAfter, point.header()), empty, notices);
    }

    /** With what is served though there is nothing of the store to go on from. */
    public StartPoint serving(ServingState unasked) {
        return new StartPoint(mode, base, unasked, least, namesAfter, empty, notices);
    }

    public StartPoint notBelow(long revision) {
        return new StartPoint(mode, base, baseline, Math.max(least, revision), namesAfter, empty, notices);
    }

    public StartPoint namesAfter(SnapshotHeader header) {
        return new StartPoint(mode, base, baseline, least, plus(namesAfter, header), empty, notices);
    }

    public StartPoint with(String notice) {
        return new StartPoint(mode, base, baseline, least, namesAfter, empty, plus(notices, notice));
    }

    /** Serving less than before because of a failure. */
    public StartPoint emptied() {
        return new StartPoint(mode, base, baseline, least, namesAfter, true, notices);
    }

    /** Detached from the store. */
    public StartPoint detached() {
        return new StartPoint(StoreStatus.Mode.DETACHED, base, baseline, least, namesAfter, empty, notices);
    }

    private static <T> List<T> plus(List<T> list, T more) {
        List<T> all = new ArrayList<>(list);
        all.add(more);
        return all;
    }

    /** The name of the newest snapshot of the store that is known, empty if there is none. */
    public String lastName() {
        return base.map(HistoryPoint::name).orElse("");
    }
}
