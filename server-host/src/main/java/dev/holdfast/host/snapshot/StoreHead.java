package dev.holdfast.host.snapshot;

import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Optional;
import java.util.Set;

/** The newest snapshot of a store, by its header. */
final class StoreHead {

    private StoreHead() {}

    /**
     * By the strongly consistent read; a list may be served from an index that lags behind.
     *
     * @return empty if the store has none
     */
    static Optional<SnapshotHeader> of(SnapshotSerializer store) {
        try {
            return store.getLast().map(Snapshot::header);
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return firstListed(store);
        }
    }

    /** The learned states that the newest snapshot refers to; none if it cannot be read. */
    static Set<StateReference> references(SnapshotSerializer store) {
        try {
            return store.getLast().map(StateReferences::of).orElse(Set.of());
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return Set.of();
        }
    }

    /** @return empty if the store lists none; what cannot be read is not listed, and may leave pages empty */
    static Optional<SnapshotHeader> firstListed(SnapshotSerializer store) {
        ListRequest request = ListRequest.firstPage(1);
        while (true) {
            SnapshotPage page = store.list(request);
            if (!page.headers().isEmpty() || page.nextPageToken().isEmpty()) {
                return page.headers().stream().findFirst();
            }
            request = request.page(page.nextPageToken().get());
        }
    }
}
