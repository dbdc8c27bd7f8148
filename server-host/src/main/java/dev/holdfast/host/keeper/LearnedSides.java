package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What models have learned here and the store does not take, because another host's have learned otherwise or it serves others:
 * kept aside in the journal before anybody is told that it is durable, and told in the status.
 *
 * <p>A model that learns stores a state every few seconds, each on top of the one before. So there is one side, the newest,
 * until somebody decides; where what is served has changed since, the one before stays too. Used by the keeper's thread alone.
 */
final class LearnedSides {

    private static final Logger log = LoggerFactory.getLogger(LearnedSides.class);

    private final Journal journal;
    private final NextSnapshot next;
    private final StoreAttachment standing;
    private final HistoryCursor cursor;
    private Optional<HistoryPoint> newest = Optional.empty();
    /** What the journal did not take when it was to be kept last. */
    private Set<ServingComparison.Key> unkept = Set.of();

    LearnedSides(Journal journal, NextSnapshot next, StoreAttachment standing, HistoryCursor cursor) {
        this.journal = journal;
        this.next = next;
        this.standing = standing;
        this.cursor = cursor;
    }

    /**
     * Keeps what loses, if something does and it is not kept yet.
     *
     * @param mine what this host serves
     * @param held what the snapshot holds that is to answer for it
     * @return the name under which it is kept; empty if nothing loses
     * @throws JournalException if it is not kept; nobody is to be told that it is
     */
    Optional<String> keep(ServingState mine, ServingState held) {
        Map<ServingComparison.Key, StateReference> losing = cursor.learned().losing(mine, held);
        try {
            if (!losing.isEmpty() && newest.filter(side -> holds(side, losing)).isEmpty()) {
                Place place = cursor.after(cursor.base());
                keep(next.kept(next.make(SnapshotKind.SNAPSHOT, Optional.empty(), place, mine), place));
            }
        } catch (JournalException e) {
            unkept = Set.copyOf(losing.keySet());
            standing.learned(losing.keySet(), Optional.empty());
            throw e;
        }
        unkept = Set.of();
        Optional<String> kept = losing.isEmpty() ? Optional.empty() : newest.map(HistoryPoint::name);
        standing.learned(losing.keySet(), kept);
        return kept;
    }

    /** Whether something that was learned here is in memory alone. */
    boolean isAnythingUnkept() {
        return !unkept.isEmpty();
    }

    /** Whether something that a model has learned here is in memory alone. */
    boolean isUnkept(String model) {
        return unkept.stream().anyMatch(key -> key.model().equals(model));
    }

    private static boolean holds(HistoryPoint side, Map<ServingComparison.Key, StateReference> losing) {
        return ServingComparison.learned(side.state()).entrySet().containsAll(losing.entrySet());
    }

    private void keep(HistoryPoint side) {
        journal.setAside(side.snapshot());
        Optional<HistoryPoint> older = newest.filter(before -> ServingComparison.same(before.state(), side.state()));
        newest = Optional.of(side);
        try {
            older.ifPresent(before -> journal.deleteAside(before.name()));
        } catch (JournalException e) {
            log.warn("{}; delete it, for {} holds more", e.getMessage(), side.name());
        }
        showAside();
    }

    /** The same of a snapshot that waits, and of which the store gets another one. */
    void keep(HistoryPoint waits, ServingState held) {
        Map<ServingComparison.Key, StateReference> losing = cursor.learned().losing(waits.state(), held);
        if (losing.isEmpty()) {
            return;
        }
        boolean named = waits.header().kind() == SnapshotKind.SAVE;
        Optional<HistoryPoint> earlier = keptEarlier(waits);
        if (named && earlier.isEmpty()) {
            // No later one is to take the place of what somebody saved.
            HistoryPoint side = next.kept(waits, cursor.after(cursor.base()));
            journal.setAside(side.snapshot());
            showAside();
            log.warn(
                    "Save {} goes to the store with what another host's models have learned; as it was saved it is kept on"
                            + " this host as {}",
                    waits.name(),
                    side.name());
        } else if (!named) {
            newest = newest.or(() -> earlier);
            if (newest.filter(side -> holds(side, losing)).isEmpty()) {
                keep(next.kept(waits, cursor.after(cursor.base())));
            }
            standing.learned(losing.keySet(), newest.map(HistoryPoint::name));
        }
    }

    /** A process before this one may have kept it, and ended before the store had the other one. */
    private Optional<HistoryPoint> keptEarlier(HistoryPoint waits) {
        return journal.aside().stream()
                .filter(header ->
                        header.origin().filter(waits.header().saveId()::equals).isPresent())
                .findFirst()
                .map(header -> HistoryPoint.of(journal.aside(header.name())));
    }

    private void showAside() {
        standing.aside(journal.aside().stream().map(SnapshotHeader::name).toList());
    }

    /** Somebody has decided, or this host serves what the store has. */
    void settle() {
        newest = Optional.empty();
        unkept = Set.of();
        standing.learned(Set.of(), Optional.empty());
    }
}
