package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.List;
import java.util.Optional;

/** Whether what a host spooled continues what the store has; a pure function. */
final class Lineage {

    private Lineage() {}

    /**
     * What of the pending snapshots the store lacks.
     *
     * @param last the store's newest snapshot
     * @param pending oldest first
     * @param revision the revision that this host stands on
     * @return oldest first; each can be saved in the store, in this order
     * @throws SnapshotConflictException if the store has moved on without this host, or lost what this host built on
     */
    static List<SnapshotHeader> missing(Optional<SnapshotHeader> last, List<SnapshotHeader> pending, long revision) {
        // A host that died between sending a snapshot and noting it finds its own save-id in the store.
        for (int i = 0; i < pending.size(); i++) {
            if (last.isPresent() && pending.get(i).saveId().equals(last.get().saveId())) {
                return pending.subList(i + 1, pending.size());
            }
        }
        long stored = last.map(SnapshotHeader::revision).orElse(0L);
        long base = pending.isEmpty() ? revision : pending.get(0).revision() - 1;
        // Revision 0 is TorchServe's history as well as none: a host that could not read it starts at 0 too.
        if (base == stored && (stored > 0 || last.isEmpty())) {
            return pending;
        }
        throw new SnapshotConflictException("the store's newest revision is " + stored
                + last.map(header -> ", by host " + header.host()).orElse("") + ", and this host goes on from revision "
                + base);
    }
}
