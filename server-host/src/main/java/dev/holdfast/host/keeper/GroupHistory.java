package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.history.StoreHead;
import dev.holdfast.host.history.Verdict;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServedState;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The history of the group, as this host goes on in it: writes what the host serves where it stands, and finds out what it
 * may write.
 *
 * <pre>
 *   attached ─▶ store and journal ─ taken ───────────────────────────────▶ STORED
 *                              ├── the store cannot be reached ──────────▶ it waits in the journal: SPOOLED
 *                              └── refused ─▶ look at the head ─▶ {@link Verdict}
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
final class GroupHistory {

    private static final Logger log = LoggerFactory.getLogger(GroupHistory.class);
    /** How often a save goes on after another host's, before it gives up for now. */
    private static final int TRIES = 16;

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final SideBySide pair;
    private final Waiting waiting;
    private final ChunkBringer chunks;
    private final NextSnapshot next;
    private final Standing standing;
    private final Served served;
    private final LearnedKeys learned = new LearnedKeys();

    private Optional<HistoryPoint> base;
    private final ServingState baseline;
    private long least;
    private long trimmed;
    /** Whether the next snapshot may need chunks that the one before it did not. */
    private boolean comesFromElsewhere = true;
    /** The snapshot of which nobody can tell whether the store has it, and that the journal has not. */
    private Optional<SnapshotHeader> unknown = Optional.empty();

    GroupHistory(
            KeeperOptions options,
            StartPoint start,
            SnapshotSerializer store,
            SideBySide pair,
            Waiting waiting,
            ChunkBringer chunks,
            NextSnapshot next,
            Standing standing,
            Served served) {
        this.options = options;
        this.store = store;
        this.pair = pair;
        this.waiting = waiting;
        this.chunks = chunks;
        this.next = next;
        this.standing = standing;
        this.served = served;
        this.base = start.base();
        this.baseline = start.baseline();
        this.least = start.least();
    }

    /** Takes its bearings; to be called once, when everything is served. */
    void begin() {
        waiting.newest().ifPresent(point -> next.namesAfter(point.header()));
        ServingState there = base.map(HistoryPoint::state).orElse(served.state());
        learned.agree(waiting.newest().map(HistoryPoint::state).orElse(there), there);
        showJournal();
    }

    /** What this host goes on from. */
    Optional<HistoryPoint> base() {
        return base;
    }

    // ---- saving

    /**
     * Writes what is served now into one snapshot, where the host's standing says.
     *
     * @param name empty for one that the host gives
     * @throws SnapshotConflictException if the name is in use, or the host is behind and a save would undo what another one
     *     changed; nothing was written then
     */
    Durability save(SnapshotKind kind, Optional<String> name) {
        return standing.isAttached() ? toStore(kind, name) : toJournal(kind, name);
    }

    /** Tries again to keep what nothing took; does nothing if there is no such change. */
    void saveWhatIsUnsaved() {
        if (!standing.isUnsaved()) {
            return;
        }
        Durability durability = save(SnapshotKind.SNAPSHOT, Optional.empty());
        if (durability.kind() != Durability.Kind.LOST_ON_RESTART) {
            log.info(
                    "The serving state is durable again, in snapshot {}",
                    durability.snapshot().orElse(""));
        }
    }

    /**
     * What is to be written, and after what.
     *
     * @param served whether it is what this host serves
     */
    private record Attempt(ServingState wanted, boolean served, Optional<HistoryPoint> onto, Place place) {}

    /** Why the store refused a snapshot. */
    private record Refusal(
            SnapshotConflictException conflict, Look look, boolean own, Verdict verdict, boolean mayRevive) {

        Optional<HistoryPoint> head() {
            return look.head();
        }
    }

    private Durability toStore(SnapshotKind kind, Optional<String> name) {
        ServingState mine = served.state();
        boolean change = isChange(kind, mine);
        Attempt attempt = new Attempt(mine, true, base, placeAfter(base));
        for (int tries = 1; ; tries++) {
            Snapshot snapshot =
                    next.make(kind, name, attempt.place(), learned.onto(attempt.wanted(), mine, attempt.onto()));
            // What changes nothing need not outlive a store that is away.
            SideBySide.Outcome outcome = pair.write(snapshot, change, () -> bringChunks(snapshot));
            if (outcome.isStored()) {
                return stored(snapshot, mine, attempt.served(), outcome.journalProblem());
            }
            if (outcome.conflict().isEmpty()) {
                return notStored(snapshot, change, outcome);
            }
            Look look = Look.at(store, base);
            if (!look.isCertain()) {
                return undecided(kind, name, look);
            }
            Refusal refusal = refusal(snapshot, outcome, look, mine);
            Optional<Durability> settled = settled(kind, name, change, mine, refusal);
            if (settled.isPresent()) {
                return settled.get();
            }
            if (tries == TRIES) {
                return notStored(
                        snapshot,
                        true,
                        new SideBySide.Outcome(
                                Optional.empty(), Optional.of(refusal.conflict()), pair.append(snapshot)));
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
            base = look.head();
        }
        Verdict verdict = Verdict.of(look.head(), base, baseline, mine, look.proven() || own);
        log.debug("Snapshot {} was refused, {}: {}", snapshot.header().name(), verdict, conflict.getMessage());
        return new Refusal(conflict, look, own, verdict, outcome.mayRevive());
    }

    /**
     * What became of it, if nothing is to be written to the store any more.
     *
     * @throws SnapshotConflictException if it must not be written under this name, or not by a host that is behind
     */
    private Optional<Durability> settled(
            SnapshotKind kind, Optional<String> name, boolean change, ServingState mine, Refusal refusal) {
        return switch (refusal.verdict()) {
            case DIVERGED, UNPROVED -> Optional.of(diverged(kind, name, refusal));
            case APPEND -> {
                if (name.isPresent() && isBase(refusal.head()) && !refusal.own()) {
                    throw inUse(name.get());
                }
                if (change || refusal.head().isEmpty()) {
                    yield Optional.empty();
                }
                // Another host's start or stop was a moment faster; it says the same.
                base = refusal.head();
                yield refusal.head().map(GroupHistory::alreadyIn);
            }
            case ALREADY_THERE -> {
                base = refusal.head();
                if (kind == SnapshotKind.SAVE || learned.isAhead(mine)) {
                    yield Optional.empty();
                }
                base.ifPresent(head -> standing.stored(head.header()));
                yield base.map(GroupHistory::alreadyIn);
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
                yield kind == SnapshotKind.SNAPSHOT && learned.isAhead(mine)
                        ? Optional.empty()
                        : Optional.of(alreadyIn(head));
            }
        };
    }

    /** What to write next: after the head, and where the host is behind, what the others serve with what was learned here. */
    private Attempt after(Attempt attempt, Refusal refusal, ServingState mine) {
        Optional<HistoryPoint> head = refusal.head();
        boolean behind = refusal.verdict() == Verdict.BEHIND;
        if (!behind && head.isPresent()) {
            base = head;
        }
        if (refusal.look().reading() instanceof Reading.Damaged damaged
                && damaged.header().isEmpty()) {
            // It has a revision that nobody can read.
            least = Math.max(least, attempt.place().revision() + 1);
        }
        comesFromElsewhere = true;
        return new Attempt(
                behind ? head.map(HistoryPoint::state).orElse(mine) : mine,
                !behind,
                head,
                notBelowLeast(refusal.look().place()));
    }

    private Place placeAfter(Optional<HistoryPoint> point) {
        return point.map(HistoryPoint::next).orElse(Place.FIRST).notBelow(least).trimmed(trimmed);
    }

    private boolean isBase(Optional<HistoryPoint> head) {
        return head.isPresent() && base.filter(head.get()::isSame).isPresent();
    }

    /** Whether a snapshot of this kind would hold anything that the base does not. */
    private boolean isChange(SnapshotKind kind, ServingState mine) {
        return kind == SnapshotKind.SNAPSHOT
                || kind == SnapshotKind.SAVE
                || !ServedState.same(mine, base.map(HistoryPoint::state).orElse(baseline))
                || learned.isAhead(mine);
    }

    private void bringChunks(Snapshot snapshot) {
        if (comesFromElsewhere) {
            // What was restored may be older than the last snapshot, or come from elsewhere.
            Set<StateReference> needed = StateReferences.of(snapshot);
            chunks.bring(needed, needed.isEmpty() ? Set.of() : StoreHead.references(store));
        } else {
            chunks.bring(Set.of(), Set.of());
        }
    }

    private Durability stored(
            Snapshot snapshot, ServingState mine, boolean servesIt, Optional<Throwable> journalProblem) {
        HistoryPoint point = HistoryPoint.of(snapshot);
        unknown = Optional.empty();
        comesFromElsewhere = false;
        least = Math.max(least, point.header().revision() + 1);
        learned.agree(mine, point.state());
        showLearned();
        if (servesIt) {
            base = Optional.of(point);
            standing.stored(point.header());
        }
        List<String> notices = journalProblem
                .map(problem -> List.of(
                        "The journal of this host did not take the snapshot, the store has it: " + message(problem)))
                .orElse(List.of());
        notices.forEach(log::warn);
        if (options.storeForgets() && journalProblem.isPresent()) {
            return lost(point.header(), notices, journalProblem.get());
        }
        return new Durability(Durability.Kind.STORED, Optional.of(point.name()), notices);
    }

    private static Durability alreadyIn(HistoryPoint head) {
        return new Durability(Durability.Kind.STORED, Optional.of(head.name()), List.of());
    }

    /** The store did not take it, or nobody can tell. */
    private Durability notStored(Snapshot snapshot, boolean change, SideBySide.Outcome outcome) {
        String problem = message(outcome.storeProblem().orElseThrow());
        SnapshotHeader header = snapshot.header();
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
            return new Durability(Durability.Kind.SPOOLED, base.map(HistoryPoint::name), notices);
        }
        return waits(snapshot, notices);
    }

    /** The store refused it, and then did not say what it has. */
    private Durability undecided(SnapshotKind kind, Optional<String> name, Look look) {
        String notice = "Snapshot store " + options.store() + " did not take the snapshot, and does not say why: "
                + look.uncertainty();
        log.error(notice);
        standing.spooling(List.of(notice));
        return toJournal(kind, name);
    }

    // ---- the journal alone

    private Durability toJournal(SnapshotKind kind, Optional<String> name) {
        if (name.isPresent() && waiting.has(name.get())) {
            throw inUse(name.get());
        }
        ServingState mine = served.state();
        Optional<HistoryPoint> tip = waiting.newest().or(() -> base);
        boolean changed = !ServedState.same(mine, tip.map(HistoryPoint::state).orElse(baseline));
        boolean startOrStop = kind == SnapshotKind.STARTUP || kind == SnapshotKind.SHUTDOWN;
        if (startOrStop && !changed && !learned.isAhead(mine)) {
            return new Durability(Durability.Kind.SPOOLED, tip.map(HistoryPoint::name), standing.notices());
        }
        Snapshot snapshot = next.make(kind, name, placeAfter(tip), mine);
        Optional<Throwable> problem = pair.append(snapshot);
        return problem.isPresent()
                ? lost(snapshot.header(), standing.notices(), problem.get())
                : waits(snapshot, standing.notices());
    }

    private Durability waits(Snapshot snapshot, List<String> notices) {
        base.ifPresent(point -> waiting.pinBase(point.snapshot()));
        waiting.added(HistoryPoint.of(snapshot));
        standing.waits(snapshot.header());
        showJournal();
        return new Durability(
                Durability.Kind.SPOOLED, Optional.of(snapshot.header().name()), notices);
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

    // ---- two ways

    private Durability diverged(SnapshotKind kind, Optional<String> name, Refusal refusal) {
        boolean mayGoOver = refusal.verdict() == Verdict.DIVERGED
                && options.goesOver()
                && kind == SnapshotKind.SNAPSHOT
                && waiting.isEmpty()
                && !refusal.mayRevive()
                && refusal.head().isPresent();
        if (mayGoOver) {
            Optional<Durability> undone = undone(refusal.head().get());
            if (undone.isPresent()) {
                return undone.get();
            }
        }
        showDivergence(refusal.look(), refusal.verdict());
        Durability durability = toJournal(kind, name);
        showDivergence(refusal.look(), refusal.verdict());
        return durability;
    }

    /** Nothing acknowledged is given up by it: the change that was refused is answered so. */
    private Optional<Durability> undone(HistoryPoint head) {
        try {
            goOver(head);
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

    /** Serves what the head serves, and goes on from there. */
    void goOver(HistoryPoint head) {
        served.goOver(head.state());
        base = Optional.of(head);
        least = Math.max(least, head.header().revision() + 1);
        next.namesAfter(head.header());
        learned.settle();
        learned.agree(served.state(), head.state());
        comesFromElsewhere = true;
        waiting.copyOfOthers(head.snapshot());
        standing.stored(head.header());
        showLearned();
    }

    private void showDivergence(Look look, Verdict verdict) {
        Optional<HistoryPoint> head = look.head();
        ServingState mine = served.state();
        String why = verdict == Verdict.DIVERGED
                ? "both this host and "
                        + head.map(point -> "host " + point.header().host()).orElse("another one")
                        + " have changed what is served"
                : "it lacks what this host goes on from ("
                        + base.map(HistoryPoint::name).orElse("nothing") + ")"
                        + head.map(point -> "; its newest is " + point.name() + ", revision "
                                        + point.header().revision())
                                .orElse("; it has no snapshot at all");
        head.ifPresent(point -> waiting.pinTheirs(point.snapshot()));
        standing.diverged(why, waiting.sides(base, mine, head));
    }

    // ---- looking

    /** What the look says of the store, for a host that writes there or wants to again. */
    void looked(Look look) {
        if (!look.base().map(HistoryPoint::header).equals(base.map(HistoryPoint::header))) {
            // A save has come between the question and the answer.
            return;
        }
        if (standing.isAttached()) {
            lookedWhileAttached(look);
        } else {
            attachAgain(look);
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
        Verdict verdict = Verdict.of(
                look.head(), base, baseline, base.map(HistoryPoint::state).orElse(baseline), look.proven());
        if (verdict == Verdict.UNPROVED) {
            showDivergence(look, verdict);
        } else if (verdict == Verdict.BEHIND
                && !ServedState.same(look.head().orElseThrow().state(), served.state())) {
            standing.behind(look.head().orElseThrow());
        } else {
            if (verdict == Verdict.APPEND && look.head().isPresent()) {
                base = look.head();
            }
            standing.untroubled();
        }
    }

    /** What the damaged snapshot held is served here: it is written again at once, as the next one. */
    private void mend(Look look) {
        String damaged = base.map(HistoryPoint::name).orElse("");
        log.error("{}", look.uncertainty());
        least = Math.max(least, look.place().revision());
        Durability mended = save(SnapshotKind.SNAPSHOT, Optional.empty());
        log.warn(
                "Snapshot {} was found damaged in store {}, and what it held was written again: {} {}",
                damaged,
                options.store(),
                mended.kind(),
                mended.snapshot().orElse(""));
    }

    /** Goes on in the store by itself, where that gives up nothing that was acknowledged. */
    private void attachAgain(Look answer) {
        // The store answers; what it has may be another thing since a save of which nobody knows what became of it.
        Look look = answer.isCertain() ? Look.at(store, base) : answer;
        if (!look.isCertain()) {
            notYet(look);
            return;
        }
        Optional<HistoryPoint> sent = waiting.settle(store, look.head());
        if (sent.isPresent()) {
            base = sent;
            look = Look.at(store, base);
            if (!look.isCertain()) {
                notYet(look);
                return;
            }
        }
        ServingState mine = served.state();
        Verdict verdict = Verdict.of(look.head(), base, baseline, mine, look.proven());
        boolean ended = switch (verdict) {
            case APPEND -> send(look);
            case ALREADY_THERE -> settleOn(look.head().orElseThrow());
            case BEHIND -> followed(look.head().orElseThrow(), mine);
            case DIVERGED, UNPROVED -> {
                showDivergence(look, verdict);
                yield false;
            }
        };
        showJournal();
        if (ended) {
            saveWhatIsNotStored();
            served.attachedAgain();
        }
    }

    private void notYet(Look look) {
        log.debug("Snapshot store {} is out of reach: {}", options.store(), look.uncertainty());
        if (look.reached() && !(standing.status().mode() == StoreStatus.Mode.SPOOLING)) {
            standing.detached("Detached from store " + options.store() + ", whose last snapshot cannot be read: "
                    + look.uncertainty() + ". The host attaches by itself when it can be read");
        }
    }

    private boolean send(Look look) {
        Waiting.Sent sent = waiting.send(store, look, this::bringTo);
        sent.head().ifPresent(head -> {
            base = sent.head();
            least = Math.max(least, head.header().revision() + 1);
            learned.agree(head.state(), head.state());
        });
        if (sent.finished()) {
            sent.head().ifPresentOrElse(head -> standing.stored(head.header()), standing::attached);
        }
        return sent.finished();
    }

    /** Brings what a snapshot needs that goes to another place than after the last one of this host. */
    void bringTo(Snapshot snapshot) {
        comesFromElsewhere = true;
        bringChunks(snapshot);
    }

    private boolean settleOn(HistoryPoint head) {
        waiting.giveUp(head);
        base = Optional.of(head);
        least = Math.max(least, head.header().revision() + 1);
        standing.stored(head.header());
        log.info("Attached to store {} again, which serves what this host does", options.store());
        return true;
    }

    /** Nothing here is unsent: the host serves what the others have agreed on meanwhile. */
    private boolean followed(HistoryPoint head, ServingState mine) {
        boolean ahead = learned.isAhead(mine);
        ServingState target = ahead ? learned.onto(head.state(), mine, Optional.of(head)) : head.state();
        waiting.giveUp(head);
        try {
            goOver(head);
        } catch (RuntimeException e) {
            log.error("The host cannot go over to {} of store {}: {}", head.name(), options.store(), e.toString());
            return false;
        }
        if (ahead) {
            served.goOver(target);
        }
        log.info("Attached to store {} again; the host serves its snapshot {} now", options.store(), head.name());
        return true;
    }

    /** What came while the store was away and is in no snapshot of it yet. */
    private void saveWhatIsNotStored() {
        ServingState mine = served.state();
        if (base.isEmpty() || !ServedState.same(mine, base.get().state()) || learned.isAhead(mine)) {
            save(SnapshotKind.SNAPSHOT, Optional.empty());
        }
    }

    // ---- what others need

    Place notBelowLeast(Place place) {
        return place.notBelow(least).trimmed(trimmed);
    }

    /** A decision was written into the store, and is served. */
    void wrote(HistoryPoint point, ServingState mine) {
        base = Optional.of(point);
        least = Math.max(least, point.header().revision() + 1);
        learned.settle();
        learned.agree(mine, point.state());
        standing.stored(point.header());
        showLearned();
    }

    /** See that a snapshot says that revisions up to one have been removed on purpose, before they are. */
    void trim(long upTo) {
        if (base.isPresent() && base.get().header().trimmed() >= upTo) {
            return;
        }
        trimmed = Math.max(trimmed, upTo);
        Durability durability = save(SnapshotKind.SNAPSHOT, Optional.empty());
        if (durability.kind() != Durability.Kind.STORED
                || base.filter(point -> point.header().trimmed() >= upTo).isEmpty()) {
            throw new IllegalStateException("Nothing is removed, for the store did not take note of it first: "
                    + String.join(" ", durability.notice()));
        }
    }

    void showJournal() {
        standing.journal(waiting.count(), waiting.aside());
    }

    private void showLearned() {
        standing.learned(learned.conflicts());
    }

    static SnapshotConflictException inUse(String name) {
        return new SnapshotConflictException("A snapshot named " + name + " is there already; choose another name.");
    }

    /** What a failure says; of those that no store means to throw, their kind too. */
    static String message(Throwable failure) {
        return failure instanceof SnapshotStoreException || failure instanceof JournalException
                ? String.valueOf(failure.getMessage())
                : failure.toString();
    }
}
