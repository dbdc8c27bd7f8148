package dev.holdfast.host.keeper;

import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.snapshot.KeepMark;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes one snapshot from the store for an operator, readable or not, but never the group's last one. For any thread: an
 * older snapshot never becomes the last one.
 *
 * @param trimming makes known which revision is about to be removed on purpose, or throws
 */
record OperatorDelete(
        KeeperOptions options,
        SnapshotSerializer store,
        Journal journal,
        StoreAttachment standing,
        LongConsumer trimming) {

    private static final Logger log = LoggerFactory.getLogger(OperatorDelete.class);

    void delete(String name) {
        if (journal.deleteAside(name)) {
            log.info("Snapshot {}, which lay aside on this host, was deleted on request", name);
            standing.aside(journal.aside().stream().map(SnapshotHeader::name).toList());
            return;
        }
        if (!standing.isAttached()) {
            throw new IllegalStateException(
                    "Snapshot " + name + " is not deleted: the host is not attached to its store " + options.store()
                            + " but " + standing.status().mode());
        }
        Optional<SnapshotHeader> header = there(name);
        Optional<Snapshot> last = last();
        // A tag serves what the one before it does, and so does the one that tells of its removal and takes its place.
        if (last.map(Snapshot::header)
                .filter(newest ->
                        newest.name().equals(name) && KeepMark.kept(newest).isEmpty())
                .isPresent()) {
            throw new IllegalStateException("Snapshot " + name + " is not deleted: it is the last one of group "
                    + options.group() + ", which the next start restores");
        }
        // Where nothing says which revision it was, it was one below the last.
        trimming.accept(header.or(() -> listed(name))
                .map(SnapshotHeader::revision)
                .or(() -> last.map(newest -> Math.max(0, newest.header().revision() - 1)))
                .orElse(0L));
        if (!store.delete(name)) {
            throw new SnapshotNotFoundException("Snapshot " + name + " has been removed meanwhile");
        }
        log.info("Snapshot {} of store {} was deleted on request", name, options.store());
    }

    /** @return empty if it is there and cannot be read */
    private Optional<SnapshotHeader> there(String name) {
        try {
            return Optional.of(store.get(name).header());
        } catch (SnapshotUnreadableException e) {
            log.debug("Snapshot {} cannot be read, and can be deleted", name, e);
            return Optional.empty();
        }
    }

    private Optional<SnapshotHeader> listed(String name) {
        return SnapshotPage.all(store, ListRequest.firstPage(ListRequest.MOST))
                .filter(header -> header.name().equals(name))
                .findFirst();
    }

    private Optional<Snapshot> last() {
        try {
            return store.getLast();
        } catch (SnapshotUnreadableException e) {
            throw new IllegalStateException(
                    "No snapshot is deleted while the last one of group " + options.group()
                            + " cannot be read, for an older one may be all that there is: " + e.getMessage(),
                    e);
        }
    }
}
