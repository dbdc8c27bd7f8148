package dev.holdfast.host.history;

import dev.holdfast.sdk.SnapshotHeader;
import org.jspecify.annotations.Nullable;

/**
 * The place of a snapshot that is to be saved.
 *
 * @param revision the one that it has
 * @param follows the save-id of the snapshot that it comes after; null for the first one
 * @param history the save-id of the first snapshot of the history; null for the first one, which begins it
 * @param trimmed the highest revision that has been removed from the group on purpose
 */
public record Place(
        long revision, @Nullable String follows, @Nullable String history, long trimmed) {

    /** The first place of a group. */
    public static final Place FIRST = new Place(1, null, null, 0);

    /** The same, at a revision that is not below another. */
    public Place notBelow(long least) {
        return new Place(Math.max(revision, least), follows, history, trimmed);
    }

    /** The same, where it is known that snapshots up to a revision have been removed. */
    public Place trimmed(long upTo) {
        return new Place(revision, follows, history, Math.max(trimmed, upTo));
    }

    /** Puts the place into a header, whose save-id is given. */
    public SnapshotHeader.Builder in(SnapshotHeader.Builder header, String saveId) {
        return header.revision(revision)
                .saveId(saveId)
                .follows(follows)
                .history(history == null ? saveId : history)
                .trimmed(trimmed);
    }
}
