package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.history.SaveDecision;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what the host serves into one snapshot, to the store or the journal, and finds out what it may write.
 *
 * <pre>
 *   attached ─▶ store and journal ─ taken ───────────────────────────────▶ STORED
 *                              ├── the store cannot be reached ──────────▶ it waits in the journal: SPOOLED
 *                              └── refused ─▶ look at the head ─▶ {@link SaveDecision}
 *                                     APPEND        again, after the head
 *                                     ALREADY_THERE done
 *                                     BEHIND        nothing to write; the operator is told
 *                                     DIVERGED      undone and gone over, or kept in the journal: DETACHED
 *                                     UNPROVED      kept in the journal: DETACHED
 *   not attached ─▶ journal ─────────────────────────────────────────────▶ SPOOLED, or LOST_ON_RESTART
 * </pre>
 *
 * <p>Used by the keeper's thread alone.
 */
final class SnapshotWriter {

    private static final Logger log = LoggerFactory.getLogger(SnapshotWriter.class);
    /** How often a save goes on after another host's, before it gives up for now. */
    private static final int TRIES = 16;

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final SideBySide pair;
    private final PendingDelivery waiting;
    private final ChunkDelivery chunks;
    private final NextSnapshot next;
    private final StoreAttachment standing;
    private final ServingSource served;
    private final HistoryCursor cursor;
    private final StoreTransition crossing;
    private final LearnedSides sides;
    /** A snapshot that the journal does not have, and perhaps the store does not either. */
    private Optional<SnapshotHeader> unknown = Optional.empty();

    SnapshotWriter(
            KeeperOptions options,
            SnapshotSerializer store,
            SideBySide pair,
            PendingDelivery waiting,
            ChunkDelivery chunks,
            NextSnapshot next,
            StoreAttachment standing,
            ServingSource served,
            HistoryCursor cursor,
            StoreTransition crossing,
            LearnedSides sides) {
        this.options = options;
        this.store = store;
        this.pair = pair;
        this.waiting = waiting;
        this.chunks = chunks;
        this.next = next;
        this.standing = standing;
        this.served = served;
        this.cursor = cursor;
        this.crossing = crossing;
        this.sides = sides;
    }

    /**
     * Writes what is served now into one snapshot.
     *
     * @param name empty for one that the host gives
     * @throws SnapshotConflictException if the name is in use, or the host is behind and a save would undo another one's
     *     change; nothing was written then
     */
    Durability save(SnapshotKind kind, Optional<String> name) {
        return standing.isAttached() ? toStore(kind, name, false) : toJournal(kind, name);
    }

    /** The same where somebody has asked for a change of what is served, which may come to nothing with those before it. */
    Durability saveChange() {
        return standing.isAttached()
                ? toStore(SnapshotKind.SNAPSHOT, Optional.empty(), true)
                : toJournal(SnapshotKind.SNAPSHOT, Optional.empty());
    }

    /** Saves again what neither the store nor the journal took, if there is such a change. */
    void saveWhatIsUnsaved() {
        if (!standing.isUnsaved()) {
            return;
        }
        Durability durability = save(SnapshotKind.SNAPSHOT, Optional.empty());
        if (durability.kind() != Durability.Kind.LOST_ON_RESTART && !standing.isUnsaved()) {
            log.info(
                    "The serving state is durable again, in snapshot {}",
                    durability.snapshot().orElse(""));
        }
    }

    /** Makes anew a journal that somebody has removed; the next snapshot holds what waited in it. */
    void mendJournal() {
        if (waiting.mend()) {
            cursor.base().ifPresent(base -> waiting.copy(base.snapshot()));
            crossing.showJournal();
            if (!standing.isAttached()) {
                standing.notDurable("The journal of this host was removed while it ran");
            }
        }
    }

    /**
     * What is to be written, and where.
     *
     * @param served whether it is what this host serves
     */
    private record Attempt(ServingState wanted, boolean served, Place place) {}

    /** Why the store refused a snapshot. */
    private record Refusal(
            SnapshotConflictException conflict, Look look, boolean own, SaveDecision verdict, boolean mayRevive) {

        Optional<HistoryPoint> head() {
            return look.head();
        }
    }

    private Durability toStore(SnapshotKind kind, Optional<String> name, boolean asked) {
        ServingState mine = served.state();
        boolean change = isChange(kind, mine);
        Attempt attempt = new Attempt(mine, true, cursor.after(cursor.base()));
        for (int tries = 1; ; tries++) {
            HistoryPoint point =
                    next.make(kind, name, attempt.place(), cursor.learned().onto(attempt.wanted(), mine));
            Snapshot snapshot = point.snapshot();
            // What changes nothing need not outlive a store that is away, and what is not served here waits as what is.
            SideBySide.Outcome outcome =
                    pair.write(snapshot, change && attempt.served(), () -> chunks.deliverFor(snapshot));
            if (outcome.isStored()) {
                return stored(point, mine, attempt.served(), outcome.journalProblem());
            }
            if (outcome.conflict().isEmpty()) {
                return attempt.served()
                        ? notStored(point, mine, change, outcome)
                        : undecided(kind, name, message(outcome.storeProblem().orElseThrow()));
            }
            Look look = cursor.look(store);
            if (!look.isCertain()) {
                return undecided(kind, name, "it does not say why: " + look.uncertainty());
            }
            if (!attempt.served() && look.head().filter(point::isSame).isPresent()) {
                return stored(point, mine, false, Optional.empty());
            }
            Refusal refusal = refusal(snapshot, outcome, look, mine);
            Optional<Durability> settled = refusal.verdict() == SaveDecision.BEHIND && asked
                    ? behind(refusal, mine)
                    : settled(kind, name, change, mine, refusal);
            if (settled.isPresent()) {
                return settled.get();
            }
            if (tries == TRIES && !attempt.served()) {
                return undecided(kind, name, message(refusal.conflict()));
            }
            if (tries == TRIES) {
                return notStored(
                        point,
                        mine,
                        true,
                        new SideBySide.Outcome(
                                Optional.empty(), Optional.of(refusal.conflict()), pair.append(snapshot), false));
            }
            attempt = after(attempt, refusal, mine);
        }
    }

    private Refusal refusal(Snapshot snapshot, SideBySide.Outcome outcome, Look look, ServingState mine) {
        SnapshotConflictException conflict = outcome.conflict().orElseThrow();
        boolean own = look.head()
                .filter(head -> head.isSave(snapshot.header())
                        || unknown.filter(head::isSave).isPresent())
                .isPresent();
        if (own) {
            look.head().ifPresent(head -> cursor.goOnFrom(head, mine));
        }
        SaveDecision verdict =
                SaveDecision.of(look.head(), cursor.base(), cursor.baseline(), mine, look.proven() || own);
        log.debug("Snapshot {} was refused, {}: {}", snapshot.header().name(), verdict, conflict.getMessage());
        return new Refusal(conflict, look, own, verdict, outcome.mayRevive());
    }

    /**
     * What became of it; empty if there is something to write again.
     *
     * @throws SnapshotConflictException if it must not be written under this name, or not by a host that is behind
     */
    private Optional<Durability> settled(
            SnapshotKind kind, Optional<String> name, boolean change, ServingState mine, Refusal refusal) {
        return switch (refusal.verdict()) {
            case DIVERGED, UNPROVED -> Optional.of(diverged(kind, name, refusal));
            case APPEND -> {
                if (name.isPresent() && cursor.isBase(refusal.head()) && !refusal.own()) {
                    throw inUse(name.get());
                }
                if (change || refusal.head().isEmpty()) {
                    yield Optional.empty();
                }
                // Another host's start or stop was faster, and says the same.
                refusal.head().ifPresent(head -> cursor.goOnFrom(head, mine));
                yield refusal.head().map(head -> alreadyIn(Durability.Kind.STORED, head, mine));
            }
            case ALREADY_THERE -> {
                refusal.head().ifPresent(head -> cursor.goOnFrom(head, mine));
                if (kind == SnapshotKind.SAVE || cursor.learned().isAhead(mine)) {
                    yield Optional.empty();
                }
                // A restart serves it, whether the store is there or not.
                refusal.head().ifPresent(head -> waiting.copyOfOthers(head.snapshot()));
                cursor.base().ifPresent(head -> standing.stored(head.header()));
                Durability.Kind where = refusal.own() ? Durability.Kind.STORED : Durability.Kind.STORED_ELSEWHERE;
                yield cursor.base().map(head -> alreadyIn(where, head, mine));
            }
            case BEHIND -> {
                HistoryPoint head = refusal.head().orElseThrow();
                if (kind == SnapshotKind.SAVE) {
                    throw new SnapshotConflictException("The host is behind what "
                            + head.header().host() + " has saved as " + head.name()
                            + ", which a save of what this host serves would undo. Go over first, with: holdfast"
                            + " snapshots attach --take store");
                }
                standing.behind(head);
                cursor.learned().agree(mine, head.state());
                yield kind == SnapshotKind.SNAPSHOT && cursor.learned().isAhead(mine)
                        ? Optional.empty()
                        : Optional.of(alreadyIn(Durability.Kind.STORED, head, mine));
            }
        };
    }

    /**
     * What somebody asked for came to nothing with what this host served, and another host has changed something: what that one
     * saved does not hold what was asked for.
     */
    private Optional<Durability> behind(Refusal refusal, ServingState mine) {
        Optional<Durability> undone = mayGoOver(refusal) ? undone(refusal.head().orElseThrow()) : Optional.empty();
        if (undone.isPresent()) {
            return undone;
        }
        Optional<String> holdsIt = cursor.base().map(HistoryPoint::name);
        return settled(SnapshotKind.SNAPSHOT, Optional.empty(), true, mine, refusal)
                .map(durability ->
                        new Durability(durability.kind(), holdsIt.or(durability::snapshot), durability.notice()));
    }

    private boolean mayGoOver(Refusal refusal) {
        return options.adoptsStoreAfterConflict() && waiting.isEmpty() && !refusal.mayRevive();
    }

    /** What to write next, after the head; where the host is behind, the others' state with what was learned here. */
    private Attempt after(Attempt attempt, Refusal refusal, ServingState mine) {
        Optional<HistoryPoint> head = refusal.head();
        boolean behind = refusal.verdict() == SaveDecision.BEHIND;
        if (!behind && head.isPresent()) {
            cursor.goOnFrom(head.get(), mine);
        }
        if (refusal.look().reading() instanceof Reading.Damaged damaged
                && damaged.header().isEmpty()) {
            // It has a revision that nobody can read.
            cursor.taken(attempt.place().revision());
        }
        chunks.fromElsewhere();
        return new Attempt(
                behind ? head.map(HistoryPoint::state).orElse(mine) : mine,
                !behind,
                cursor.free(refusal.look().place()));
    }

    /** Whether a snapshot of this kind would hold anything new. */
    private boolean isChange(SnapshotKind kind, ServingState mine) {
        return kind == SnapshotKind.SNAPSHOT
                || kind == SnapshotKind.SAVE
                || !ServingComparison.same(mine, cursor.before())
                || cursor.learned().isAhead(mine);
    }

    private Durability stored(
            HistoryPoint point, ServingState mine, boolean servesIt, Optional<Throwable> journalProblem) {
        unknown = Optional.empty();
        chunks.delivered();
        if (servesIt) {
            cursor.goOnFrom(point, mine);
            standing.stored(point.header());
        } else {
            cursor.taken(point.header().revision());
            cursor.learned().agree(mine, point.state());
        }
        List<String> notices = journalProblem
                .map(problem -> List.of(
                        "The journal of this host did not take the snapshot, the store has it: " + message(problem)))
                .orElse(List.of());
        notices.forEach(log::warn);
        if (options.storeForgets() && journalProblem.isPresent()) {
            return lost(point.header(), notices, journalProblem.get());
        }
        return answered(
                new Durability(Durability.Kind.STORED, Optional.of(point.name()), notices), mine, point.state());
    }

    private Durability alreadyIn(Durability.Kind kind, HistoryPoint head, ServingState mine) {
        return answered(new Durability(kind, Optional.of(head.name()), List.of()), mine, head.state());
    }

    /**
     * Not before what was learned here and is not held by that snapshot lies aside. Where the journal does not take it, that is
     * said, and {@link LearnedSides} knows whose answer it changes: what the snapshot holds is durable all the same.
     */
    private Durability answered(Durability durability, ServingState mine, ServingState held) {
        try {
            sides.keep(mine, held);
            standing.durable();
            return durability;
        } catch (JournalException e) {
            String why =
                    "What models have learned here and the store does not take cannot be kept on this host either: "
                            + message(e);
            log.debug("{}", why);
            List<String> all = new ArrayList<>(durability.notice());
            all.add(why);
            return new Durability(durability.kind(), durability.snapshot(), all);
        }
    }

    /** The store did not take it, or nobody can tell. */
    private Durability notStored(HistoryPoint point, ServingState mine, boolean change, SideBySide.Outcome outcome) {
        String problem = message(outcome.storeProblem().orElseThrow());
        SnapshotHeader header = point.header();
        List<String> notices = List.of("Snapshot store " + options.store() + " did not take the snapshot: " + problem);
        log.error("Snapshot {} could not be saved in {}: {}", header.name(), options.store(), problem);
        log.debug(
                "Snapshot {} could not be saved",
                header.name(),
                outcome.storeProblem().get());
        if (outcome.journalProblem().isPresent()) {
            unknown = Optional.of(header);
            return lost(header, notices, outcome.journalProblem().get());
        }
        standing.spooling(notices);
        if (!change) {
            return answered(
                    new Durability(Durability.Kind.SPOOLED, cursor.base().map(HistoryPoint::name), notices),
                    mine,
                    cursor.before());
        }
        return waits(point, mine, notices);
    }

    /** Whatever the store has, what is served here waits, and the next look settles it. */
    private Durability undecided(SnapshotKind kind, Optional<String> name, String problem) {
        String notice = "Snapshot store " + options.store() + " did not take the snapshot: " + problem;
        log.error(notice);
        standing.spooling(List.of(notice));
        return toJournal(kind, name);
    }

    private Durability toJournal(SnapshotKind kind, Optional<String> name) {
        if (!waiting.isThere()) {
            mendJournal();
        }
        if (name.isPresent() && waiting.has(name.get())) {
            throw inUse(name.get());
        }
        ServingState mine = served.state();
        Optional<HistoryPoint> tip = waiting.newest().or(() -> cursor.base());
        boolean changed =
                !ServingComparison.same(mine, tip.map(HistoryPoint::state).orElse(cursor.baseline()));
        boolean startOrStop = kind == SnapshotKind.STARTUP || kind == SnapshotKind.SHUTDOWN;
        // This must not undo what others are known to have learned.
        ServingState wanted = cursor.learned().onto(mine, mine);
        ServingState before = tip.map(HistoryPoint::state).orElse(ServingState.EMPTY);
        boolean learned = cursor.learned().isAhead(mine)
                && !ServingComparison.learned(wanted).equals(ServingComparison.learned(before));
        if (startOrStop && !changed && !learned) {
            return answered(
                    new Durability(Durability.Kind.SPOOLED, tip.map(HistoryPoint::name), standing.notices()),
                    mine,
                    before);
        }
        HistoryPoint point = next.make(kind, name, cursor.after(tip), wanted);
        Optional<Throwable> problem = pair.append(point.snapshot());
        return problem.isPresent()
                ? lost(point.header(), standing.notices(), problem.get())
                : waits(point, mine, standing.notices());
    }

    private Durability waits(HistoryPoint point, ServingState mine, List<String> notices) {
        cursor.base().ifPresent(base -> waiting.pinBase(base.snapshot()));
        waiting.added(point);
        standing.waits(point.header());
        crossing.showJournal();
        List<String> all = new ArrayList<>(notices);
        if (options.storeOnly()) {
            all.add(
                    "It is on this host's disk alone, which is not to be relied on (durable_in=store); it goes to store "
                            + options.store() + " when that takes it.");
            return Work.lost(all);
        }
        all.add(0, "Kept in the journal of this host as " + point.name() + ".");
        return answered(new Durability(Durability.Kind.SPOOLED, Optional.of(point.name()), all), mine, point.state());
    }

    private Durability lost(SnapshotHeader header, List<String> notices, Throwable problem) {
        log.error(
                "Snapshot {} could not be kept in the journal of this host either: {}",
                header.name(),
                message(problem));
        log.debug("Snapshot {} could not be kept in the journal", header.name(), problem);
        String why = "The journal of this host did not take it either: " + message(problem);
        if (header.kind() != SnapshotKind.SAVE) {
            standing.notDurable(why);
        }
        List<String> all = new ArrayList<>(notices);
        all.add(why);
        return Work.lost(all);
    }

    private Durability diverged(SnapshotKind kind, Optional<String> name, Refusal refusal) {
        if (refusal.verdict() == SaveDecision.DIVERGED
                && kind == SnapshotKind.SNAPSHOT
                && mayGoOver(refusal)
                && refusal.head().isPresent()) {
            Optional<Durability> undone = undone(refusal.head().get());
            if (undone.isPresent()) {
                return undone.get();
            }
        }
        crossing.stayApart(refusal.look(), refusal.verdict());
        Durability durability = toJournal(kind, name);
        crossing.stayApart(refusal.look(), refusal.verdict());
        return durability;
    }

    /** Adopts what the other host saved; the refused change is answered as undone. */
    private Optional<Durability> undone(HistoryPoint head) {
        try {
            crossing.goOver(head);
        } catch (RuntimeException e) {
            log.error("The host cannot go over to {} of store {}: {}", head.name(), options.store(), e.toString());
            return Optional.empty();
        }
        return Optional.of(new Durability(
                Durability.Kind.UNDONE,
                Optional.empty(),
                List.of("The host has gone over to " + head.name() + ", which host "
                        + head.header().host() + " saved in store " + options.store() + ".")));
    }

    /** Writes a snapshot which says that revisions up to one have been removed on purpose, before they are. */
    void trim(long upTo) {
        if (cursor.base().isPresent() && cursor.base().get().header().trimmed() >= upTo) {
            return;
        }
        cursor.removed(upTo);
        Durability durability = save(SnapshotKind.SNAPSHOT, Optional.empty());
        if (!durability.isStored()
                || cursor.base()
                        .filter(point -> point.header().trimmed() >= upTo)
                        .isEmpty()) {
            throw new IllegalStateException(
                    standing.status().behind().isPresent()
                            ? "the host is behind its store; go over first, with: holdfast snapshots attach --take store"
                            : String.join(" ", durability.notice()));
        }
    }

    static SnapshotConflictException inUse(String name) {
        return new SnapshotConflictException("A snapshot named " + name + " is there already; choose another name.");
    }

    /** A failure's message; with its class, where no store or journal means to throw it. */
    static String message(Throwable failure) {
        return failure instanceof SnapshotStoreException || failure instanceof JournalException
                ? String.valueOf(failure.getMessage())
                : failure.toString();
    }
}
