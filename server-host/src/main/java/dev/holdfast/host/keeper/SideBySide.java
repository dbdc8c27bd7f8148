package dev.holdfast.host.keeper;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotSerializer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a snapshot to the store and into the journal at the same time, and waits for both.
 *
 * <pre>
 *   store takes it ─────────▶ the entry becomes a copy
 *   store refuses it ───────▶ the entry is deleted before this returns: a crash must not revive what was refused
 *   store cannot be reached ▶ the entry waits
 * </pre>
 *
 * <p>Where the store's files lie on the same disk, the journal is opened only when the store does not take a snapshot, and
 * its copies are links to the store's files. Used by the keeper's thread alone.
 */
final class SideBySide implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SideBySide.class);

    private final SnapshotSerializer store;
    private final Journal journal;
    private final boolean together;
    private final ExecutorService journalThread;

    /** @param together false where the store's files lie on the journal's disk */
    SideBySide(SnapshotSerializer store, Journal journal, boolean together) {
        this(store, journal, together, DaemonThreads.single("journal"));
    }

    /** @param journalThread does what is written into the journal beside the store; shut down by {@link #close} */
    SideBySide(SnapshotSerializer store, Journal journal, boolean together, ExecutorService journalThread) {
        this.store = store;
        this.journal = journal;
        this.together = together;
        this.journalThread = journalThread;
    }

    /**
     * What became of a snapshot.
     *
     * @param conflict why the store refused it, if it did; then it is nowhere
     * @param storeProblem why the store may not have it, if nobody can tell
     * @param journalProblem why the journal does not have it, or could not note the store's answer
     * @param mayRevive whether a crash now might bring back what the store refused
     */
    record Outcome(
            Optional<SnapshotConflictException> conflict,
            Optional<Throwable> storeProblem,
            Optional<Throwable> journalProblem,
            boolean mayRevive) {

        boolean isStored() {
            return conflict.isEmpty() && storeProblem.isEmpty();
        }

        /** Whether it waits in the journal. */
        boolean waits() {
            return storeProblem.isPresent() && journalProblem.isEmpty();
        }
    }

    /**
     * Writes one.
     *
     * @param keeps whether it waits in the journal where the store does not take it
     * @param before called before the store is; what it throws counts as the store's failure
     */
    Outcome write(Snapshot snapshot, boolean keeps, Runnable before) {
        CompletableFuture<Entry> entry =
                together && keeps ? CompletableFuture.supplyAsync(() -> journal.append(snapshot), journalThread) : null;
        Optional<Throwable> storeProblem = Optional.empty();
        Optional<SnapshotConflictException> conflict = Optional.empty();
        try {
            before.run();
            store.save(snapshot);
        } catch (SnapshotConflictException e) {
            conflict = Optional.of(e);
        } catch (RuntimeException | Error e) {
            storeProblem = Optional.of(e);
        }
        return entry == null ? alone(snapshot, keeps, conflict, storeProblem) : settle(entry, conflict, storeProblem);
    }

    private Outcome alone(
            Snapshot snapshot,
            boolean keeps,
            Optional<SnapshotConflictException> conflict,
            Optional<Throwable> storeProblem) {
        if (conflict.isEmpty() && storeProblem.isEmpty()) {
            journal.copy(snapshot);
        }
        boolean waits = keeps && storeProblem.isPresent();
        return new Outcome(conflict, storeProblem, waits ? append(snapshot) : Optional.empty(), false);
    }

    /** Into the journal alone. */
    Optional<Throwable> append(Snapshot snapshot) {
        try {
            journal.append(snapshot);
            return Optional.empty();
        } catch (RuntimeException | Error e) {
            return Optional.of(e);
        }
    }

    private Outcome settle(
            CompletableFuture<Entry> appended,
            Optional<SnapshotConflictException> conflict,
            Optional<Throwable> storeProblem) {
        Entry entry;
        try {
            // Not get(): a serializer may leave an interrupt behind, and the entry must be known all the same.
            entry = appended.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return new Outcome(conflict, storeProblem, Optional.of(cause), false);
        }
        try {
            if (conflict.isPresent()) {
                journal.refused(entry);
            } else if (storeProblem.isEmpty()) {
                journal.passed(entry);
            }
        } catch (RuntimeException e) {
            // What stays pending is found in the store by its save-id, or refused by it again.
            log.warn(
                    "The journal's entry of snapshot {} could not be settled: {}",
                    entry.header().name(),
                    e.getMessage());
            return new Outcome(conflict, storeProblem, Optional.of(e), conflict.isPresent());
        }
        return new Outcome(conflict, storeProblem, Optional.empty(), false);
    }

    @Override
    public void close() {
        journalThread.shutdown();
    }
}
