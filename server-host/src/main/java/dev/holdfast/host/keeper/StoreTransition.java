package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.SaveDecision;
import dev.holdfast.host.serving.ServingState;
import java.util.Optional;

/**
 * Adopts what the store has, or keeps serving what was acknowledged here until somebody decides.
 *
 * <p>Used by the keeper's thread alone.
 */
record StoreTransition(
        KeeperOptions options,
        PendingDelivery waiting,
        ChunkDelivery chunks,
        NextSnapshot next,
        StoreAttachment standing,
        ServingSource served,
        HistoryCursor cursor,
        LearnedSides sides) {

    /** Takes its bearings; to be called once, when everything is served. */
    void begin() {
        waiting.newest().ifPresent(point -> next.namesAfter(point.header()));
        // What was learned since then is in the snapshots that wait, and in none of the store.
        ServingState there = cursor.base()
                .map(HistoryPoint::state)
                .orElseGet(() -> waiting.isEmpty() ? served.state() : ServingState.EMPTY);
        cursor.learned().agree(there, there);
        showJournal();
    }

    /** Serves what the head serves, and goes on from there. */
    void goOver(HistoryPoint head) {
        goOver(head, head.state());
    }

    /** The same with what models have learned here and the head is to have. */
    void goOver(HistoryPoint head, ServingState target) {
        standing.crossing(true);
        try {
            served.goOver(target);
            cursor.goOnFrom(head, target);
            next.namesAfter(head.header());
            chunks.fromElsewhere();
            waiting.copyOfOthers(head.snapshot());
            standing.stored(head.header());
            sides.settle();
        } finally {
            standing.crossing(false);
        }
    }

    /** Detaches, tells what each side has, and keeps what a decision needs. */
    void stayApart(Look look, SaveDecision verdict) {
        Optional<HistoryPoint> head = look.head();
        ServingState mine = served.state();
        String why = verdict == SaveDecision.DIVERGED
                ? "both this host and " + head.map(this::whose).orElse("another one") + " have changed what is served"
                : "it lacks what this host goes on from ("
                        + cursor.base().map(HistoryPoint::name).orElse("nothing") + ")"
                        + head.map(point -> "; its newest is " + point.name() + ", revision "
                                        + point.header().revision())
                                .orElse("; it has no snapshot at all");
        head.ifPresent(point -> waiting.pinTheirs(point.snapshot()));
        standing.diverged(
                why,
                waiting.sides(cursor.base(), mine, head),
                canMerge(verdict) ? StoreAttachment.DECISION : StoreAttachment.DECISION_OF_A_LOSS);
    }

    /** A merge compares both sides with what both follow. */
    private boolean canMerge(SaveDecision verdict) {
        return verdict == SaveDecision.DIVERGED && waiting.base(cursor.base()).isPresent();
    }

    private String whose(HistoryPoint head) {
        String name = head.header().host();
        return name.equals(options.host()) ? "another one of the name " + name : "host " + name;
    }

    /** A decision was written into the store, and is served. */
    void wrote(HistoryPoint point, ServingState mine) {
        cursor.goOnFrom(point, mine);
        standing.stored(point.header());
        sides.settle();
    }

    /** Tells what waits in the journal, and what lies aside there. */
    void showJournal() {
        standing.journal(waiting.count(), waiting.newest().map(HistoryPoint::header), waiting.aside());
    }
}
