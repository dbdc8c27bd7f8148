package dev.holdfast.host.snapshot;

import dev.holdfast.host.snapshot.Snapshots.Take;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a detachment by the operator's decision, which takes effect in the store or not at all: whatever fails leaves
 * the host detached and its spool whole. Used by the keeper's thread alone.
 */
final class OperatorAttach {

    private static final Logger log = LoggerFactory.getLogger(OperatorAttach.class);
    private static final int TRIES = 16;

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final NextSnapshot next;
    private final Standing standing;

    OperatorAttach(KeeperOptions options, SnapshotSerializer store, Spool spool, NextSnapshot next, Standing standing) {
        this.options = options;
        this.store = store;
        this.spool = spool;
        this.next = next;
        this.standing = standing;
    }

    /**
     * @param goesOver goes over to the state of a snapshot
     * @return what was done, in one sentence
     */
    String attach(Take take, Consumer<Snapshot> goesOver) {
        if (standing.isAttached()) {
            throw new IllegalStateException("The host has attached to its store " + options.store() + " by itself");
        }
        String done = take == Take.STORE ? takeStore(goesOver) : takeLocal();
        log.info(done);
        return done;
    }

    /**
     * Goes over to what another host saved, if that is newer than all that this host kept.
     *
     * @return what was done, in one sentence; empty if the store has nothing newer
     */
    Optional<String> takeNewer(Consumer<Snapshot> goesOver) {
        boolean newer = StoreHead.of(store)
                .filter(last -> last.revision() >= next.revision())
                .isPresent();
        return newer ? Optional.of(attach(Take.STORE, goesOver)) : Optional.empty();
    }

    private String takeStore(Consumer<Snapshot> goesOver) {
        Snapshot last = store.getLast()
                .orElseThrow(() -> new IllegalStateException("Store " + options.store() + " has no snapshot of group "
                        + options.group() + " to go over to"));
        // By the clock that chunks on this disk are stamped with; what is learned from now on may wait there already.
        Instant before = Instant.now();
        goesOver.accept(last);
        spool.dropPending();
        spool.dropChunks(before);
        spool.stored(last);
        next.continueFrom(last.header());
        standing.attachedWith(last.header());
        return "Attached to store " + options.store() + "; the host serves its snapshot "
                + last.header().name() + " now";
    }

    private String takeLocal() {
        StoreHead.of(store).ifPresent(next::after);
        Snapshot snapshot = saveAboveEverything();
        spool.stored(snapshot);
        next.kept(snapshot.header());
        standing.attachedWith(snapshot.header());
        spool.dropPending();
        return "Attached to store " + options.store() + "; what this host serves is its snapshot "
                + snapshot.header().name() + " now";
    }

    /** Damaged snapshots have revisions that nobody can read. */
    private Snapshot saveAboveEverything() {
        Set<StateReference> safe = new HashSet<>(StoreHead.references(store));
        for (int tries = 1; ; tries++) {
            Snapshot snapshot = next.make(SnapshotKind.SNAPSHOT, Optional.empty());
            Set<StateReference> needed = StateReferences.of(snapshot);
            spool.sendChunks(needed, safe);
            safe.addAll(needed);
            try {
                store.save(snapshot);
                return snapshot;
            } catch (SnapshotConflictException e) {
                if (tries == TRIES) {
                    throw e;
                }
                next.passOver();
            }
        }
    }
}
