package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a host comes back to when its store cannot be read: what its own disk has, or nothing; DETACHED in any case. */
final class FallBack {

    private static final Logger log = LoggerFactory.getLogger(FallBack.class);

    private final String storeName;
    private final Spool spool;
    private final Supplier<SnapshotSerializer> localFs;

    /** @param localFs opens the snapshots that serializer {@code fs} keeps by default */
    FallBack(String storeName, Spool spool, Supplier<SnapshotSerializer> localFs) {
        this.storeName = storeName;
        this.spool = spool;
        this.localFs = localFs;
    }

    /** The best that is at hand. */
    Restore.Found find(SnapshotStoreException problem) {
        Optional<Snapshot> spooled = local("local spool", spool::newest);
        if (spooled.isPresent()) {
            long revision = spooled.get().header().revision();
            Optional<Restore.Found> found = readable(spooled.get(), detached(revision, spooled, problem));
            if (found.isPresent()) {
                log.error(
                        "Restoring snapshot {} from the local spool instead",
                        found.get().name());
                return found.get();
            }
        }
        if (!storeName.equals("fs")) {
            Optional<Snapshot> local = local("serializer fs", this::lastOfFs);
            if (local.isPresent()) {
                // Revisions of another store say nothing about this one's.
                Optional<Restore.Found> found = readable(local.get(), detached(0, local, problem));
                if (found.isPresent()) {
                    log.error(
                            "Restoring snapshot {} from serializer fs instead",
                            found.get().name());
                    return found.get();
                }
            }
        }
        log.error("Nothing to restore is at hand; starting with the given or default configuration");
        return Restore.Found.nothing(detached(0, Optional.empty(), problem));
    }

    /** Where the host stands, when nothing of all this is to be restored. */
    StartPoint startPoint(SnapshotStoreException problem) {
        Optional<Snapshot> newest = local("local spool", spool::newest);
        return detached(newest.map(snapshot -> snapshot.header().revision()).orElse(0L), newest, problem);
    }

    private Optional<Snapshot> lastOfFs() {
        try (SnapshotSerializer fs = localFs.get()) {
            return Spool.newest(fs);
        }
    }

    private static Optional<Snapshot> local(String what, Supplier<Optional<Snapshot>> source) {
        try {
            return source.get();
        } catch (SnapshotStoreException | IllegalArgumentException | IllegalStateException e) {
            log.error("The {} cannot be read either: {}", what, e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<Restore.Found> readable(Snapshot snapshot, StartPoint start) {
        try {
            return Optional.of(Restore.Found.of(snapshot, start));
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.error("{}", e.getMessage());
            return Optional.empty();
        }
    }

    private StartPoint detached(long revision, Optional<Snapshot> newest, SnapshotStoreException problem) {
        boolean mayAttach = problem instanceof StoreUnavailableException;
        String notice = "Detached from store " + storeName + ", whose last snapshot could not be read ("
                + problem.getMessage()
                + "). Changes go to the local spool"
                + (mayAttach
                        ? "; the host attaches by itself when the store is back and nothing was lost, or by: "
                        : " until you decide with: ")
                + "holdfast snapshots attach --take store|local";
        log.error(notice);
        return StartPoint.after(
                newest.map(Snapshot::header), revision, StoreStatus.Mode.DETACHED, mayAttach, List.of(notice));
    }
}
