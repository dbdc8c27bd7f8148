package dev.holdfast.host.restore;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.history.SaveDecision;
import dev.holdfast.host.keeper.StartPoint;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what a host restores, from what its store and its journal have.
 *
 * <pre>
 *   something waits in the journal ─▶ that is served: it was acknowledged here
 *        the store goes on from where it began ─────────────────▶ SPOOLING: it is sent
 *        both have changed something, or the store has lost it ─▶ DETACHED
 *   nothing waits
 *        the store's line leads from the journal's copy ────────▶ the store's newest, ATTACHED
 *        it does not ───────────────────────────────────────────▶ the copy, DETACHED: proof beats age
 *   the store cannot be read ───────────────────────────────────▶ what the journal has, DETACHED
 * </pre>
 *
 * @param start the host's position, without the notices of a fall-back
 * @param journal the snapshot of the journal that is to be served, if one is
 * @param store the store's newest, if that is to be served
 * @param look what the store has
 */
record RestoreDecision(StartPoint start, Optional<HistoryPoint> journal, Optional<HistoryPoint> store, Look look) {

    private static final Logger log = LoggerFactory.getLogger(RestoreDecision.class);

    static RestoreDecision find(String storeName, SnapshotSerializer store, JournalView journal) {
        Optional<HistoryPoint> waiting = journal.waiting();
        Optional<HistoryPoint> base = journal.base();
        Look look = Look.at(store, base);
        if (waiting.isPresent()) {
            return waits(storeName, store, journal, waiting.get(), look);
        }
        if (!look.isCertain()) {
            return uncertain(base, look);
        }
        if (base.isPresent() && !look.proven()) {
            return unproved(storeName, base.get(), look);
        }
        return withWhatIsLost(storeName, journal, attached(look));
    }

    /** What models had learned in the last snapshot of this host, which is damaged in the store, is nowhere else. */
    private static RestoreDecision withWhatIsLost(String storeName, JournalView journal, RestoreDecision decision) {
        Optional<HistoryPoint> lost =
                decision.look().base().filter(base -> decision.look().baseIsPassedOver());
        Map<ServingComparison.Key, StateReference> lessons = new LinkedHashMap<>(
                ServingComparison.learned(lost.map(HistoryPoint::state).orElse(ServingState.EMPTY)));
        lessons.entrySet()
                .removeAll(ServingComparison.learned(
                                decision.look().head().map(HistoryPoint::state).orElse(ServingState.EMPTY))
                        .entrySet());
        if (lessons.isEmpty()) {
            return decision;
        }
        String notice =
                "Snapshot " + lost.get().name() + ", which this host went on from, is damaged in store " + storeName
                        + ", and what others saved after it lacks what these had learned: "
                        + lessons.keySet().stream().map(Object::toString).collect(Collectors.joining("; ")) + ". "
                        + journal.keepAside(lost.get());
        log.warn(notice);
        return decision.with(notice);
    }

    private static RestoreDecision attached(Look look) {
        StartPoint start = StartPoint.of(Mode.ATTACHED);
        if (look.head().isEmpty()) {
            return new RestoreDecision(
                    start.notBelow(look.place().revision()), Optional.empty(), Optional.empty(), look);
        }
        HistoryPoint head = look.head().get();
        start = start.from(head).notBelow(look.place().revision());
        return look.baseIsDamaged()
                ? new RestoreDecision(start, Optional.of(head), Optional.empty(), look)
                : new RestoreDecision(start, Optional.empty(), Optional.of(head), look);
    }

    /** The store had a snapshot that it now lacks, and nobody removed it on purpose: an older state is never taken silently. */
    private static RestoreDecision unproved(String storeName, HistoryPoint copy, Look look) {
        String there = look.head()
                .map(head -> "its newest is " + head.name() + ", revision "
                        + head.header().revision())
                .orElse("it has no snapshot of the group");
        String notice = "Detached from store " + storeName + ": it lacks snapshot " + copy.name() + ", revision "
                + copy.header().revision() + ", which it had when this host wrote or read it there; " + there
                + ". Is another place, or an older one, mounted or named in its stead? What this host had is served."
                + " Decide with: holdfast snapshots attach --take store|local";
        log.error(notice);
        StartPoint start = names(StartPoint.of(Mode.DETACHED).from(copy).with(notice), look);
        return new RestoreDecision(start, Optional.of(copy), Optional.empty(), look);
    }

    private static RestoreDecision uncertain(Optional<HistoryPoint> copy, Look look) {
        StartPoint start = names(StartPoint.of(Mode.DETACHED), look);
        Optional<HistoryPoint> older = older(look);
        // A store that has lost a snapshot may count revisions anew, so a higher revision proves nothing.
        boolean copyIsNewer = copy.isPresent()
                && (!look.proven()
                        || older.filter(point -> point.header().revision()
                                        > copy.get().header().revision())
                                .isEmpty());
        if (copyIsNewer) {
            return new RestoreDecision(start.from(copy.get()), copy, Optional.empty(), look);
        }
        return older.map(point -> new RestoreDecision(start.from(point).emptied(), Optional.empty(), older, look))
                .orElseGet(() -> new RestoreDecision(start, Optional.empty(), Optional.empty(), look));
    }

    private static Optional<HistoryPoint> older(Look look) {
        if (look.reading() instanceof Reading.Unreadable unreadable) {
            return unreadable.older();
        }
        return look.reading() instanceof Reading.Damaged damaged ? damaged.older() : Optional.empty();
    }

    private static RestoreDecision waits(
            String storeName, SnapshotSerializer store, JournalView journal, HistoryPoint waiting, Look first) {
        Look look = first;
        Optional<HistoryPoint> base = first.base();
        if (look.isCertain()) {
            Optional<HistoryPoint> sent = Optional.empty();
            try {
                sent = journal.sent(store, look.head());
            } catch (SnapshotStoreException e) {
                // It has gone away since.
                look = Look.of(new Reading.Away(e), base);
            }
            if (sent.filter(waiting::isSame).isPresent() || journal.isHead(look.head(), waiting)) {
                // It was sent, and only the note of that is missing; without the note the next snapshot would name an
                // old predecessor.
                journal.sentAll(look.head().orElseThrow());
                return attached(look);
            }
            if (sent.isPresent()) {
                base = sent;
                look = Look.at(store, base);
            }
        }
        StartPoint start = names(StartPoint.of(Mode.SPOOLING), look).namesAfter(waiting.header());
        start = base.isPresent() ? start.from(base.get()) : start;
        if (!look.isCertain()) {
            return new RestoreDecision(start.detached(), Optional.of(waiting), Optional.empty(), look);
        }
        SaveDecision verdict = SaveDecision.of(look.head(), base, ServingState.EMPTY, waiting.state(), look.proven());
        if (verdict == SaveDecision.DIVERGED || verdict == SaveDecision.UNPROVED) {
            String notice = "Detached from store " + storeName + ": "
                    + (verdict == SaveDecision.DIVERGED
                            ? "it and this host have both changed what is served since they parted"
                            : "it lacks what this host goes on from")
                    + "; its newest is "
                    + look.head().map(HistoryPoint::name).orElse("none") + ", and what this host acknowledged last, "
                    + waiting.name() + ", is served. Decide with: holdfast snapshots attach --take store|local"
                    + (verdict == SaveDecision.DIVERGED ? "|merge" : "");
            log.error(notice);
            return new RestoreDecision(start.detached().with(notice), Optional.of(waiting), Optional.empty(), look);
        }
        log.info(
                "What waits in the journal of this host is newer than store {}: restoring {}",
                storeName,
                waiting.name());
        return new RestoreDecision(start, Optional.of(waiting), Optional.empty(), look);
    }

    private static StartPoint names(StartPoint start, Look look) {
        return look.head().map(head -> start.namesAfter(head.header())).orElse(start);
    }

    RestoreDecision with(String notice) {
        return new RestoreDecision(start.with(notice), journal, store, look);
    }
}
