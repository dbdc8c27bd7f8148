package dev.holdfast.host.history;

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
 */
public record Look(Reading reading, Optional<HistoryPoint> base, boolean proven, boolean baseIsDamaged) {

    /** Looks now. Throws nothing that a store means to throw. */
    public static Look at(SnapshotSerializer store, Optional<HistoryPoint> base) {
        Reading reading = StoreHead.read(store);
        if (base.isEmpty()) {
            return new Look(reading, base, true, false);
        }
        try {
            return at(store, base.get(), reading);
        } catch (SnapshotStoreException e) {
            return new Look(new Reading.Away(e), base, true, false);
        }
    }

    private static Look at(SnapshotSerializer store, HistoryPoint base, Reading reading) {
        boolean own = false;
        boolean proven = true;
        if (reading instanceof Reading.Found found) {
            proven = StoreHead.leadsFrom(store, base, Optional.of(found.head()));
        } else if (reading instanceof Reading.Damaged damaged) {
            own = StoreHead.isDamaged(store, base, damaged);
            proven = own || StoreHead.leadsFrom(store, base, damaged.older());
        } else if (reading instanceof Reading.Unreadable unreadable
                && unreadable.older().isPresent()) {
            proven = mayLeadFrom(store, base, unreadable.older());
        } else if (reading instanceof Reading.Nothing) {
            proven = false;
        }
        return new Look(reading, Optional.of(base), proven, own);
    }

    /** The base may be the one that cannot be read now. */
    private static boolean mayLeadFrom(SnapshotSerializer store, HistoryPoint base, Optional<HistoryPoint> older) {
        try {
            return StoreHead.leadsFrom(store, base, older);
        } catch (StoreUnavailableException e) {
            return true;
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
