package dev.holdfast.host.operate;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.snapshot.SnapshotElsewhere;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.Optional;
import java.util.UUID;

/**
 * The places of a group that snapshots of elsewhere get, one after another. Each keeps its name, kind, time and host; its
 * {@link SnapshotHeader#origin} is the save-id under which it was saved first. Used by one thread.
 */
final class Succession {

    private final String group;
    private Place next;

    /** @param last the group's last snapshot; empty for a group without any */
    Succession(String group, Optional<HistoryPoint> last) {
        this.group = group;
        this.next = last.map(HistoryPoint::next).orElse(Place.FIRST);
    }

    /** The snapshot as the next one of the group; the one after it will follow it. */
    Snapshot place(Snapshot snapshot) {
        SnapshotHeader header = SnapshotText.wholeHeader(snapshot);
        String saveId = UUID.randomUUID().toString();
        Snapshot placed = SnapshotElsewhere.moved(
                snapshot,
                next.in(
                                SnapshotHeader.builder()
                                        .name(header.name())
                                        .kind(header.kind())
                                        .createdOn(header.createdOn())
                                        .group(group)
                                        .host(header.host()),
                                saveId)
                        .origin(header.origin().orElse(header.saveId())));
        next = new Place(
                placed.header().revision() + 1,
                saveId,
                placed.header().history().orElse(saveId),
                placed.header().trimmed());
        return placed;
    }

    /** Whether two snapshots are the same save, in whichever places of histories. TorchServe's have one save-id for all. */
    static boolean isSame(Snapshot one, Snapshot other) {
        return first(one).equals(first(other));
    }

    private static String first(Snapshot snapshot) {
        SnapshotHeader header = SnapshotText.wholeHeader(snapshot);
        String id = header.origin().orElse(header.saveId());
        return SnapshotText.isOurs(snapshot) ? id : header.name() + " " + header.sha256();
    }
}
