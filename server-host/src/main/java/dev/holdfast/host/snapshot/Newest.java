package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.Optional;

/**
 * The newest of a store, whether or not it can be read.
 *
 * @param snapshot empty if there is none, or it is damaged
 * @param header of the newest snapshot whose header can be read
 * @param revision the highest that is known to be taken
 * @param damage why the newest one cannot be read, if so
 */
record Newest(
        Optional<Snapshot> snapshot,
        Optional<SnapshotHeader> header,
        long revision,
        Optional<SnapshotStoreException> damage) {

    /**
     * By the strongly consistent read; a list may come from an index that lags behind.
     *
     * @throws SnapshotStoreException if the store cannot be read
     */
    static Newest of(String storeName, SnapshotSerializer store) {
        SnapshotStoreException damage;
        try {
            Optional<Snapshot> last = store.getLast();
            if (last.isPresent()) {
                SnapshotHeader header = last.get().header();
                return new Newest(last, Optional.of(header), header.revision(), Optional.empty());
            }
            Optional<SnapshotHeader> listed = StoreHead.firstListed(store);
            if (listed.isEmpty()) {
                return new Newest(Optional.empty(), Optional.empty(), 0, Optional.empty());
            }
            damage =
                    new SnapshotCorruptException("Store " + storeName + " says that it has no last snapshot, and lists "
                            + listed.get().name());
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            damage = e;
        }
        Optional<SnapshotHeader> listed = StoreHead.firstListed(store);
        // Where the first one listed is whole, the damaged one is not listed, and has a revision after it.
        long revision = listed.map(header -> header.revision() + (isWhole(store, header) ? 1 : 0))
                .orElse(0L);
        return new Newest(Optional.empty(), listed, revision, Optional.of(damage));
    }

    private static boolean isWhole(SnapshotSerializer store, SnapshotHeader header) {
        try {
            store.get(header.name());
            return true;
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
            return false;
        }
    }
}
