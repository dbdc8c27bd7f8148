package dev.holdfast.host.snapshot;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The newest snapshot of a store that can be read, where the last one cannot; the damaged ones stay where they are. */
final class OlderSnapshot {

    private static final Logger log = LoggerFactory.getLogger(OlderSnapshot.class);

    private final String storeName;
    private final SnapshotSerializer store;
    private final boolean strict;

    /** @param strict whether an older one stops the start */
    OlderSnapshot(String storeName, SnapshotSerializer store, boolean strict) {
        this.storeName = storeName;
        this.store = store;
        this.strict = strict;
    }

    /**
     * @param damage why the last one cannot be read; thrown if no other one can
     * @throws ConfigException if the operator forbade it
     */
    Restore.Found find(StartPoint start, SnapshotStoreException damage) {
        log.error("{}", damage.getMessage());
        if (strict) {
            throw new ConfigException(
                    "--restore strict forbids to take an older snapshot: " + damage.getMessage(), damage);
        }
        ListRequest request = ListRequest.firstPage(100);
        while (true) {
            SnapshotPage page = store.list(request);
            for (SnapshotHeader header : page.headers()) {
                try {
                    Restore.Found found = Restore.Found.of(store.get(header.name()), start);
                    log.error("Restoring the older snapshot {} instead", header.name());
                    return new Restore.Found(found.content(), found.name(), afterDamage(start, header, damage));
                } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
                    log.error("{}", e.getMessage());
                }
            }
            if (page.nextPageToken().isEmpty()) {
                throw damage;
            }
            request = request.page(page.nextPageToken().get());
        }
    }

    private StartPoint afterDamage(StartPoint start, SnapshotHeader restored, SnapshotStoreException damage) {
        String notice = "The last snapshot could not be read, " + restored.name() + " was restored instead: "
                + damage.getMessage();
        if (!(damage instanceof SnapshotFormatTooNewException) || start.mode() == StoreStatus.Mode.DETACHED) {
            return start.withNotice(notice);
        }
        // Nothing is lost, a newer host can read it: an older state must not become the newest unasked.
        String detached = "Detached from store " + storeName + ". " + notice
                + ". Start a newer Holdfast, or decide with:" + " holdfast snapshots attach --take local";
        log.error(detached);
        return start.detached().withNotice(detached);
    }
}
