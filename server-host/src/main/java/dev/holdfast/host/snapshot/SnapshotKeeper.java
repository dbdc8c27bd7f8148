package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What makes every change of the serving state durable.
 *
 * <pre>
 *                    store takes it                     store returns, nothing lost
 *            ┌──────────────────────────┐   ┌───────────────────────────────────────────┐
 *   change ──┤ ATTACHED                 │   │                                           ▼
 *            │   store down ────────▶ SPOOLING ── another host wrote meanwhile ──▶ DETACHED ── attach(take) ──▶ ATTACHED
 *            │   revision taken ────────────────────────────────────────────────────▲
 *            └──────────────────────────┘
 *
 *   callers ─▶ WorkQueue ─▶ the keeper's thread ─┬─▶ SnapshotWriter   a save, to the store or the spool
 *                                                ├─▶ OperatorAttach   a decision of the operator
 *                                                └─▶ Reattachment     from time to time: is the store back?
 * </pre>
 *
 * <p>One thread, the keeper, changes the store and the spool; where the host stands ({@link Standing}) and what comes next
 * ({@link NextSnapshot}) are that thread's and need no lock. Changes that come while a save is under way share the next
 * one: a save writes the serving state as it is when it begins, so it holds every change that is waiting by then.
 *
 * <p>A change that neither the store nor the spool takes is reported as lost on a restart, and tried again until a later
 * snapshot holds it; the status says so meanwhile.
 */
public final class SnapshotKeeper implements ChangeLog, Snapshots, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SnapshotKeeper.class);

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final WorkQueue queue = new WorkQueue();
    private final Standing standing;
    private final SnapshotReader reader;
    private final SnapshotWriter writer;
    private final Reattachment reattachment;
    private final OperatorAttach operator;
    private final OperatorDelete deletion;
    private volatile Supplier<List<String>> alsoNotices = List::of;
    private volatile Runnable afterAttaching = () -> {};
    private volatile @Nullable Thread thread;

    /**
     * @param store the chosen store; closed by {@link #close}
     * @param spool closed by {@link #close}
     * @param state the serving state now
     * @param config what a snapshot keeps of the configuration
     */
    public SnapshotKeeper(
            KeeperOptions options,
            StartPoint start,
            SnapshotSerializer store,
            Spool spool,
            Supplier<ServingState> state,
            Supplier<Map<String, String>> config,
            Clock clock) {
        this.options = options;
        this.store = store;
        this.spool = spool;
        this.standing = new Standing(options, start);
        NextSnapshot next = new NextSnapshot(options, start, state, config, clock);
        this.reader = new SnapshotReader(store, spool, standing);
        this.writer = new SnapshotWriter(options.store(), store, spool, next, standing, reader);
        this.reattachment = new Reattachment(options, store, spool, next, standing, writer, queue::wake);
        this.operator = new OperatorAttach(options, store, spool, next, standing);
        this.deletion = new OperatorDelete(options, store, standing, highest -> {});
    }

    /**
     * Begins to work; what was asked for until now is done first.
     *
     * @param goesOver goes over to the state of a snapshot, when the operator decides for the store
     */
    public void start(Consumer<Snapshot> goesOver) {
        Thread keeper = new Thread(() -> run(goesOver), "snapshot-keeper");
        keeper.setDaemon(true);
        thread = keeper;
        keeper.start();
    }

    /** @param notices what the status tells besides what becomes of snapshots; quick */
    public void alsoTells(Supplier<List<String>> notices) {
        alsoNotices = notices;
    }

    /** @param action runs, on the keeper's thread, when the host has attached to its store again with a state of its own */
    public void afterAttaching(Runnable action) {
        afterAttaching = action;
    }

    @Override
    public void begin() {
        queue.begin();
    }

    @Override
    public void abandoned() {
        queue.abandoned();
    }

    @Override
    public CompletableFuture<Durability> changed() {
        Work.Save change = save(SnapshotKind.SNAPSHOT, Optional.empty());
        return accepted(change, queue.addChange(change));
    }

    /** A snapshot that is taken from now on says nothing of them: they must not be answered as if it did. */
    @Override
    public void overtaken() {
        Durability undone = undone("The host has gone over to what another one saved in store " + options.store());
        queue.withdrawChanges().forEach(change -> change.done().complete(undone));
    }

    private static Durability undone(String why) {
        return new Durability(Durability.Kind.UNDONE, Optional.empty(), List.of(why + "."));
    }

    /** Takes the snapshot of a start or an orderly stop. */
    public CompletableFuture<Durability> take(SnapshotKind kind) {
        Work.Save save = save(kind, Optional.empty());
        return accepted(save, queue.add(save));
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
        Work.Save save = save(SnapshotKind.SAVE, Optional.of(name));
        return accepted(save, queue.add(save));
    }

    private static Work.Save save(SnapshotKind kind, Optional<String> name) {
        return new Work.Save(kind, name, new CompletableFuture<>());
    }

    private static CompletableFuture<Durability> accepted(Work.Save save, boolean queued) {
        if (!queued) {
            save.done().complete(Work.lost(List.of("The host is stopping")));
        }
        return save.done();
    }

    @Override
    public String attach(Take take, Duration patience) {
        if (standing.isAttached()) {
            throw new IllegalStateException("The host is not detached from its store " + options.store());
        }
        Work.Attach attach = new Work.Attach(take, new CompletableFuture<>());
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

    @Override
    public StoreStatus status() {
        return standing.status().withNotices(alsoNotices.get());
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

    private void run(Consumer<Snapshot> goesOver) {
        guarded(List.of(), reattachment::begin);
        while (true) {
            List<Work> works = queue.next(reattachment.nanosToLook(), reattachment::hasNews, writer.lastNanos());
            if (works == null) {
                return;
            }
            guarded(works, () -> doAll(works, goesOver));
            if (reattachment.hasNews() || reattachment.nanosToLook() <= 0) {
                guarded(List.of(), () -> {
                    boolean wasAttached = standing.isAttached();
                    reattachment.look();
                    writer.writeWhatIsUnsaved();
                    if (!wasAttached && standing.isAttached()) {
                        afterAttaching.run();
                    }
                });
            }
        }
    }

    /** The keeper must outlive everything; whoever waits is told. */
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

    private void doAll(List<Work> works, Consumer<Snapshot> goesOver) {
        List<Work.Save> changes = new ArrayList<>();
        for (Work work : works) {
            if (work instanceof Work.Save save && save.isChange()) {
                changes.add(save);
            }
        }
        if (!changes.isEmpty()) {
            // What was acknowledged and waits in the spool is never given up without the operator's word.
            boolean nothingWaits = standing.isAttached();
            Durability written = writer.write(SnapshotKind.SNAPSHOT, Optional.empty());
            Durability durability = nothingWaits ? orUndone(written, goesOver) : written;
            changes.forEach(change -> change.done().complete(durability));
        }
        for (Work work : works) {
            if (work instanceof Work.Attach attach) {
                attach(attach, goesOver);
            } else if (work instanceof Work.Save save && !save.isChange()) {
                take(save);
            }
        }
    }

    /** Where the operator wants it so, a host that another one was faster than serves what that one saved. */
    private Durability orUndone(Durability written, Consumer<Snapshot> goesOver) {
        if (!options.goesOver() || standing.status().mode() != StoreStatus.Mode.DETACHED) {
            return written;
        }
        boolean[] wentOver = new boolean[1];
        try {
            return operator.takeNewer(snapshot -> {
                        goesOver.accept(snapshot);
                        wentOver[0] = true;
                    })
                    .map(SnapshotKeeper::undone)
                    .orElse(written);
        } catch (SnapshotStoreException e) {
            log.debug("The host cannot attach to what store {} has", options.store(), e);
            return wentOver[0]
                    ? undone("The host has gone over to what another one saved: " + e.getMessage())
                    : written;
        }
    }

    private void take(Work.Save save) {
        try {
            save.done().complete(writer.write(save.kind(), save.name()));
        } catch (SnapshotConflictException e) {
            save.refuse(e);
        }
    }

    private void attach(Work.Attach attach, Consumer<Snapshot> goesOver) {
        try {
            String done = operator.attach(attach.take(), goesOver);
            if (attach.take() == Take.LOCAL) {
                afterAttaching.run();
            }
            attach.done().complete(done);
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
        try {
            store.close();
        } finally {
            spool.close();
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
