package dev.holdfast.host.snapshot;

import dev.holdfast.host.config.ConfigException;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds where a host stands between its store and its spool, when the store could be read; the revision decides which of
 * them is newer.
 */
final class PositionFinder {

    private static final Logger log = LoggerFactory.getLogger(PositionFinder.class);

    private static final String DECISION = "holdfast snapshots attach --take store|local";

    private final String storeName;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final boolean strict;

    /** @param strict whether damage in the spool stops the start */
    PositionFinder(String storeName, SnapshotSerializer store, Spool spool, boolean strict) {
        this.storeName = storeName;
        this.store = store;
        this.spool = spool;
        this.strict = strict;
    }

    /** @param newest of the store */
    Position find(Newest newest) {
        List<SnapshotHeader> pending;
        Optional<SnapshotStoreException> damage;
        try {
            pending = spool.pending();
            damage = spool.damage();
        } catch (SnapshotStoreException | IllegalArgumentException | IllegalStateException e) {
            return spoolUnreadable(newest, e);
        }
        damage.ifPresent(this::forbidIfStrict);
        Optional<String> notice = damage.map(e -> "The newest snapshot in the local spool is lost: " + e.getMessage());
        notice.ifPresent(log::error);
        return find(newest, pending).and(notice);
    }

    private Position find(Newest newest, List<SnapshotHeader> pending) {
        StartPoint stored =
                StartPoint.after(newest.header(), newest.revision(), StoreStatus.Mode.ATTACHED, false, List.of());
        if (pending.isEmpty()) {
            return new Position(stored, List.of());
        }
        SnapshotHeader spooled = pending.get(pending.size() - 1);
        List<SnapshotHeader> newestFirst = new ArrayList<>(pending);
        Collections.reverse(newestFirst);
        try {
            Lineage.missing(newest.header(), pending, spooled.revision());
            long revision = Math.max(newest.revision(), spooled.revision());
            return new Position(
                    StartPoint.after(Optional.of(spooled), revision, StoreStatus.Mode.SPOOLING, true, List.of())
                            .namesAfter(newest.header()),
                    newestFirst);
        } catch (SnapshotConflictException e) {
            if (pending.stream().noneMatch(this::wouldBeLost)) {
                log.info("What the local spool holds is in store {}, or holds no change", storeName);
                return new Position(stored, List.of());
            }
            return conflicting(newest, newestFirst, e);
        }
    }

    private Position spoolUnreadable(Newest newest, RuntimeException problem) {
        String text =
                "The local spool cannot be read, so changes that it may hold are not restored: " + problem.getMessage();
        log.error(text);
        if (strict) {
            throw new ConfigException("--restore strict: " + text, problem);
        }
        String notice = "Detached from store " + storeName + ". " + text;
        return new Position(
                StartPoint.after(newest.header(), newest.revision(), StoreStatus.Mode.DETACHED, false, List.of(notice)),
                List.of());
    }

    /** A start and a stop change nothing, so their snapshots hold no change that was acknowledged. */
    private boolean wouldBeLost(SnapshotHeader header) {
        if (header.kind() == SnapshotKind.STARTUP || header.kind() == SnapshotKind.SHUTDOWN) {
            return false;
        }
        try {
            Snapshot stored = store.get(header.name());
            return !stored.header().saveId().equals(header.saveId());
        } catch (SnapshotNotFoundException | SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return true;
        }
    }

    private Position conflicting(Newest newest, List<SnapshotHeader> newestFirst, SnapshotConflictException conflict) {
        SnapshotHeader spooled = newestFirst.get(0);
        boolean spoolIsNewer = spooled.revision() >= newest.revision();
        String notice = "Detached from store " + storeName + ": " + conflict.getMessage() + ". The "
                + newestFirst.size() + " spooled snapshots were not sent, the newest is " + spooled.name()
                + (spoolIsNewer
                        ? ", which is served now. Decide with: " + DECISION
                        : ". The store's is served now. To serve the other: --snapshot " + spooled.name()
                                + ". Then decide with: " + DECISION);
        log.error(notice);
        return new Position(
                StartPoint.after(
                                spoolIsNewer ? Optional.of(spooled) : newest.header(),
                                Math.max(newest.revision(), spooled.revision()),
                                StoreStatus.Mode.DETACHED,
                                false,
                                List.of(notice))
                        .namesAfter(newest.header())
                        .namesAfter(Optional.of(spooled)),
                spoolIsNewer ? newestFirst : List.of());
    }

    /** The newest spooled snapshot that can be read; empty where the store's is to be taken. */
    Optional<Restore.Found> fromSpool(Position position) {
        StartPoint start = position.start();
        for (SnapshotHeader header : position.fromSpool()) {
            try {
                Restore.Found found = Restore.Found.of(spool.get(header), start);
                log.info("The local spool is newer than store {}: restoring its snapshot {}", storeName, found.name());
                return Optional.of(found);
            } catch (SnapshotCorruptException | SnapshotFormatTooNewException | SnapshotNotFoundException e) {
                String notice = "Spooled snapshot " + header.name()
                        + " could not be read, an older one was restored instead: " + e.getMessage();
                log.error(notice);
                forbidIfStrict(e);
                start = start.withNotice(notice);
            }
        }
        return Optional.empty();
    }

    private void forbidIfStrict(SnapshotStoreException damage) {
        if (strict) {
            throw new ConfigException(
                    "--restore strict forbids to start without what the local spool holds: " + damage.getMessage(),
                    damage);
        }
    }
}
