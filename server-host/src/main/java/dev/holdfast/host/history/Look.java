package dev.holdfast.host.history;

import dev.holdfast.host.history.StoreHead.Line;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.Optional;

/**
 * What was seen of a store by a host that goes on from somewhere.
 *
 * @param base what the host went on from when it asked; the answer is stale once that has changed
 * @param proven whether the store's line leads from the base to its head
 * @param baseIsDamaged whether the newest snapshot is damaged and is the base
 * @param baseIsPassedOver whether the base is damaged, and what was saved next lacks what models had learned there
 */
public record Look(
        Reading reading, Optional<HistoryPoint> base, boolean proven, boolean baseIsDamaged, boolean baseIsPassedOver) {

    /** Looks now. Throws nothing that a store means to throw. */
    public static Look at(SnapshotSerializer store, Optional<HistoryPoint> base) {
        Reading reading = StoreHead.read(store);
        if (base.isEmpty()) {
            return of(reading, base);
        }
        try {
            return at(store, base.get(), reading);
        } catch (SnapshotStoreException e) {
            return of(new Reading.Away(e), base);
        }
    }

    /** Of which nothing is known that would speak against the base. */
    public static Look of(Reading reading, Optional<HistoryPoint> base) {
        return new Look(reading, base, true, false, false);
    }

    private static Look at(SnapshotSerializer store, HistoryPoint base, Reading reading) {
        boolean own = false;
        Line line = Line.LEADS;
        if (reading instanceof Reading.Found found) {
            line = StoreHead.line(store, base, Optional.of(found.head()));
        } else if (reading instanceof Reading.Damaged damaged) {
            own = StoreHead.isDamaged(store, base, damaged);
            line = own ? Line.LEADS : StoreHead.line(store, base, damaged.older());
        } else if (reading instanceof Reading.Unreadable unreadable
                && unreadable.older().isPresent()) {
            line = lineAsFarAsKnown(store, base, unreadable.older());
        } else if (reading instanceof Reading.Nothing) {
            line = Line.BROKEN;
        }
        return new Look(reading, Optional.of(base), line != Line.BROKEN, own, line == Line.PASSED_OVER);
    }

    /** The base may be the one that cannot be read now. */
    private static Line lineAsFarAsKnown(SnapshotSerializer store, HistoryPoint base, Optional<HistoryPoint> older) {
        try {
            return StoreHead.line(store, base, older);
        } catch (StoreUnavailableException e) {
            return Line.LEADS;
        }
    }

    /** What the store's next snapshot has to be compared with; empty if there is none. */
    public Optional<HistoryPoint> head() {
        if (reading instanceof Reading.Found found) {
            return Optional.of(found.head());
        }
        if (reading instanceof Reading.Damaged damaged) {
            return baseIsDamaged ? base : damaged.older();
        }
        return Optional.empty();
    }

    /** Where the store's next snapshot has its place. */
    public Place place() {
        if (reading instanceof Reading.Damaged damaged) {
            return damaged.next();
        }
        return head().map(HistoryPoint::next).orElse(Place.FIRST);
    }

    /**
     * Whether it is known what the store has, so that something may be decided. Where all is damaged that it has, nobody
     * knows what was there, and nothing may take its place unasked.
     */
    public boolean isCertain() {
        if (reading instanceof Reading.Damaged damaged) {
            return baseIsDamaged || (!damaged.tooNew() && head().isPresent());
        }
        return reading instanceof Reading.Found || reading instanceof Reading.Nothing;
    }

    /** Why nothing can be decided. */
    public String uncertainty() {
        if (reading instanceof Reading.Away away) {
            return message(away.why());
        }
        if (reading instanceof Reading.Unreadable unreadable) {
            return message(unreadable.why());
        }
        return reading instanceof Reading.Damaged damaged ? message(damaged.why()) : "";
    }

    private static String message(SnapshotStoreException why) {
        return String.valueOf(why.getMessage());
    }

    /** Whether the store could be asked. */
    public boolean reached() {
        return !(reading instanceof Reading.Away);
    }
}
