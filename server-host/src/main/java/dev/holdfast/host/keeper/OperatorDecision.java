package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.history.Reading;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.keeper.Snapshots.Take;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.StateMerge;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out an operator's decision after this host and its store have diverged, in the store or not at all: a failure
 * leaves the host detached and its journal whole. What loses is kept under a name, in the store as a save or on this host.
 *
 * <pre>
 *   STORE   ours aside in the journal ─▶ the host serves the head
 *   LOCAL   the head once more as a save, the saves that wait, then ours ─▶ nothing waits
 *   MERGE   the host serves both, or nothing changes ─▶ written after the head ─▶ nothing waits
 * </pre>
 *
 * <p>Used by the keeper's thread alone.
 */
record OperatorDecision(
        KeeperOptions options,
        SnapshotSerializer store,
        PendingDelivery waiting,
        NextSnapshot next,
        StoreAttachment standing,
        ServingSource served,
        ChunkDelivery chunks,
        HistoryCursor cursor,
        StoreTransition crossing,
        LearnedSides sides) {

    private static final Logger log = LoggerFactory.getLogger(OperatorDecision.class);
    private static final int TRIES = 16;

    /** @return what was done, in one sentence */
    String carryOut(Take take) {
        Look look = cursor.look(store);
        requireSomethingToDecide(take, look);
        requireJournal();
        String done;
        try {
            done = switch (take) {
                case STORE -> takeStore(head(look), look.proven());
                case LOCAL -> takeLocal(look);
                case MERGE -> merge(look);
            };
        } catch (JournalException e) {
            throw new IllegalStateException("The journal of this host cannot keep what loses: " + e.getMessage(), e);
        }
        crossing.showJournal();
        log.info(done);
        return done;
    }

    private void requireSomethingToDecide(Take take, Look look) {
        if (!standing.isAttached() || standing.hasLearnedApart()) {
            return;
        }
        // The regular look, after which the status says so, may be seconds away.
        boolean behind = cursor.isBehind(look, served.state());
        if (take != Take.STORE || !behind) {
            throw new IllegalStateException("There is nothing to decide: the host is attached to its store "
                    + options.store() + (behind ? ", and behind; --take store lets it go over" : ""));
        }
    }

    /** A decision of which the journal has no note would be forgotten at the next start, which goes on from what was before. */
    private void requireJournal() {
        try {
            waiting.requireWritableJournal();
        } catch (JournalException e) {
            throw new IllegalStateException(
                    "Nothing was decided, for the journal of this host cannot take note of it: " + e.getMessage()
                            + ". Mend that, and decide again",
                    e);
        }
    }

    /** The store's newest, which must be readable to be adopted. */
    private HistoryPoint head(Look look) {
        if (look.reading() instanceof Reading.Found found) {
            return found.head();
        }
        throw unreadable(look)
                .orElseThrow(() -> new IllegalStateException("Store " + options.store() + " has no snapshot of group "
                        + options.group() + " to go over to"));
    }

    private static Optional<SnapshotStoreException> unreadable(Look look) {
        if (look.reading() instanceof Reading.Damaged damaged) {
            return Optional.of(damaged.why());
        }
        if (look.reading() instanceof Reading.Unreadable unreadable) {
            return Optional.of(unreadable.why());
        }
        return look.reading() instanceof Reading.Away away ? Optional.of(away.why()) : Optional.empty();
    }

    /** @param proven whether the store has what this host goes on from; else what models have learned may be gone with it */
    private String takeStore(HistoryPoint head, boolean proven) {
        ServingState mine = served.state();
        ServingState before = cursor.base().map(HistoryPoint::state).orElse(ServingState.EMPTY);
        Optional<HistoryPoint> ours = waiting.newest();
        boolean changedHere = !ServingComparison.same(mine, before) || !standing.isAttached();
        boolean servedIsLost = (changedHere && !ServingComparison.same(mine, head.state()))
                || (!proven && !ServingComparison.learned(mine).equals(ServingComparison.learned(head.state())));
        if (ours.isEmpty() && servedIsLost) {
            ours = Optional.of(next.make(
                    SnapshotKind.SNAPSHOT,
                    Optional.empty(),
                    cursor.base().map(HistoryPoint::next).orElse(Place.FIRST),
                    mine));
        }
        ours.map(HistoryPoint::snapshot).ifPresent(waiting::setAside);
        // What models have learned loses too where both serve the same.
        Optional<String> kept = ours.map(HistoryPoint::name).or(() -> sides.keep(mine, head.state()));
        crossing.goOver(head);
        waiting.clear();
        return "Attached to store " + options.store() + "; the host serves its snapshot " + head.name() + " now"
                + kept.map(name -> ". What it served before is kept on this host as " + name)
                        .orElse("");
    }

    private String takeLocal(Look first) {
        Look look = first;
        ServingState mine = served.state();
        // Another host may save once more in between, which loses too.
        Set<String> written = new HashSet<>();
        List<String> keptThere = new ArrayList<>();
        List<HistoryPoint> saves = new ArrayList<>(waiting.saves());
        List<String> keptHere = new ArrayList<>();
        Place place = cursor.free(look.place());
        for (int tries = 1; ; tries++) {
            unreadable(look).filter(why -> !isDamage(why)).ifPresent(why -> {
                throw why;
            });
            try {
                Optional<HistoryPoint> head = look.head();
                if (loses(head, mine) && !written.contains(head.get().header().saveId())) {
                    HistoryPoint kept = next.kept(head.get(), place);
                    if (isThere(kept.name())
                            && !waiting.isInStore(kept.name(), head.get().header())) {
                        // Somebody else uses that name.
                        kept = next.keptBySaveId(head.get(), place);
                    }
                    if (!isThere(kept.name())) {
                        place = keepLoser(head.get(), kept).next();
                        written.add(kept.header().saveId());
                    }
                    keptThere.add(kept.name());
                }
                while (!saves.isEmpty()) {
                    HistoryPoint waits = saves.get(0);
                    if (isThere(waits.name())) {
                        // Another place does not help, as a name is used once.
                        waiting.keepSave(waits).ifPresent(keptHere::add);
                    } else {
                        HistoryPoint moved = put(next.moved(waits, place));
                        written.add(moved.header().saveId());
                        place = moved.next();
                    }
                    saves.remove(0);
                }
                HistoryPoint winner = put(next.make(SnapshotKind.SNAPSHOT, Optional.empty(), place, mine));
                crossing.wrote(winner, mine);
                waiting.copy(winner.snapshot());
                waiting.clear();
                served.attachedAgain();
                return "Attached to store " + options.store() + "; what this host serves is its snapshot "
                        + winner.name() + " now"
                        + (keptThere.isEmpty()
                                ? ""
                                : ". What lost is kept in the store as " + String.join(", ", keptThere))
                        + (keptHere.isEmpty()
                                ? ""
                                : ". The store has other saves of these names, and this host's are kept here: "
                                        + String.join(", ", keptHere));
            } catch (SnapshotConflictException e) {
                if (tries == TRIES) {
                    throw e;
                }
                look = cursor.look(store);
                // Damaged snapshots have revisions that nobody can read.
                place = look.place().notBelow(place.revision() + 1);
            }
        }
    }

    /** Snapshots may follow a damaged one, but not one that cannot be read for now. */
    private static boolean isDamage(SnapshotStoreException why) {
        return why instanceof SnapshotUnreadableException;
    }

    private boolean loses(Optional<HistoryPoint> head, ServingState mine) {
        return head.isPresent()
                && (cursor.learned().wouldUndo(head.get().state(), mine)
                        || (!ServingComparison.same(head.get().state(), mine) && !cursor.isBase(head)));
    }

    private HistoryPoint keepLoser(HistoryPoint head, HistoryPoint kept) {
        store.save(kept.snapshot());
        log.info(
                "What host {} saved as {} is kept in store {} as {}",
                head.header().host(),
                head.name(),
                options.store(),
                kept.name());
        return kept;
    }

    /** Saves a snapshot after the chunks that it needs. */
    private HistoryPoint put(HistoryPoint point) {
        chunks.deliverElsewhereFor(point.snapshot());
        store.save(point.snapshot());
        return point;
    }

    private boolean isThere(String name) {
        try {
            store.get(name);
            return true;
        } catch (SnapshotNotFoundException e) {
            return false;
        } catch (SnapshotUnreadableException e) {
            log.debug("{} is there, and cannot be read", name, e);
            return true;
        }
    }

    /** Another host may save once more in between, which is merged too; a name that it has used takes another try. */
    private String merge(Look first) {
        Look look = first;
        for (int tries = 1; ; tries++) {
            try {
                return merge(head(look), look.proven());
            } catch (SnapshotConflictException e) {
                if (tries == TRIES) {
                    throw e;
                }
                log.debug("Once more, for the store refused the merged snapshot", e);
                look = cursor.look(store);
            }
        }
    }

    private String merge(HistoryPoint head, boolean proven) {
        if (!proven) {
            throw new IllegalStateException("No merge is possible: store " + options.store()
                    + " lacks what this host goes on from, and what it lacks would be taken for removed. Decide with"
                    + " --take store or --take local");
        }
        next.namesAfter(head.header());
        ServingState mine = served.state();
        HistoryPoint base = waiting.base(cursor.base())
                .orElseThrow(
                        () -> new IllegalStateException("No merge is possible: the snapshot that both this host and"
                                + " store " + options.store()
                                + " go on from is not known here. Decide with --take store or"
                                + " --take local"));
        StateMerge.Result result = StateMerge.of(cursor.learned().base(base.state()), mine, head.state());
        ServingState merged = merged(result);
        boolean[] applied = new boolean[1];
        List<String> before = served.failures();
        List<String> failed = new ArrayList<>(served.goOver(merged));
        failed.removeAll(before);
        try {
            if (!failed.isEmpty()) {
                throw new IllegalStateException(
                        "Nothing was merged, for the result could not be loaded: " + String.join("; ", failed));
            }
            String kept = keepWhatWasLearned(result.learnedConflicts(), mine, merged);
            HistoryPoint point =
                    put(next.make(SnapshotKind.SNAPSHOT, Optional.empty(), cursor.after(Optional.of(head)), merged));
            applied[0] = true;
            crossing.wrote(point, merged);
            waiting.giveUp(point);
            served.attachedAgain();
            return "Attached to store " + options.store() + "; what this host and host "
                    + head.header().host() + " had changed is merged into snapshot "
                    + point.name() + kept;
        } finally {
            if (!applied[0]) {
                served.goOver(mine);
            }
        }
    }

    /** What models have learned here and was not taken is kept on this host, with the snapshot that refers to it. */
    private String keepWhatWasLearned(List<String> lost, ServingState mine, ServingState merged) {
        Optional<String> kept = sides.keep(mine, merged);
        return lost.isEmpty()
                ? ""
                : ". Of what models had learned, the store's was taken: " + String.join("; ", lost)
                        + kept.map(name -> ". This host's is kept as " + name).orElse("");
    }

    private static ServingState merged(StateMerge.Result result) {
        return result.merged()
                .orElseThrow(() -> new IllegalStateException("Nothing was merged, for both sides changed the same: "
                        + String.join("; ", result.conflicts()) + ". Decide with --take store or --take local"));
    }
}
