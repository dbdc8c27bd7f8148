package dev.holdfast.host.history;

import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.StateMerge;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest snapshot of a store, as far as it can be read. */
public final class StoreHead {

    private static final Logger log = LoggerFactory.getLogger(StoreHead.class);

    private StoreHead() {}

    /**
     * Reads it, by the strongly consistent read; a list may be served from an index that lags behind. Throws nothing that a
     * store means to throw.
     */
    public static Reading read(SnapshotSerializer store) {
        try {
            return last(store);
        } catch (SnapshotStoreException e) {
            return new Reading.Away(e);
        }
    }

    private static Reading last(SnapshotSerializer store) {
        Optional<Snapshot> last;
        try {
            last = store.getLast();
        } catch (SnapshotUnreadableException e) {
            return damaged(store, Optional.empty(), e);
        } catch (StoreUnavailableException e) {
            return unreadable(store, e);
        }
        if (last.isEmpty()) {
            Optional<SnapshotHeader> listed = firstListed(store);
            return listed.isEmpty()
                    ? new Reading.Nothing()
                    : damaged(
                            store,
                            Optional.empty(),
                            new SnapshotCorruptException("The store says that it has no last snapshot, and lists "
                                    + listed.get().name()));
        }
        try {
            return new Reading.Found(HistoryPoint.of(last.get()));
        } catch (SnapshotUnreadableException e) {
            return damaged(store, Optional.of(last.get().header()), e);
        }
    }

    private static Reading damaged(
            SnapshotSerializer store, Optional<SnapshotHeader> header, SnapshotStoreException why) {
        Optional<SnapshotHeader> first = firstListed(store);
        Newest newest = newestReadable(store);
        Optional<HistoryPoint> older = newest.point();
        if (newest.passedOver().orElse(why) instanceof StoreUnavailableException now) {
            return new Reading.Unreadable(now, older);
        }
        boolean firstIsWhole = first.isPresent()
                && older.map(HistoryPoint::name)
                        .filter(first.get().name()::equals)
                        .isPresent();
        // Where the first one listed is whole, the damaged one is not listed, and has a revision after it.
        Optional<SnapshotHeader> damaged = header.or(() -> firstIsWhole ? Optional.empty() : first);
        long revision = damaged.map(SnapshotHeader::revision)
                .orElse(first.map(whole -> whole.revision() + 1).orElse(1L));
        boolean tooNew = why instanceof SnapshotFormatTooNewException;
        return newest.passedOver()
                .filter(before -> !tooNew)
                .map(before -> new Reading.Damaged(
                        new SnapshotCorruptException(why.getMessage() + ". Before it: " + before.getMessage(), why),
                        true,
                        damaged,
                        older,
                        revision))
                .orElseGet(() -> new Reading.Damaged(why, tooNew, damaged, older, revision));
    }

    /** One file, row or item that cannot be read does not make the others so. */
    private static Reading unreadable(SnapshotSerializer store, StoreUnavailableException why) {
        try {
            Optional<HistoryPoint> older = newestReadable(store).point();
            return older.isPresent() ? new Reading.Unreadable(why, older) : new Reading.Away(why);
        } catch (SnapshotStoreException e) {
            log.debug("Nothing else can be read either", e);
            return new Reading.Away(why);
        }
    }

    /** @return empty if the store lists none; what cannot be read is not listed, and may leave pages empty */
    public static Optional<SnapshotHeader> firstListed(SnapshotSerializer store) {
        return SnapshotPage.all(store, ListRequest.firstPage(1)).findFirst();
    }

    /**
     * The newest one that can be read.
     *
     * @param passedOver why the first of those could not be read before which it stands and which somebody may read one day
     */
    private record Newest(Optional<HistoryPoint> point, Optional<SnapshotStoreException> passedOver) {}

    /** Those that cannot be read are named in the log. */
    private static Newest newestReadable(SnapshotSerializer store) {
        Optional<SnapshotStoreException> passedOver = Optional.empty();
        Iterator<SnapshotHeader> listed =
                SnapshotPage.all(store, ListRequest.firstPage(100)).iterator();
        while (listed.hasNext()) {
            SnapshotHeader header = listed.next();
            try {
                return new Newest(Optional.of(HistoryPoint.of(store.get(header.name()))), passedOver);
            } catch (SnapshotFormatTooNewException | StoreUnavailableException e) {
                log.error("{}", e.getMessage());
                passedOver = passedOver.or(() -> Optional.of(e));
            } catch (SnapshotCorruptException | SnapshotNotFoundException e) {
                log.error("{}", e.getMessage());
            }
        }
        return new Newest(Optional.empty(), passedOver);
    }

    private static Optional<HistoryPoint> readable(SnapshotSerializer store, String name) {
        try {
            return Optional.of(HistoryPoint.of(store.get(name)));
        } catch (SnapshotUnreadableException | SnapshotNotFoundException | StoreUnavailableException e) {
            log.error("{}", e.getMessage());
            return Optional.empty();
        }
    }

    /** Where a snapshot stands to the store's newest. */
    enum Line {
        /** The store has it, or has let go of it on purpose, and went on from it. */
        LEADS,
        /**
         * It is damaged, and what was saved next lacks what models had learned there, though it serves what that one changed.
         */
        PASSED_OVER,
        /** The store lacks it, or what it serves. */
        BROKEN
    }

    /**
     * Whether a snapshot is in the line that leads to the head.
     *
     * @param head the store's newest; empty if it has none
     * @throws SnapshotStoreException if the store cannot be reached
     */
    static Line line(SnapshotSerializer store, HistoryPoint point, Optional<HistoryPoint> head) {
        if (head.isEmpty()) {
            return Line.BROKEN;
        }
        if (head.get().isSame(point)) {
            return Line.LEADS;
        }
        boolean followed = follows(head.get().header(), point);
        try {
            Snapshot there = store.get(point.name());
            return leads(followed || point.isSave(there.header()) || follows(SnapshotText.wholeHeader(there), point));
        } catch (StoreUnavailableException e) {
            if (followed) {
                return Line.LEADS;
            }
            throw e;
        } catch (SnapshotFormatTooNewException e) {
            // It is there, under its name; a name is given once.
            log.debug("{} is there, and cannot be read", point.name(), e);
            return Line.LEADS;
        } catch (SnapshotCorruptException e) {
            log.debug("{} is there, and is damaged", point.name(), e);
            return lineOfDamaged(store, point, head.get());
        } catch (SnapshotNotFoundException e) {
            SnapshotHeader last = head.get().header();
            String mine = point.header().history().orElse(point.header().saveId());
            return leads(followed
                    || (last.history().filter(mine::equals).isPresent()
                            && point.header().revision() <= last.trimmed()));
        }
    }

    private static Line leads(boolean does) {
        return does ? Line.LEADS : Line.BROKEN;
    }

    /** Whoever saved next could not read it, perhaps, and took its place in the line with an older state. */
    private static Line lineOfDamaged(SnapshotSerializer store, HistoryPoint point, HistoryPoint head) {
        Optional<HistoryPoint> next = successor(store, point);
        if (!ServingComparison.same(head.state(), point.state()) && !successorHolds(store, point, next)) {
            return Line.BROKEN;
        }
        // What it follows says nothing: the place after a damaged one is known, and what it held need not be.
        Set<Map.Entry<ServingComparison.Key, StateReference>> learned =
                ServingComparison.learned(point.state()).entrySet();
        return next.filter(saved -> ServingComparison.learned(saved.state())
                                .entrySet()
                                .containsAll(learned))
                        .isPresent()
                ? Line.LEADS
                : Line.PASSED_OVER;
    }

    /** The snapshot that was saved next, of those that are still there; empty if it cannot be read. */
    private static Optional<HistoryPoint> successor(SnapshotSerializer store, HistoryPoint point) {
        long revision = point.header().revision();
        return SnapshotPage.all(store, ListRequest.firstPage(ListRequest.MOST))
                .takeWhile(header -> header.revision() > revision)
                .reduce((later, earlier) -> earlier)
                .flatMap(header -> readable(store, header.name()));
    }

    /** Whether it was made to follow the point, perhaps in its place, as an edited snapshot does that was accepted. */
    private static boolean follows(SnapshotHeader header, HistoryPoint point) {
        return point.header().revision() > 0
                && header.follows().filter(point.header().saveId()::equals).isPresent();
    }

    /**
     * Whether what was saved after a damaged snapshot holds what that one had changed; who could not read it began with the
     * older one, which has to be readable then.
     */
    private static boolean successorHolds(SnapshotSerializer store, HistoryPoint point, Optional<HistoryPoint> next) {
        if (point.header().follows().isEmpty()) {
            return true;
        }
        long revision = point.header().revision();
        Optional<HistoryPoint> older = SnapshotPage.all(store, ListRequest.firstPage(ListRequest.MOST))
                .dropWhile(header -> header.revision() >= revision)
                .flatMap(header -> readable(store, header.name()).stream())
                .findFirst();
        return next.isPresent()
                && older.isPresent()
                && StateMerge.of(older.get().state(), point.state(), next.get().state())
                        .merged()
                        .filter(both -> ServingComparison.same(both, next.get().state()))
                        .isPresent();
    }

    /**
     * Whether the damaged newest snapshot is this one: then what it held is known.
     *
     * @throws SnapshotStoreException if the store cannot be reached
     */
    public static boolean isDamaged(SnapshotSerializer store, HistoryPoint point, Reading.Damaged damaged) {
        if (damaged.why() instanceof SnapshotFormatTooNewException) {
            return false;
        }
        if (damaged.header().isPresent()) {
            return point.isSave(damaged.header().get());
        }
        try {
            store.get(point.name());
            return false;
        } catch (SnapshotCorruptException e) {
            log.debug("{} is the damaged one", point.name(), e);
            return point.header().revision() >= damaged.revision();
        } catch (SnapshotNotFoundException | SnapshotFormatTooNewException e) {
            return false;
        }
    }

    /**
     * Whether a store has this very save; one that is there and cannot be read is not known to be it.
     *
     * @throws SnapshotStoreException if the store cannot be reached
     */
    public static boolean has(SnapshotSerializer store, SnapshotHeader header) {
        try {
            return store.get(header.name()).header().saveId().equals(header.saveId());
        } catch (SnapshotNotFoundException | SnapshotUnreadableException e) {
            log.debug("{} is not known to be in the store", header.name(), e);
            return false;
        }
    }

    /** The learned states that the newest snapshot refers to; none if it cannot be read. */
    public static Set<StateReference> references(SnapshotSerializer store) {
        try {
            return store.getLast().map(StateReferences::of).orElse(Set.of());
        } catch (SnapshotUnreadableException e) {
            return Set.of();
        }
    }
}
