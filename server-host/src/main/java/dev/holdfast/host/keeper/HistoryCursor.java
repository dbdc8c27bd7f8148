package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.history.SaveDecision;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Optional;

/** Which snapshot of its group this host goes on from, and where its next one belongs. Used by the keeper's thread alone. */
final class HistoryCursor {

    private final ServingState baseline;
    private final LearnedKeys learned = new LearnedKeys();
    private Optional<HistoryPoint> base;
    private long least;
    private long trimmed;

    HistoryCursor(StartPoint start) {
        this.base = start.base();
        this.baseline = start.baseline();
        this.least = start.least();
    }

    /** The snapshot of the store that this host goes on from; empty if it has read none yet. */
    Optional<HistoryPoint> base() {
        return base;
    }

    ServingState baseline() {
        return baseline;
    }

    /** What was served before the changes that the store does not have yet. */
    ServingState before() {
        return base.map(HistoryPoint::state).orElse(baseline);
    }

    LearnedKeys learned() {
        return learned;
    }

    boolean isBase(Optional<HistoryPoint> head) {
        return head.isPresent() && base.filter(head.get()::isSame).isPresent();
    }

    /** Whether what is served differs from this host's last snapshot in the store. */
    boolean isAhead(ServingState mine) {
        return !ServingComparison.same(mine, before()) || learned.isAhead(mine);
    }

    /** Looks at the store, and at what has become there of the snapshot that this host goes on from. */
    Look look(SnapshotSerializer store) {
        return seen(Look.at(store, base));
    }

    /** The same of a look that somebody else had, from where this host goes on. */
    Look seen(Look look) {
        if (look.baseIsPassedOver()) {
            ServingState there = look.head().map(HistoryPoint::state).orElse(ServingState.EMPTY);
            base.ifPresent(lost -> learned.lost(lost.state(), there));
        }
        return look;
    }

    /** What this host, which serves {@code mine}, may do after a look at the store. */
    SaveDecision verdict(Look look, ServingState mine) {
        return SaveDecision.of(look.head(), base, baseline, mine, look.proven());
    }

    /** Whether another host has changed what is served, and this one has changed nothing and does not serve that yet. */
    boolean isBehind(Look look, ServingState mine) {
        return look.head().isPresent()
                && verdict(look, before()) == SaveDecision.BEHIND
                && !ServingComparison.same(look.head().get().state(), mine);
    }

    /** From here on this snapshot of the store is what the host goes on from, which serves {@code mine}. */
    void goOnFrom(HistoryPoint point, ServingState mine) {
        base = Optional.of(point);
        learned.agree(mine, point.state());
        taken(point.header().revision());
    }

    /** Revisions up to this one are taken, as far as is known. */
    void taken(long revision) {
        least = Math.max(least, revision + 1);
    }

    /** Revisions up to this one are removed on purpose, as the next snapshot says. */
    void removed(long revision) {
        trimmed = Math.max(trimmed, revision);
    }

    /** The place after a snapshot, the first one where there is none. */
    Place after(Optional<HistoryPoint> point) {
        return free(point.map(HistoryPoint::next).orElse(Place.FIRST));
    }

    /** The same place, at a revision that is not known to be in use. */
    Place free(Place place) {
        return place.notBelow(least).trimmed(trimmed);
    }
}
