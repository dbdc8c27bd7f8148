package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Verdict;
import dev.holdfast.host.serving.ServingState;
import java.util.Optional;

/**
 * Where ways part: this host goes over to what the store has, or stays with what it acknowledged until somebody decides.
 *
 * <p>Used by the keeper's thread alone.
 */
final class Crossing {

    private final KeeperOptions options;
    private final Waiting waiting;
    private final ChunkDelivery chunks;
    private final NextSnapshot next;
    private final Standing standing;
    private final Served served;
    private final Footing footing;

    Crossing(
            KeeperOptions options,
            Waiting waiting,
            ChunkDelivery chunks,
            NextSnapshot next,
            Standing standing,
            Served served,
            Footing footing) {
        this.options = options;
        this.waiting = waiting;
        this.chunks = chunks;
        this.next = next;
        this.standing = standing;
        this.served = served;
        this.footing = footing;
    }

    /** Takes its bearings; to be called once, when everything is served. */
    void begin() {
        waiting.newest().ifPresent(point -> next.namesAfter(point.header()));
        // What waits holds what was learned here since then, which no snapshot of the store has.
        ServingState there = footing.base()
                .map(HistoryPoint::state)
                .orElseGet(() -> waiting.isEmpty() ? served.state() : ServingState.EMPTY);
        footing.learned().agree(there, there);
        showJournal();
    }

    /** Serves what the head serves, and goes on from there. */
    void goOver(HistoryPoint head) {
        served.goOver(head.state());
        footing.goOnFrom(head);
        next.namesAfter(head.header());
        footing.learned().settle();
        footing.learned().agree(served.state(), head.state());
        chunks.fromElsewhere();
        waiting.copyOfOthers(head.snapshot());
        standing.stored(head.header());
        showLearned();
    }

    /** Tells both sides, and keeps what a decision will need. */
    void stayApart(Look look, Verdict verdict) {
        Optional<HistoryPoint> head = look.head();
        ServingState mine = served.state();
        String why = verdict == Verdict.DIVERGED
                ? "both this host and " + head.map(this::whose).orElse("another one") + " have changed what is served"
                : "it lacks what this host goes on from ("
                        + footing.base().map(HistoryPoint::name).orElse("nothing") + ")"
                        + head.map(point -> "; its newest is " + point.name() + ", revision "
                                        + point.header().revision())
                                .orElse("; it has no snapshot at all");
        head.ifPresent(point -> waiting.pinTheirs(point.snapshot()));
        standing.diverged(
                why,
                waiting.sides(footing.base(), mine, head),
                canMerge(verdict) ? Standing.DECISION : Standing.DECISION_OF_A_LOSS);
    }

    /** A merge compares both sides with what both follow. */
    private boolean canMerge(Verdict verdict) {
        return verdict == Verdict.DIVERGED && waiting.base(footing.base()).isPresent();
    }

    private String whose(HistoryPoint head) {
        String name = head.header().host();
        return name.equals(options.host()) ? "another one of the name " + name : "host " + name;
    }

    /** A decision was written into the store, and is served. */
    void wrote(HistoryPoint point, ServingState mine) {
        footing.goOnFrom(point);
        footing.learned().settle();
        footing.learned().agree(mine, point.state());
        standing.stored(point.header());
        showLearned();
    }

    /** Tells what waits in the journal, and what lies aside there. */
    void showJournal() {
        standing.journal(waiting.count(), waiting.newest().map(HistoryPoint::header), waiting.aside());
    }

    /** Tells what models have learned apart from the store. */
    void showLearned() {
        standing.learned(footing.learned().conflicts());
    }
}
