package dev.holdfast.host.history;

import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.Optional;

/**
 * What was read of the newest snapshot of a group; "nothing there" and "cannot tell" are different answers.
 *
 * <pre>
 *   Found        this one
 *   Nothing      the store was read, and has none
 *   Damaged      it is there, and will never be readable (or not by this version); others may be
 *   Unreadable   it is there, and cannot be read now; others can
 *   Away         the store cannot be reached
 * </pre>
 */
public sealed interface Reading {

    /** The newest one. */
    record Found(HistoryPoint head) implements Reading {}

    /** Nothing is stored yet: proved, not guessed. */
    record Nothing() implements Reading {}

    /**
     * The newest one is damaged for good, or a newer Holdfast wrote it.
     *
     * @param tooNew whether a newer Holdfast can read it, or one between it and the older one: then no older state may take its
     *     place unasked
     * @param header the damaged one's, if that can be read
     * @param older the newest that can be read
     * @param revision the highest that is known to be taken
     */
    record Damaged(
            SnapshotStoreException why,
            boolean tooNew,
            Optional<SnapshotHeader> header,
            Optional<HistoryPoint> older,
            long revision)
            implements Reading {

        /** The place after the damaged one, by as much as is known of it. */
        public Place next() {
            Place place = older.map(HistoryPoint::next).orElse(Place.FIRST);
            return new Place(
                    revision + 1,
                    header.map(SnapshotHeader::saveId).orElse(place.follows()),
                    place.history(),
                    place.trimmed());
        }
    }

    /**
     * The newest one cannot be read now, which may heal.
     *
     * @param older the newest that can be read
     */
    record Unreadable(SnapshotStoreException why, Optional<HistoryPoint> older) implements Reading {}

    /** The store cannot be reached. */
    record Away(SnapshotStoreException why) implements Reading {}
}
