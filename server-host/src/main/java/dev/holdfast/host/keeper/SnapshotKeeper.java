package dev.holdfast.host.keeper;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalSize;
import dev.holdfast.host.keeper.StoreStatus.JournalUse;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.snapshot.SnapshotNames;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes every change of the serving state durable.
 *
 * <pre>
 *                    store takes it                  store is back, and nothing acknowledged is given up
 *            ┌──────────────────────────┐   ┌───────────────────────────────────────────┐
 *   change ──┤ ATTACHED                 │   │                                           ▼
 *            │   store down ────────▶ SPOOLING ── both sides have changed something ─▶ DETACHED ── attach(take) ──▶ ATTACHED
 *            │   both sides have changed something ─────────────────────────────────────▲
 *            └──────────────────────────┘
 *
 *   callers ─▶ ChangeQueue ─▶ the keeper's thread ─┬─▶ SnapshotWriter    a save, to the store and the journal
 *                                                  ├─▶ OperatorDecision  a decision of the operator
 *                                                  └─▶ StoreProbe        from time to time: what does the store have?
 * </pre>
 *
 * <p>The keeper's thread alone changes the store and the journal, and knows where the host stands; it needs no lock. A save
 * writes the serving state as it is when the save begins, so it holds every change that waits by then.
 *
 * <p>A change that neither the store nor the journal takes is reported as lost on a restart, and saved again until a snapshot
 * holds it; the status says so meanwhile.
 */
public final class SnapshotKeeper implements Snapshots, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SnapshotKeeper.class);

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final Journal journal;
    private final ChangeQueue changes;
    private final WorkQueue queue;
    private final StoreAttachment standing;
    private final ServingSource served;
    private final SideBySide pair;
    private final NextSnapshot next;
    private final SnapshotReader reader;
    private final HistoryCursor cursor;
    private final LearnedSides sides;
    private final StoreTransition crossing;
    private final SnapshotWriter writer;
    private final Reattachment reattachment;
    private final OperatorDecision decision;
    private final OperatorDelete deletion;
    private final StoreProbe probe;
    private long lastLook = System.nanoTime();
    /** Whether the store has told that there may be something new, and was not asked yet. */
    private volatile boolean told;

    private long lastSaveNanos;
    private volatile @Nullable Thread thread;

    /**
     * @param store the chosen store; closed by {@link #close}
     * @param journal closed by {@link #close}
     * @param storeIsHere whether the store's files lie on the journal's disk
     * @param config what a snapshot keeps of the configuration
     */
    public SnapshotKeeper(
            KeeperOptions options,
            StartPoint start,
            ChangeQueue changes,
            StoreAttachment standing,
            SnapshotSerializer store,
            Journal journal,
            boolean storeIsHere,
            ChunkBringer chunks,
            ServingSource served,
            Supplier<Map<String, String>> config,
            Clock clock) {
        this(
                options,
                start,
                changes,
                standing,
                store,
                journal,
                new SideBySide(store, journal, !storeIsHere),
                new StoreProbe(store, changes.works()::wake),
                chunks,
                served,
                config,
                clock);
    }

    /** With threads of the caller's, for the journal beside the store and for the looks at it. */
    SnapshotKeeper(
            KeeperOptions options,
            StartPoint start,
            ChangeQueue changes,
            StoreAttachment standing,
            SnapshotSerializer store,
            Journal journal,
            SideBySide pair,
            StoreProbe probe,
            ChunkBringer chunks,
            ServingSource served,
            Supplier<Map<String, String>> config,
            Clock clock) {
        this.options = options;
        this.store = store;
        this.journal = journal;
        this.changes = changes;
        this.queue = changes.works();
        this.standing = standing;
        this.served = served;
        this.next = new NextSnapshot(options, config, clock);
        start.namesAfter().forEach(next::namesAfter);
        journal.copies().forEach(copy -> next.namesAfter(copy.header()));
        journal.pending().forEach(entry -> next.namesAfter(entry.header()));
        PendingDelivery waiting = new PendingDelivery(store, journal, next, options, clock);
        this.pair = pair;
        this.reader = new SnapshotReader(store, journal, standing);
        this.cursor = new HistoryCursor(start);
        ChunkDelivery delivery = new ChunkDelivery(store, chunks);
        this.sides = new LearnedSides(journal, next, standing, cursor);
        this.crossing = new StoreTransition(options, waiting, delivery, next, standing, served, cursor, sides);
        this.writer = new SnapshotWriter(
                options, store, pair, waiting, delivery, next, standing, served, cursor, crossing, sides);
        this.reattachment = new Reattachment(
                options,
                store,
                waiting,
                delivery,
                standing,
                served,
                cursor,
                crossing,
                sides,
                new TaughtElsewhere(served, cursor, delivery, waiting),
                writer);
        this.decision = new OperatorDecision(
                options, store, waiting, next, standing, served, delivery, cursor, crossing, sides);
        this.deletion = new OperatorDelete(options, store, journal, standing, this::trimmed);
        this.probe = probe;
    }

    /** Begins to work, with what has been asked for already. */
    public void start() {
        Thread keeper = DaemonThreads.create("snapshot-keeper", this::run);
        thread = keeper;
        keeper.start();
        if (options.follows()) {
            tellOfSaves();
        }
    }

    /** A host that is told by its store goes over at once; another one when it looks. */
    private void tellOfSaves() {
        try {
            store.onSave(() -> {
                told = true;
                queue.wake();
            });
        } catch (SnapshotStoreException | IllegalStateException e) {
            log.debug("Store {} does not tell of saves", options.store(), e);
        }
    }

    /** Takes the snapshot of a start or an orderly stop. */
    public CompletableFuture<Durability> take(SnapshotKind kind) {
        return changes.add(kind, Optional.empty());
    }

    @Override
    public CompletableFuture<Durability> save(String name) {
        if (!SnapshotHeader.isName(name)) {
            throw new IllegalArgumentException(
                    "Snapshot name '" + OneLine.name(name) + "' must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}");
        }
        if (SnapshotNames.isOne(name)) {
            throw new IllegalArgumentException(
                    "Snapshot name '" + name + "' begins like those that the host gives; begin it with a letter");
        }
        return changes.add(SnapshotKind.SAVE, Optional.of(name));
    }

    @Override
    public String attach(Take take, Duration patience) {
        return await(new Work.Attach(take, new CompletableFuture<>()), patience);
    }

    private String await(Work.Attach attach, Duration patience) {
        if (!queue.add(attach)) {
            throw new IllegalStateException("The host is stopping");
        }
        try {
            return attach.done().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw tooLate(queue.withdraw(attach), patience, e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The host is stopping", e);
        }
    }

    private StoreUnavailableException tooLate(boolean withdrawn, Duration patience, TimeoutException cause) {
        String seconds = patience.toSeconds() + " s";
        return new StoreUnavailableException(
                withdrawn
                        ? "Nothing was decided: store " + options.store() + " has held up an earlier save for "
                                + seconds + ". Try again when it answers."
                        : "What was decided has begun, and goes on after " + seconds + "; the store is "
                                + options.store() + ". The status of the snapshots says ATTACHED when it is done.",
                cause);
    }

    /**
     * Has the store note, in a snapshot, that revisions up to one are removed on purpose; called before they are.
     *
     * @throws RuntimeException if it does not; then nothing may be removed
     */
    public void trimmed(long upTo) {
        Work.Trim trim = new Work.Trim(upTo, new CompletableFuture<>());
        if (!queue.add(trim)) {
            throw new IllegalStateException("The host is stopping");
        }
        try {
            trim.done().get(options.closeTimeout().toMillis() * 2, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException(
                    "Nothing is removed, for the store has to take note of it first: "
                            + (e.getCause() == null
                                    ? "it has not answered in time"
                                    : e.getCause().getMessage()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The host is stopping", e);
        }
    }

    /** The names of the store's snapshots that a decision still needs, however old. */
    public Set<String> pinned() {
        Set<String> pinned = new HashSet<>();
        standing.status().divergence().ifPresent(sides -> {
            sides.base().ifPresent(base -> pinned.add(base.snapshot()));
            sides.inStore().ifPresent(theirs -> pinned.add(theirs.snapshot()));
        });
        return pinned;
    }

    @Override
    public StoreStatus status() {
        JournalSize size = journal.size();
        return standing.status()
                .with(served.notices(), new JournalUse(size.bytes(), size.limit(), size.dropped(), size.full()));
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return reader.list(request);
    }

    @Override
    public Snapshot get(String name) {
        return reader.get(name);
    }

    @Override
    public void delete(String name) {
        deletion.delete(name);
    }

    private void run() {
        begin();
        while (work(nanosToLook(), lastSaveNanos)) {
            if (probe.hasAnswer() || isTold() || nanosToLook() <= 0) {
                look();
            }
        }
    }

    void begin() {
        guarded(List.of(), crossing::begin);
        if (!standing.isAttached()) {
            guarded(List.of(), () -> probe.ask(cursor.base()));
        }
    }

    /**
     * Does what waits.
     *
     * @param window how long to wait for work of other callers besides
     * @return false at the end
     */
    boolean work(long idleNanos, long window) {
        List<Work> works = queue.next(idleNanos, () -> probe.hasAnswer() || isTold(), window);
        if (works == null) {
            return false;
        }
        guarded(works, () -> doAll(works));
        return true;
    }

    /** Asks what the store has, or acts on the answer if one has come. */
    void look() {
        guarded(List.of(), this::askOrAct);
    }

    Optional<HistoryPoint> base() {
        return cursor.base();
    }

    private long nanosToLook() {
        Duration interval = standing.isAttached() ? options.lookInterval() : options.retryInterval();
        return (standing.isUnsaved() ? options.retryInterval() : interval).toNanos() - (System.nanoTime() - lastLook);
    }

    /** While a question is under way, it is asked again when that has its answer. */
    private boolean isTold() {
        return told && !probe.isAsking();
    }

    private void askOrAct() {
        lastLook = System.nanoTime();
        writer.mendJournal();
        Optional<Look> seen = probe.takeAnswer();
        if (seen.isPresent()) {
            reattachment.looked(seen.get());
        } else {
            told = false;
            boolean onlyIfNew = options.follows() && standing.isUntroubled();
            if (!probe.ask(cursor.base(), onlyIfNew)) {
                told = true;
            }
        }
        writer.saveWhatIsUnsaved();
    }

    /** Nothing may end the keeper's thread; who waits is told. */
    private void guarded(List<Work> works, Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            log.error("Snapshots: unexpected failure: {}", e.toString());
            log.debug("Snapshots: unexpected failure", e);
            if (works.stream().anyMatch(Work.Save.class::isInstance)) {
                standing.notDurable(e.toString());
            }
            works.forEach(work -> work.fail(e));
        }
    }

    private void doAll(List<Work> works) {
        List<Work.Save> saved = new ArrayList<>();
        for (Work work : works) {
            if (work instanceof Work.Save save && save.isChange()) {
                saved.add(save);
            }
        }
        if (!saved.isEmpty()) {
            next.askedBy(saved.stream().flatMap(save -> save.caller().stream()).toList());
            boolean asked = saved.stream().anyMatch(save -> save.learner().isEmpty());
            Durability durability =
                    timed(() -> asked ? writer.saveChange() : writer.save(SnapshotKind.SNAPSHOT, Optional.empty()));
            next.askedBy(List.of());
            saved.forEach(change -> change.done().complete(answer(change, durability)));
        }
        for (Work work : works) {
            if (work instanceof Work.Attach attach) {
                attach(attach);
            } else if (work instanceof Work.Trim trim) {
                writer.trim(trim.upTo());
                trim.done().complete(null);
            } else if (work instanceof Work.Save save && !save.isChange()) {
                take(save);
            }
        }
    }

    private Durability answer(Work.Save change, Durability durability) {
        if (change.learner().filter(sides::isUnkept).isPresent()) {
            return lessonLost(durability);
        }
        return change.conditional() && durability.kind() == Durability.Kind.STORED_ELSEWHERE
                ? madeElsewhere(durability)
                : durability;
    }

    /** Another host has made the very same change: who counts up, say, must not take its step for his. */
    private Durability madeElsewhere(Durability durability) {
        String who = cursor.base()
                .map(HistoryPoint::header)
                .map(SnapshotHeader::host)
                .orElse("");
        return new Durability(
                Durability.Kind.UNDONE,
                Optional.empty(),
                List.of("Host " + who + " has made the same change first, in "
                        + durability.snapshot().orElse("")
                        + ", so this one was not made on the revision that the call is for."));
    }

    /** The snapshot does not hold what was learned here, and nothing else does. */
    private static Durability lessonLost(Durability durability) {
        return durability.isKept() ? Work.lost(durability.notice()) : durability;
    }

    private Durability timed(Supplier<Durability> save) {
        long begin = System.nanoTime();
        try {
            return save.get();
        } finally {
            lastSaveNanos = System.nanoTime() - begin;
        }
    }

    private void take(Work.Save save) {
        try {
            if (save.name().isPresent() && reader.has(save.name().get())) {
                throw SnapshotWriter.inUse(save.name().get());
            }
            Durability durability = timed(() -> writer.save(save.kind(), save.name()));
            boolean startOrStop = save.kind() != SnapshotKind.SAVE;
            save.done().complete(startOrStop && sides.isAnythingUnkept() ? lessonLost(durability) : durability);
        } catch (SnapshotConflictException e) {
            save.refuse(e);
        }
    }

    private void attach(Work.Attach attach) {
        try {
            attach.done().complete(decision.carryOut(attach.take()));
        } catch (RuntimeException e) {
            attach.fail(e);
        }
    }

    /** Ends after what waits is done, or the time for that is over; takes no snapshot of its own. */
    @Override
    public void close() {
        queue.close();
        try {
            awaitEnd();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (journal;
                pair) {
            store.close();
        } finally {
            IllegalStateException stopped = new IllegalStateException(
                    "The host has stopped before its snapshot store " + options.store() + " answered");
            queue.takeRest().forEach(work -> work.fail(stopped));
        }
    }

    private void awaitEnd() throws InterruptedException {
        Thread keeper = thread;
        if (keeper == null) {
            return;
        }
        keeper.join(options.closeTimeout().toMillis());
        if (keeper.isAlive()) {
            log.error(
                    "The snapshot store {} did not answer within {} s; what was not saved yet is not kept",
                    options.store(),
                    options.closeTimeout().toSeconds());
        }
    }
}
