package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.Durability;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way back to a store that was out of reach: sends what the spool holds, in order, if the store has not moved on
 * without this host. Used by the keeper's thread alone.
 */
final class Reattachment {

    private static final Logger log = LoggerFactory.getLogger(Reattachment.class);

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final NextSnapshot next;
    private final Standing standing;
    private final SnapshotWriter writer;
    private final StoreProbe probe;
    private long lastLook = System.nanoTime();

    /** @param wake called, on any thread, when there is something to {@linkplain #look look} for */
    Reattachment(
            KeeperOptions options,
            SnapshotSerializer store,
            Spool spool,
            NextSnapshot next,
            Standing standing,
            SnapshotWriter writer,
            Runnable wake) {
        this.options = options;
        this.store = store;
        this.spool = spool;
        this.next = next;
        this.standing = standing;
        this.writer = writer;
        this.probe = new StoreProbe(store, wake);
    }

    /** Finds its bearings in what an earlier start left in the spool. */
    void begin() {
        List<SnapshotHeader> pending = spool.pending();
        pending.forEach(next::namesAfter);
        if (standing.isAttached()) {
            if (!pending.isEmpty()) {
                letGoOf(pending);
            }
            return;
        }
        standing.foundSpooled(pending.size());
        if (standing.mayAttach()) {
            probe.ask();
        }
    }

    /** The copy comes first: what is pending may be all that a start without the store could come back to. */
    private void letGoOf(List<SnapshotHeader> pending) {
        try {
            store.getLast().ifPresent(spool::stored);
            spool.dropPending();
            log.info("Let go of {} spooled snapshots, which hold nothing that the store lacks", pending.size());
        } catch (SnapshotStoreException e) {
            log.warn(
                    "{} spooled snapshots stay, which hold nothing that the store lacks: {}",
                    pending.size(),
                    SnapshotWriter.message(e));
        }
    }

    /** How long until it is time to look again; not positive when it is. */
    long nanosToLook() {
        return options.retryInterval().toNanos() - (System.nanoTime() - lastLook);
    }

    /** Whether the store has answered that it is back; may be asked by any thread. */
    boolean hasNews() {
        return probe.hasAnswer();
    }

    /** Attaches, if the store has answered; asks it otherwise, without waiting. */
    void look() {
        lastLook = System.nanoTime();
        boolean answered = probe.takeAnswer();
        if (standing.mayAttach()) {
            if (answered) {
                sendPending();
            } else {
                probe.ask();
            }
        }
    }

    private void sendPending() {
        List<SnapshotHeader> leftOut = new ArrayList<>();
        boolean lastWasSent = true;
        int sent = 0;
        try {
            List<SnapshotHeader> pending = spool.pending();
            List<SnapshotHeader> missing = Lineage.missing(StoreHead.of(store), pending, next.revision());
            spool.sendChunks(spool.references(missing), StoreHead.references(store));
            for (SnapshotHeader header : pending) {
                lastWasSent = send(header, missing.contains(header));
                if (!lastWasSent) {
                    leftOut.add(header);
                } else if (missing.contains(header)) {
                    sent++;
                }
            }
        } catch (SnapshotConflictException e) {
            standing.detached(e);
            return;
        } catch (SnapshotStoreException e) {
            log.debug("Snapshot store {} is out of reach again: {}", options.store(), e.getMessage());
            standing.stillAway();
            return;
        }
        standing.attached();
        if (!lastWasSent
                && writer.write(SnapshotKind.SNAPSHOT, Optional.empty()).kind() != Durability.Kind.STORED) {
            return;
        }
        leftOut.forEach(spool::forget);
        log.info("Attached to store {} again; {} spooled snapshots were sent", options.store(), sent);
    }

    /** Whether a pending snapshot is in the store now; one that can never be is passed over, for a later one holds more. */
    private boolean send(SnapshotHeader header, boolean missing) {
        try {
            Snapshot snapshot = spool.get(header);
            if (missing) {
                store.save(snapshot);
            }
            spool.sent(snapshot);
            standing.oneSent();
            return true;
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.error("Spooled snapshot {} is passed over: {}", header.name(), e.getMessage());
            return false;
        } catch (SnapshotConflictException e) {
            if (StoreHead.of(store).map(SnapshotHeader::revision).orElse(0L) >= header.revision()) {
                throw e;
            }
            log.error("Spooled snapshot {} is passed over, its name is in use: {}", header.name(), e.getMessage());
            return false;
        }
    }
}
