package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotHeader;
import java.util.List;
import java.util.Optional;

/**
 * Where a host stands between its store and its spool.
 *
 * @param fromSpool the spooled snapshots to restore from, newest first; empty for the store's
 */
record Position(StartPoint start, List<SnapshotHeader> fromSpool) {

    Position and(Optional<String> notice) {
        return notice.map(more -> new Position(start.withNotice(more), fromSpool))
                .orElse(this);
    }
}
