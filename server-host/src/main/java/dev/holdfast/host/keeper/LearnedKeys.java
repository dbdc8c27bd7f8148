package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.serving.LearnedMerge;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What models have learned here and in the store, by model version. The hosts of a group learn independently, and none may
 * undo by a snapshot what another one's model has learned.
 *
 * <pre>
 *   changed here alone since both had the same ─▶ this host's
 *   changed in the store alone ─────────────────▶ the store's
 *   changed on both sides ──────────────────────▶ the store's, until somebody decides; this host's loses, and is kept aside
 *                                                 ({@link LearnedSides})
 * </pre>
 *
 * <p>What both had the same last is known for each key by itself: a host that writes down what another one has taught does not
 * serve it, and what its own model learns next does not go on from there.
 *
 * <p>Used by the keeper's thread alone.
 */
final class LearnedKeys {

    /** What is served here, each version with what it had learned when this host and the store had the same last. */
    private ServingState agreed = ServingState.EMPTY;
    /** What the store has, as far as this host knows. */
    private ServingState there = ServingState.EMPTY;

    /** This host serves {@code mine}, and the store has {@code stored}. */
    void agree(ServingState mine, ServingState stored) {
        agreed = LearnedMerge.agreed(agreed, mine, stored);
        there = stored;
    }

    /**
     * What waited here is in the store now, after {@code head}. What it brought there is what both have the same: the models here
     * may have learned more while it was sent.
     */
    void sent(ServingState head, ServingState stored) {
        agreed = LearnedMerge.brought(agreed, head, stored);
        there = stored;
    }

    /**
     * The store has lost what models had learned in a snapshot: where it is not in {@code now} either, nobody has the same there,
     * so that this host's is written again, or loses to another one's like any other.
     */
    void lost(ServingState lost, ServingState now) {
        agreed = LearnedMerge.without(agreed, lost, now);
        there = LearnedMerge.without(there, lost, now);
    }

    /** What is to be written, with what was learned here or in the store, whichever is newer. */
    ServingState onto(ServingState wanted, ServingState mine) {
        return LearnedMerge.onto(wanted, agreed, mine, there);
    }

    /** The same of what waits here, and may hold what the store had when it began to, on a head that is newer. */
    ServingState onto(ServingState waits, HistoryPoint head) {
        return LearnedMerge.onto(waits, LearnedMerge.agreed(agreed, waits, there), waits, head.state());
    }

    /** Whether something has been learned here that the store is to have. */
    boolean isAhead(ServingState mine) {
        return !ServingComparison.learned(onto(there, mine)).equals(ServingComparison.learned(there));
    }

    /** What another host's models have learned and this host's, which have learned nothing since, do not know; by version. */
    Map<ServingComparison.Key, StateReference> news(ServingState mine) {
        Map<ServingComparison.Key, StateReference> news =
                new LinkedHashMap<>(ServingComparison.learned(onto(mine, mine)));
        news.entrySet().removeAll(ServingComparison.learned(mine).entrySet());
        return news;
    }

    /** What was learned here and is not in a snapshot that is to answer for it, by version. */
    Map<ServingComparison.Key, StateReference> losing(ServingState here, ServingState held) {
        Map<ServingComparison.Key, StateReference> losing = new LinkedHashMap<>(ServingComparison.learned(here));
        if (!losing.isEmpty()) {
            Map<ServingComparison.Key, StateReference> before =
                    ServingComparison.learned(LearnedMerge.agreed(agreed, here, there));
            Map<ServingComparison.Key, StateReference> kept = ServingComparison.learned(held);
            losing.entrySet()
                    .removeIf(entry -> entry.getValue().equals(before.get(entry.getKey()))
                            || entry.getValue().equals(kept.get(entry.getKey())));
        }
        return losing;
    }

    /** Whether something that another host's models have learned would be undone by a snapshot of what is served here. */
    boolean wouldUndo(ServingState head, ServingState mine) {
        Map<ServingComparison.Key, StateReference> ours = ServingComparison.learned(mine);
        Map<ServingComparison.Key, StateReference> before = ServingComparison.learned(agreed);
        return ServingComparison.learned(head).entrySet().stream()
                .anyMatch(entry -> !entry.getValue().equals(ours.get(entry.getKey()))
                        && !entry.getValue().equals(before.get(entry.getKey())));
    }

    /** What a merge compares both sides with: a snapshot that they follow, with what both had learned the same last. */
    ServingState base(ServingState followed) {
        return LearnedMerge.onto(followed, ServingState.EMPTY, agreed, ServingState.EMPTY);
    }
}
