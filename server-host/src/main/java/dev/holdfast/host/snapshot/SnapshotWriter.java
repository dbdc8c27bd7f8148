package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the serving state into one snapshot, where the host's standing says. Used by the keeper's thread alone.
 *
 * <pre>
 *   attached ─▶ store ── takes it ────────────────────────▶ STORED
 *                  ├── fails, or says nothing ─┐
 *                  └── conflict: ours? again   ├─▶ spool ─▶ SPOOLED
 *                           another's: detach ─┤     └── fails ─▶ LOST_ON_RESTART, and tried again
 *   not attached ──────────────────────────────┘
 * </pre>
 */
final class SnapshotWriter {

    private static final Logger log = LoggerFactory.getLogger(SnapshotWriter.class);

    private final String storeName;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final NextSnapshot next;
    private final Standing standing;
    private final SnapshotReader reader;
    private long lastNanos;

    SnapshotWriter(
            String storeName,
            SnapshotSerializer store,
            Spool spool,
            NextSnapshot next,
            Standing standing,
            SnapshotReader reader) {
        this.storeName = storeName;
        this.store = store;
        this.spool = spool;
        this.next = next;
        this.standing = standing;
        this.reader = reader;
    }

    /**
     * Writes one.
     *
     * @param name empty for one that the host gives
     * @throws SnapshotConflictException if the name is in use; nothing was written then
     */
    Durability write(SnapshotKind kind, Optional<String> name) {
        if (name.isPresent() && reader.has(name.get())) {
            throw inUse(name.get());
        }
        long begin = System.nanoTime();
        try {
            return standing.isAttached()
                    ? toStore(kind, name)
                    : toSpool(next.make(kind, name), standing.status().mode(), Optional.empty());
        } finally {
            lastNanos = System.nanoTime() - begin;
        }
    }

    /** How long the last write took. */
    long lastNanos() {
        return lastNanos;
    }

    /** Tries again to keep what nothing took; does nothing if there is no such change. */
    void writeWhatIsUnsaved() {
        if (!standing.isUnsaved()) {
            return;
        }
        Durability durability = write(SnapshotKind.SNAPSHOT, Optional.empty());
        if (durability.kind() != Durability.Kind.LOST_ON_RESTART) {
            log.info(
                    "The serving state is durable again, in snapshot {}",
                    durability.snapshot().orElse(""));
        }
    }

    private static SnapshotConflictException inUse(String name) {
        return new SnapshotConflictException("A snapshot named " + name + " is there already; choose another name.");
    }

    private Durability toStore(SnapshotKind kind, Optional<String> name) {
        Snapshot snapshot = next.make(kind, name);
        try {
            return inStore(snapshot);
        } catch (SnapshotConflictException e) {
            return afterConflict(kind, name, snapshot, e);
        } catch (RuntimeException | Error e) {
            return toSpool(snapshot, StoreStatus.Mode.SPOOLING, Optional.of(e));
        }
    }

    private Durability inStore(Snapshot snapshot) {
        if (snapshot.header().kind() == SnapshotKind.STARTUP) {
            // What was restored may be older than the last snapshot, or come from elsewhere.
            Set<StateReference> needed = StateReferences.of(snapshot);
            spool.sendChunks(needed, needed.isEmpty() ? Set.of() : StoreHead.references(store));
        } else {
            spool.sendChunks();
        }
        store.save(snapshot);
        spool.stored(snapshot);
        next.kept(snapshot.header());
        standing.stored(snapshot.header());
        return new Durability(
                Durability.Kind.STORED, Optional.of(snapshot.header().name()), List.of());
    }

    /** Two kinds of conflict are not another host's: with a save of this one that seemed to fail, and of names alone. */
    private Durability afterConflict(
            SnapshotKind kind, Optional<String> name, Snapshot refused, SnapshotConflictException conflict) {
        Snapshot snapshot = refused;
        try {
            Optional<SnapshotHeader> newest = StoreHead.of(store);
            boolean own = newest.filter(next::mayHaveMade).isPresent();
            if (!own && newest.map(SnapshotHeader::revision).orElse(0L) != next.revision()) {
                return detach(conflict, snapshot);
            }
            newest.ifPresent(next::after);
            if (own || name.isEmpty()) {
                snapshot = next.make(kind, name);
                return inStore(snapshot);
            }
        } catch (SnapshotConflictException e) {
            return detach(e, snapshot);
        } catch (RuntimeException | Error e) {
            return toSpool(snapshot, StoreStatus.Mode.SPOOLING, Optional.of(e));
        }
        throw inUse(name.get());
    }

    private Durability detach(SnapshotConflictException conflict, Snapshot snapshot) {
        standing.detached(conflict);
        return toSpool(snapshot, StoreStatus.Mode.DETACHED, Optional.empty());
    }

    /** @param problem why the store did not take it, if it was asked */
    private Durability toSpool(Snapshot snapshot, StoreStatus.Mode mode, Optional<Throwable> problem) {
        SnapshotHeader header = snapshot.header();
        List<String> notices = problem.map(failure ->
                        List.of("Snapshot store " + storeName + " did not take the snapshot: " + message(failure)))
                .orElse(standing.notices());
        problem.ifPresent(failure -> {
            log.error("Snapshot {} could not be saved in {}: {}", header.name(), storeName, message(failure));
            log.debug("Snapshot {} could not be saved", header.name(), failure);
        });
        try {
            spool.add(snapshot);
        } catch (RuntimeException | Error e) {
            log.error("Snapshot {} could not be kept in the local spool either: {}", header.name(), message(e));
            log.debug("Snapshot {} could not be kept in the local spool", header.name(), e);
            problem.ifPresent(failure -> next.mayBeStored(header));
            String why = "The local spool did not take it either: " + message(e);
            standing.notDurable(why);
            List<String> all = new ArrayList<>(notices);
            all.add(why);
            return Work.lost(all);
        }
        next.kept(header);
        standing.spooled(header, mode, notices);
        return new Durability(Durability.Kind.SPOOLED, Optional.of(header.name()), notices);
    }

    /** What a failure says; of those that no store means to throw, their kind too. */
    static String message(Throwable failure) {
        return failure instanceof SnapshotStoreException ? String.valueOf(failure.getMessage()) : failure.toString();
    }
}
