package dev.holdfast.host.history;

import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;

/**
 * A snapshot that was read or written: where it stands in the history of its group, and what it serves.
 *
 * @param header whole, also where the store has lost where the snapshot stands in the history
 */
public record HistoryPoint(Snapshot snapshot, SnapshotHeader header, SnapshotText.Content content) {

    /**
     * Reads a snapshot.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if its text is damaged, or of a later format
     */
    public static HistoryPoint of(Snapshot snapshot) {
        SnapshotText.Content content = SnapshotText.parse(snapshot.header().name(), snapshot.text());
        return new HistoryPoint(snapshot, SnapshotText.wholeHeader(snapshot), content);
    }

    /** Writes a snapshot of what a content says; it is not read again, which takes milliseconds with many models. */
    public static HistoryPoint write(SnapshotHeader.Builder header, SnapshotText.Content content) {
        Snapshot snapshot = SnapshotText.write(header, content.config(), content.state(), content.callers());
        return new HistoryPoint(snapshot, snapshot.header(), content);
    }

    /** What it serves. */
    public ServingState state() {
        return content.state();
    }

    /** The same, to be written with another state. */
    public HistoryPoint serving(ServingState state) {
        return new HistoryPoint(
                snapshot,
                header,
                new SnapshotText.Content(content.config(), state, content.verified(), content.callers()));
    }

    public String name() {
        return header.name();
    }

    /** Whether it is this very snapshot; TorchServe's have one save-id for all, and are known by name and digest. */
    public boolean isSame(HistoryPoint other) {
        return isSave(other.header);
    }

    /** Whether the header is that of this very snapshot. */
    public boolean isSave(SnapshotHeader other) {
        return header.saveId().equals(other.saveId())
                && (header.revision() > 0
                        || (header.name().equals(other.name())
                                && header.sha256().equals(other.sha256())));
    }

    /** Where the next snapshot has its place. */
    public Place next() {
        return new Place(
                header.revision() + 1, header.saveId(), header.history().orElse(header.saveId()), header.trimmed());
    }
}
