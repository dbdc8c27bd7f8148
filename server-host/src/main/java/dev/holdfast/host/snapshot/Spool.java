package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host keeps on its own disk beside a store.
 *
 * <p><b>Pending</b> snapshots are durable here and not in the store yet; they go there in order when it returns.
 * <b>Copies</b> are the newest snapshots of the store, so that a host comes back with them when the store is out of reach.
 * Used by one thread at a time.
 */
public final class Spool implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Spool.class);
    private static final int COPIES = 3;

    private final SnapshotSerializer pending;
    private final SnapshotSerializer copies;
    private final boolean keepsCopies;

    /** @param keepsCopies false where the store is on this disk itself */
    public Spool(SnapshotSerializer pending, SnapshotSerializer copies, boolean keepsCopies) {
        this.pending = pending;
        this.copies = copies;
        this.keepsCopies = keepsCopies;
    }

    /** Keeps a snapshot that the store could not take; durable when this returns. */
    void add(Snapshot snapshot) {
        pending.save(snapshot);
    }

    /** The headers of what is not in the store yet, oldest first. */
    List<SnapshotHeader> pending() {
        List<SnapshotHeader> headers = headers(pending);
        Collections.reverse(headers);
        return headers;
    }

    private static List<SnapshotHeader> headers(SnapshotSerializer serializer) {
        List<SnapshotHeader> headers = new ArrayList<>();
        ListRequest request = ListRequest.firstPage(ListRequest.MOST);
        while (true) {
            SnapshotPage page = serializer.list(request);
            headers.addAll(page.headers());
            if (page.nextPageToken().isEmpty()) {
                return headers;
            }
            request = request.page(page.nextPageToken().get());
        }
    }

    Snapshot get(SnapshotHeader header) {
        return pending.get(header.name());
    }

    Snapshot get(String name) {
        return pending.get(name);
    }

    SnapshotPage list(ListRequest request) {
        return pending.list(request);
    }

    /** The newest readable snapshot that is pending, else the newest copy. */
    Optional<Snapshot> newest() {
        return newest(pending).or(() -> keepsCopies ? newest(copies) : Optional.empty());
    }

    private static Optional<Snapshot> newest(SnapshotSerializer serializer) {
        for (SnapshotHeader header : headers(serializer)) {
            try {
                return Optional.of(serializer.get(header.name()));
            } catch (SnapshotCorruptException e) {
                log.error("{}; taking the one before it", e.getMessage());
            }
        }
        return Optional.empty();
    }

    /** The store has a snapshot now: it is no longer pending, and a copy of it stays here. A failure costs the copy only. */
    void stored(Snapshot snapshot) {
        try {
            if (keepsCopies) {
                copies.save(snapshot);
                headers(copies).stream().skip(COPIES).forEach(old -> copies.delete(old.name()));
            }
        } catch (SnapshotStoreException e) {
            log.warn(
                    "The local copy of snapshot {} could not be kept: {}",
                    snapshot.header().name(),
                    e.getMessage());
        }
    }

    /** A pending snapshot is in the store. */
    void sent(Snapshot snapshot) {
        stored(snapshot);
        pending.delete(snapshot.header().name());
    }

    /** Lets go of what is pending, because the operator decided for the store's state. */
    void dropPending() {
        for (SnapshotHeader header : headers(pending)) {
            pending.delete(header.name());
        }
        for (SnapshotHeader header : headers(copies)) {
            copies.delete(header.name());
        }
    }

    @Override
    public void close() {
        try {
            pending.close();
        } finally {
            copies.close();
        }
    }
}
