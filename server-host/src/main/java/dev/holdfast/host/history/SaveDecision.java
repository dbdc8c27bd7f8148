package dev.holdfast.host.history;

import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import java.util.Optional;

/**
 * What a host may do with a store, from the store's head, its own base and what it serves; a pure function of values.
 *
 * <pre>
 *   the head serves what the base serves ──────────▶ APPEND         nobody changed anything since
 *   the head serves what this host serves ─────────▶ ALREADY_THERE  two hosts made the same change
 *   nothing here that the base does not have ──────▶ BEHIND         another host changed something
 *   else ──────────────────────────────────────────▶ DIVERGED       both did
 *   the store's line does not lead from the base ──▶ UNPROVED       something that was there is not, for no known reason
 * </pre>
 *
 * <p>Only the head counts, and only what it serves: a start or a stop that changes nothing is no change, what was changed
 * and changed back is none, and no chain is read that retention could have broken.
 */
public enum SaveDecision {
    APPEND,
    ALREADY_THERE,
    BEHIND,
    DIVERGED,
    UNPROVED;

    /**
     * Decides.
     *
     * @param head the store's newest snapshot; empty if the store was read and has none
     * @param base the snapshot of the store that this host goes on from; empty if it has read none yet
     * @param baseline what this host served before anybody asked it for a change, where it has no base
     * @param mine what this host serves
     * @param proven whether the store's line leads from the base to the head; not asked without a base
     */
    public static SaveDecision of(
            Optional<HistoryPoint> head,
            Optional<HistoryPoint> base,
            ServingState baseline,
            ServingState mine,
            boolean proven) {
        if (base.isPresent() && !proven) {
            return UNPROVED;
        }
        if (base.isEmpty() && head.isEmpty()) {
            return APPEND;
        }
        ServingState there = head.map(HistoryPoint::state).orElse(ServingState.EMPTY);
        ServingState before = base.map(HistoryPoint::state).orElse(baseline);
        if (ServingComparison.same(there, before)) {
            return APPEND;
        }
        if (ServingComparison.same(there, mine)) {
            return ALREADY_THERE;
        }
        return ServingComparison.same(mine, before) ? BEHIND : DIVERGED;
    }
}
