package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.history.SaveDecision;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Acts on a look at the store: another host may have changed something, a snapshot may be gone or damaged, or a store that
 * was away may be back.
 *
 * <p>Used by the keeper's thread alone.
 */
record Reattachment(
        KeeperOptions options,
        SnapshotSerializer store,
        PendingDelivery waiting,
        ChunkDelivery chunks,
        StoreAttachment standing,
        ServingSource served,
        HistoryCursor cursor,
        StoreTransition crossing,
        LearnedSides sides,
        TaughtElsewhere taught,
        SnapshotWriter writer) {

    private static final Logger log = LoggerFactory.getLogger(Reattachment.class);

    /** What the look says of the store, for a host that writes there or wants to again. */
    void looked(Look look) {
        if (!look.base().map(HistoryPoint::header).equals(cursor.base().map(HistoryPoint::header))) {
            // A save has come between the question and the answer.
            return;
        }
        cursor.seen(look);
        try {
            if (standing.isAttached()) {
                lookedWhileAttached(look);
            } else {
                attachAgain(look);
            }
        } catch (StoreUnavailableException e) {
            // It answered the look, and not what was asked for then: it has gone since, or answers only in part.
            log.error("The host does not go on in store {} yet: {}", options.store(), e.getMessage());
        }
    }

    private void lookedWhileAttached(Look look) {
        if (!look.isCertain()) {
            standing.troubled(
                    "The newest snapshot of store " + options.store() + " cannot be read now: " + look.uncertainty());
            return;
        }
        if (look.baseIsDamaged()) {
            mend(look);
            return;
        }
        SaveDecision verdict = cursor.verdict(look, cursor.before());
        if (verdict == SaveDecision.UNPROVED) {
            crossing.stayApart(look, verdict);
        } else if (cursor.isBehind(look, served.state())) {
            HistoryPoint head = look.head().orElseThrow();
            if (!mayFollow(look) || !follow(head)) {
                standing.behind(head);
            }
        } else {
            if (verdict == SaveDecision.APPEND) {
                look.head().ifPresent(head -> {
                    cursor.goOnFrom(head, served.state());
                    standing.goesOnFrom(head.header());
                });
            }
            standing.untroubled();
            if (options.follows() && waiting.isEmpty() && !standing.isUnsaved() && !look.baseIsPassedOver()) {
                look.head().ifPresent(taught::takeUp);
            }
        }
        if (standing.isAttached() && look.baseIsPassedOver()) {
            tellWhatIsLost(look);
        }
        if (standing.isAttached() && isAllKept() && !waiting.isEmpty()) {
            waiting.letGoOfRest();
            crossing.showJournal();
        }
    }

    /** A change that waits to be saved finds out by itself what it comes after. */
    private boolean mayFollow(Look look) {
        return options.follows()
                && waiting.isEmpty()
                && !standing.isUnsaved()
                && cursor.verdict(look, served.state()) == SaveDecision.BEHIND;
    }

    private boolean follow(HistoryPoint head) {
        standing.goesOver(head);
        try {
            if (!goOver(head, served.state())) {
                return false;
            }
        } catch (JournalException e) {
            log.error("The host does not follow store {} yet: {}", options.store(), e.getMessage());
            return false;
        }
        log.info(
                "Followed host {}: this host serves its snapshot {} now",
                head.header().host(),
                head.name());
        return true;
    }

    /** What models have learned here, and the store has lost, is written again, or kept aside where another one's is there. */
    private void tellWhatIsLost(Look look) {
        ServingState mine = served.state();
        ServingState there = look.head().map(HistoryPoint::state).orElse(ServingState.EMPTY);
        keepAside(mine, cursor.learned().onto(there, mine));
        if (cursor.learned().isAhead(mine)) {
            writer.save(SnapshotKind.SNAPSHOT, Optional.empty());
        }
    }

    /** Whether nothing that was learned here is in memory alone, or in what waits alone; what is, is kept aside if that goes. */
    private boolean isAllKept() {
        if (sides.isAnythingUnkept()) {
            try {
                sides.keep(served.state(), cursor.before());
            } catch (JournalException e) {
                log.debug("What models have learned here cannot be kept yet", e);
                return false;
            }
        }
        return true;
    }

    /** This host serves what the damaged snapshot held, and writes it again at once, as the next one. */
    private void mend(Look look) {
        String damaged = cursor.base().map(HistoryPoint::name).orElse("");
        log.error("{}", look.uncertainty());
        cursor.taken(look.place().revision() - 1);
        Durability mended = writer.save(SnapshotKind.SNAPSHOT, Optional.empty());
        log.warn(
                "Snapshot {} was found damaged in store {}, and what it held was written again: {} {}",
                damaged,
                options.store(),
                mended.kind(),
                mended.snapshot().orElse(""));
    }

    /** Attaches without an operator, where nothing that was acknowledged is lost by it. */
    private void attachAgain(Look answer) {
        // A save whose fate is unknown may have reached the store since the answer.
        Look look = answer.isCertain() ? cursor.look(store) : answer;
        if (!look.isCertain()) {
            notYet(look);
            return;
        }
        Optional<HistoryPoint> sent = waiting.settle(look.head());
        if (sent.isPresent()) {
            cursor.goOnFrom(sent.get(), served.state());
            look = cursor.look(store);
            if (!look.isCertain()) {
                notYet(look);
                return;
            }
        }
        ServingState mine = served.state();
        SaveDecision verdict = cursor.verdict(look, mine);
        boolean ended = false;
        try {
            ended = goesOn(look, verdict, mine);
        } catch (JournalException e) {
            log.error("The host does not go on in store {} yet: {}", options.store(), e.getMessage());
        }
        crossing.showJournal();
        if (ended) {
            saveWhatIsNotStored(look);
            served.attachedAgain();
        }
    }

    private boolean goesOn(Look look, SaveDecision verdict, ServingState mine) {
        return switch (verdict) {
            case APPEND -> send(look);
            case ALREADY_THERE -> settleOn(look.head().orElseThrow(), mine);
            case BEHIND -> followed(look.head().orElseThrow(), mine);
            case DIVERGED, UNPROVED -> {
                crossing.stayApart(look, verdict);
                yield false;
            }
        };
    }

    private void notYet(Look look) {
        log.debug("Snapshot store {} is out of reach: {}", options.store(), look.uncertainty());
        if (look.reached() && !(standing.status().mode() == StoreStatus.Mode.SPOOLING)) {
            standing.detached(
                    "Detached from store " + options.store() + ", whose last snapshot cannot be read. The host"
                            + " attaches by itself when it can be: " + look.uncertainty());
        }
    }

    private boolean send(Look look) {
        PendingDelivery.Sent sent = waiting.send(look, cursor.learned(), sides, chunks::deliverElsewhereFor);
        sent.head().ifPresent(head -> cursor.goOnFrom(head, served.state()));
        if (sent.finished()) {
            sent.head().ifPresentOrElse(head -> standing.stored(head.header()), standing::attached);
        }
        return sent.finished();
    }

    private boolean settleOn(HistoryPoint head, ServingState mine) {
        cursor.learned().agree(mine, head.state());
        boolean ahead = cursor.learned().isAhead(mine);
        keepAside(mine, cursor.learned().onto(mine, mine));
        if (!ahead) {
            waiting.giveUp(head);
        }
        cursor.goOnFrom(head, mine);
        standing.stored(head.header());
        if (ahead && !storedWithWhatWasLearned()) {
            return false;
        }
        log.info("Attached to store {} again, which serves what this host does", options.store());
        return true;
    }

    private boolean followed(HistoryPoint head, ServingState mine) {
        boolean over = goOver(head, mine);
        if (over) {
            log.info("Attached to store {} again; the host serves its snapshot {} now", options.store(), head.name());
        }
        return over;
    }

    /** Nothing here is unsent: the host adopts what others have saved meanwhile. */
    private boolean goOver(HistoryPoint head, ServingState mine) {
        cursor.learned().agree(mine, head.state());
        boolean ahead = cursor.learned().isAhead(mine);
        ServingState target = cursor.learned().onto(head.state(), mine);
        keepAside(mine, target);
        if (!ahead) {
            waiting.giveUp(head);
        }
        try {
            crossing.goOver(head, target);
        } catch (RuntimeException e) {
            log.error("The host cannot go over to {} of store {}: {}", head.name(), options.store(), e.toString());
            return false;
        }
        return !ahead || storedWithWhatWasLearned();
    }

    /** Where nothing waits, nothing of it was acknowledged that a journal which takes nothing could keep. */
    private void keepAside(ServingState mine, ServingState held) {
        try {
            sides.keep(mine, held);
        } catch (JournalException e) {
            if (!waiting.isEmpty()) {
                throw e;
            }
            log.error("What models have learned here is in memory alone: {}", e.getMessage());
        }
    }

    /** Saves first, so that what was learned here waits in the journal until the store has it, whenever the host dies. */
    private boolean storedWithWhatWasLearned() {
        boolean stored = writer.save(SnapshotKind.SNAPSHOT, Optional.empty()).kind() == Durability.Kind.STORED
                && !sides.isAnythingUnkept();
        if (stored) {
            waiting.letGo();
        }
        return stored;
    }

    /** Saves what changed while the store was away and is in no snapshot of it, or in a damaged one. */
    private void saveWhatIsNotStored(Look look) {
        ServingState mine = served.state();
        if (cursor.base().isEmpty() || cursor.isAhead(mine) || look.reading() instanceof Reading.Damaged) {
            writer.save(SnapshotKind.SNAPSHOT, Optional.empty());
        }
    }
}
