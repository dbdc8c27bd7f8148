package dev.holdfast.host.snapshot;

import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the host stands with its store, and what it tells of that. Changed by the keeper's thread alone; {@link #status} is
 * for any thread.
 */
final class Standing {

    private static final Logger log = LoggerFactory.getLogger(Standing.class);

    private final KeeperOptions options;
    private volatile StoreStatus status;

    private int spooled;
    private boolean mayAttach;
    private boolean unsaved;

    /** What the restore had to tell; true for the life of this process. */
    private final List<String> ofTheRestore;
    /** Why changes do not go to the store; empty while they do. */
    private List<String> ofTheMode;

    Standing(KeeperOptions options, StartPoint start) {
        this.options = options;
        this.mayAttach = start.mayAttach();
        boolean attached = start.mode() == StoreStatus.Mode.ATTACHED;
        this.ofTheRestore = attached ? start.notices() : List.of();
        this.ofTheMode = attached ? List.of() : start.notices();
        this.status = new StoreStatus(
                options.store(),
                options.group(),
                start.mode(),
                Optional.of(start.lastName()).filter(name -> !name.isEmpty()),
                start.revision(),
                0,
                start.notices());
    }

    StoreStatus status() {
        return status;
    }

    boolean isAttached() {
        return status.mode() == StoreStatus.Mode.ATTACHED;
    }

    /** Whether the host attaches by itself when its store is back. */
    boolean mayAttach() {
        return mayAttach && !isAttached();
    }

    /** Whether there are changes that a restart would lose. */
    boolean isUnsaved() {
        return unsaved;
    }

    /** Why changes do not go to the store, for who makes one; empty while they do. */
    List<String> notices() {
        return ofTheMode;
    }

    /** What an earlier start left in the spool waits for the store. */
    void foundSpooled(int count) {
        spooled = count;
        if (status.mode() == StoreStatus.Mode.SPOOLING && ofTheMode.isEmpty()) {
            ofTheMode = List.of(
                    spooled + " snapshots that store " + options.store() + " could not take wait in the local spool");
        }
        show(status.mode(), status.lastSnapshot(), status.revision(), List.of());
    }

    /** A snapshot is in the store. */
    void stored(SnapshotHeader header) {
        kept(header, StoreStatus.Mode.ATTACHED);
    }

    /** A snapshot is in the spool, because of these {@code notices}. */
    void spooled(SnapshotHeader header, StoreStatus.Mode mode, List<String> notices) {
        spooled++;
        ofTheMode = notices;
        mayAttach |= mode == StoreStatus.Mode.SPOOLING;
        kept(header, mode);
    }

    private void kept(SnapshotHeader header, StoreStatus.Mode mode) {
        unsaved = false;
        show(mode, Optional.of(header.name()), header.revision(), List.of());
    }

    /** A snapshot of the spool is in the store now; to be shown when the others are too, or cannot be. */
    void oneSent() {
        spooled--;
    }

    /** The store went away again before all was sent. */
    void stillAway() {
        show(status.mode(), status.lastSnapshot(), status.revision(), List.of());
    }

    /** Neither the store nor the spool took the last changes. */
    void notDurable(String why) {
        unsaved = true;
        String notice = "The serving state is not durable, a restart would lose its last changes: " + why;
        show(status.mode(), status.lastSnapshot(), status.revision(), List.of(notice));
    }

    /** The store has what this host did not write, or lacks what it did: this host must not write over it. */
    void detached(SnapshotConflictException conflict) {
        mayAttach = false;
        String notice = "Detached from store " + options.store() + ", group " + options.group()
                + ": it has not what this host goes on from; another host may have written to it ("
                + conflict.getMessage()
                + "). Changes go to the local spool until you decide with: holdfast snapshots attach --take store|local";
        log.error(notice);
        ofTheMode = List.of(notice);
        show(StoreStatus.Mode.DETACHED, status.lastSnapshot(), status.revision(), List.of());
    }

    /** The store has all that this host kept. */
    void attached() {
        spooled = 0;
        ofTheMode = List.of();
        show(StoreStatus.Mode.ATTACHED, status.lastSnapshot(), status.revision(), List.of());
    }

    /** The host is attached, and this snapshot of the store holds all of its serving state. */
    void attachedWith(SnapshotHeader header) {
        spooled = 0;
        ofTheMode = List.of();
        stored(header);
    }

    private void show(StoreStatus.Mode mode, Optional<String> lastSnapshot, long revision, List<String> more) {
        List<String> notices = new ArrayList<>(ofTheRestore);
        notices.addAll(ofTheMode);
        notices.addAll(more);
        status = new StoreStatus(options.store(), options.group(), mode, lastSnapshot, revision, spooled, notices);
    }
}
