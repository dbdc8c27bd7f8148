package dev.holdfast.host.snapshot;

import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host keeps on its own disk beside a store.
 *
 * <p><b>Pending</b> snapshots are durable here and not in the store yet; they go there in order when it returns.
 * <b>Copies</b> are the newest snapshots of the store, so that a host comes back with them when the store is out of reach.
 * Changed by one thread at a time, read by
 * any.
 */
public final class Spool implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Spool.class);
    private static final int COPIES = 3;

    private final SnapshotSerializer pending;
    private final SnapshotSerializer copies;
    private final boolean keepsCopies;
    private final Chunks chunks;

    /** Brings chunks to the store. */
    public interface Chunks {

        /**
         * Brings those that wait here, and those that some states need.
         *
         * @param needed the states that the snapshots need which go to the store next
         * @param safe the states that the store's last snapshot refers to
         * @throws SnapshotStoreException if the store does not take them
         */
        void send(Set<StateReference> needed, Set<StateReference> safe);

        /** Lets go of those that began to wait here before a time: nothing that will go to the store needs them. */
        default void drop(Instant before) {}
    }

    /** A spool of a store that never lacks a chunk. */
    public Spool(SnapshotSerializer pending, SnapshotSerializer copies, boolean keepsCopies) {
        this(pending, copies, keepsCopies, (needed, safe) -> {});
    }

    /**
     * @param keepsCopies false where the store is on this disk itself
     * @param chunks brings the chunks to the store before the snapshots that need them
     */
    public Spool(SnapshotSerializer pending, SnapshotSerializer copies, boolean keepsCopies, Chunks chunks) {
        this.pending = pending;
        this.copies = copies;
        this.keepsCopies = keepsCopies;
        this.chunks = chunks;
    }

    /**
     * Brings the chunks to the store that wait for it. No snapshot goes there before, for it may refer to them.
     *
     * @throws SnapshotStoreException if the store does not take them
     */
    void sendChunks() {
        chunks.send(Set.of(), Set.of());
    }

    /**
     * The same, and what some states need that the store's last snapshot does not.
     *
     * @throws SnapshotStoreException if the store does not take them
     */
    void sendChunks(Set<StateReference> needed, Set<StateReference> safe) {
        chunks.send(needed, safe);
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

    /** The learned states that the snapshots here refer to, those that can be read. */
    public Set<StateReference> references() {
        Set<StateReference> references = references(headers(pending));
        references.addAll(references(copies, headers(copies)));
        return references;
    }

    /** The learned states that some of the pending snapshots refer to, those that can be read. */
    Set<StateReference> references(List<SnapshotHeader> some) {
        return references(pending, some);
    }

    private static Set<StateReference> references(SnapshotSerializer serializer, List<SnapshotHeader> headers) {
        Set<StateReference> references = new HashSet<>();
        for (SnapshotHeader header : headers) {
            try {
                references.addAll(StateReferences.of(serializer.get(header.name())));
            } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
                log.debug("What snapshot {} refers to is not known", header.name(), e);
            }
        }
        return references;
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

    /** What is wrong with the newest pending snapshot, even where {@link #pending()} cannot list it. */
    Optional<SnapshotStoreException> damage() {
        try {
            pending.getLast();
            return Optional.empty();
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return Optional.of(e);
        }
    }

    /** The newest readable snapshot that is pending, else the newest copy. */
    Optional<Snapshot> newest() {
        return newest(pending).or(() -> keepsCopies ? newest(copies) : Optional.empty());
    }

    /** The newest that can be read; those before which it stands are named in the log. */
    static Optional<Snapshot> newest(SnapshotSerializer serializer) {
        for (SnapshotHeader header : headers(serializer)) {
            try {
                return Optional.of(serializer.get(header.name()));
            } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
                log.error("{}; taking the one before it", e.getMessage());
            }
        }
        return Optional.empty();
    }

    /** The store has a snapshot now: a copy of it stays here. Whatever fails costs the copy only, never the snapshot. */
    void stored(Snapshot snapshot) {
        if (!keepsCopies) {
            return;
        }
        try {
            copy(snapshot);
            headers(copies).stream().skip(COPIES).forEach(old -> copies.delete(old.name()));
        } catch (RuntimeException e) {
            log.warn(
                    "The local copy of snapshot {} could not be kept: {}",
                    snapshot.header().name(),
                    e.getMessage());
        }
    }

    private void copy(Snapshot snapshot) {
        try {
            copies.save(snapshot);
        } catch (SnapshotConflictException e) {
            // The store went back to an older revision; copies of what it no longer has would be taken for the newest.
            dropCopies();
            copies.save(snapshot);
        }
    }

    /** A pending snapshot is in the store. */
    void sent(Snapshot snapshot) {
        stored(snapshot);
        forget(snapshot.header());
    }

    /** Lets go of one pending snapshot. */
    void forget(SnapshotHeader header) {
        pending.delete(header.name());
    }

    /** Lets go of what is pending; the oldest first, so that what an interruption leaves never continues the store. */
    void dropPending() {
        drop(pending, pending());
    }

    /** Lets go of the chunks that wait, after nothing that is pending needs them any more. */
    void dropChunks(Instant before) {
        chunks.drop(before);
    }

    /** Lets go of the copies, because the store no longer goes on from them. */
    void dropCopies() {
        drop(copies, headers(copies));
    }

    private static void drop(SnapshotSerializer serializer, List<SnapshotHeader> headers) {
        headers.forEach(header -> serializer.delete(header.name()));
        if (serializer instanceof ReopeningSerializer reopening) {
            // The next revision may be a lower one, which a serializer refuses in the life in which it had higher ones.
            reopening.reopen();
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
