package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
 * </pre>
 *
 * <p>One thread, the keeper, talks to the store. Changes that come while a save is under way share the next one: a save
 * writes the serving state as it is when it begins, so it holds every change that is waiting by then. When there were
 * several callers lately, a save waits for them as long as the last save took, at the most {@link #LONGEST_WINDOW}.
 *
 * <p>A change that neither the store nor the spool takes is reported as lost on a restart, and tried again until a later
 * snapshot holds it; the status says so meanwhile.
 */
public final class SnapshotKeeper implements ChangeLog, Snapshots, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SnapshotKeeper.class);
    private static final long LONGEST_WINDOW = Duration.ofMillis(5).toNanos();

    private static final int ATTACH_TRIES = 16;

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final Supplier<ServingState> state;
    private final Supplier<Map<String, String>> config;
    private final SnapshotNames names;
    private final StoreProbe probe;
    private volatile @Nullable Thread thread;
    private Consumer<Snapshot> takeOver = snapshot -> {};

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition workCame = lock.newCondition();

    // Guarded by the lock.
    private final List<Work> waiting = new ArrayList<>();
    private List<Work> underWay = List.of();
    private int changesUnderWay;
    private boolean closing;

    private volatile StoreStatus status;

    // Used by the keeper's thread alone.
    private long revision;
    private int spooled;
    private boolean mayAttach;
    private boolean unsaved;
    private int callersLately = 1;
    private long lastSaveNanos;
    private long lastLook = System.nanoTime();

    /** What the restore had to tell; true for the life of this process. */
    private final List<String> ofTheRestore;
    /** Why changes do not go to the store; empty while they do. */
    private List<String> ofTheMode;
    /** Save-ids of which the store has them or not, and the spool has not. */
    private final List<String> unknown = new ArrayList<>();

    /** Something for the keeper's thread to do. */
    private sealed interface Work {
        record Save(SnapshotKind kind, Optional<String> name, CompletableFuture<Durability> done) implements Work {}

        record Attach(Take take, CompletableFuture<String> done) implements Work {}
    }

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
        this.state = state;
        this.config = config;
        this.revision = start.revision();
        this.mayAttach = start.mayAttach();
        this.names = new SnapshotNames(clock);
        names.after(start.lastName());
        this.probe = new StoreProbe(store, this::wake);
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

    /**
     * Begins to work; what was asked for until now is done first.
     *
     * @param goesOver goes over to the state of a snapshot, when the operator decides for the store
     */
    public void start(Consumer<Snapshot> goesOver) {
        takeOver = goesOver;
        Thread keeper = new Thread(this::run, "snapshot-keeper");
        keeper.setDaemon(true);
        thread = keeper;
        keeper.start();
    }

    @Override
    public void begin() {
        lock.lock();
        try {
            changesUnderWay++;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void abandoned() {
        changeEnded();
    }

    private void changeEnded() {
        lock.lock();
        try {
            changesUnderWay--;
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            workCame.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public CompletableFuture<Durability> changed() {
        lock.lock();
        try {
            // In one step: the change is always seen, either as under way or as waiting.
            changesUnderWay--;
            return enqueue(SnapshotKind.SNAPSHOT, Optional.empty());
        } finally {
            lock.unlock();
        }
    }

    /** Takes the snapshot of a start or an orderly stop. */
    public CompletableFuture<Durability> take(SnapshotKind kind) {
        return enqueue(kind, Optional.empty());
    }

    @Override
    public CompletableFuture<Durability> save(String name) {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")) {
            throw new IllegalArgumentException(
                    "Snapshot name '" + OneLine.name(name) + "' must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}");
        }
        if (SnapshotNames.isOne(name)) {
            throw new IllegalArgumentException(
                    "Snapshot name '" + name + "' begins like those that the host gives; begin it with a letter");
        }
        return enqueue(SnapshotKind.SAVE, Optional.of(name));
    }

    private CompletableFuture<Durability> enqueue(SnapshotKind kind, Optional<String> name) {
        CompletableFuture<Durability> done = new CompletableFuture<>();
        if (!enqueue(new Work.Save(kind, name, done))) {
            done.complete(lost(List.of("The host is stopping")));
        }
        return done;
    }

    private boolean enqueue(Work work) {
        lock.lock();
        try {
            if (closing) {
                return false;
            }
            waiting.add(work);
            workCame.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String attach(Take take) {
        if (status.mode() == StoreStatus.Mode.ATTACHED) {
            throw new IllegalStateException("The host is not detached from its store " + options.store());
        }
        CompletableFuture<String> done = new CompletableFuture<>();
        if (!enqueue(new Work.Attach(take, done))) {
            throw new IllegalStateException("The host is stopping");
        }
        try {
            return done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    @Override
    public StoreStatus status() {
        return status;
    }

    @Override
    public SnapshotPage list(ListRequest request) {
        return status.mode() == StoreStatus.Mode.ATTACHED ? store.list(request) : spool.list(request);
    }

    @Override
    public Snapshot get(String name) {
        if (status.mode() == StoreStatus.Mode.ATTACHED) {
            return store.get(name);
        }
        try {
            return spool.get(name);
        } catch (SnapshotNotFoundException e) {
            return store.get(name);
        }
    }

    private void run() {
        guarded(List.of(), this::begun);
        while (true) {
            List<Work> works = next();
            if (works == null) {
                return;
            }
            guarded(works, () -> doAll(works));
            if (lookIsDue()) {
                guarded(List.of(), this::lookAfterStore);
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
                unsaved = true;
                show(status.mode(), status.lastSnapshot(), List.of(notDurable(e.toString())));
            }
            works.forEach(work -> fail(work, e));
        }
    }

    private static void fail(Work work, Throwable failure) {
        if (work instanceof Work.Save save) {
            save.done().complete(lost(List.of(String.valueOf(failure))));
        } else if (work instanceof Work.Attach attach) {
            attach.done().completeExceptionally(failure);
        }
    }

    private static Durability lost(List<String> why) {
        return new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), why);
    }

    private static String notDurable(String why) {
        return "The serving state is not durable, a restart would lose its last changes: " + why;
    }

    /** Finds its bearings in what an earlier start left in the spool. */
    private void begun() {
        List<SnapshotHeader> pending = spool.pending();
        pending.forEach(header -> names.after(header.createdOn()));
        if (status.mode() == StoreStatus.Mode.ATTACHED) {
            if (!pending.isEmpty()) {
                letGoOf(pending);
            }
            return;
        }
        spooled = pending.size();
        if (status.mode() == StoreStatus.Mode.SPOOLING && ofTheMode.isEmpty()) {
            ofTheMode = List.of(
                    spooled + " snapshots that store " + options.store() + " could not take wait in the local spool");
        }
        show(status.mode(), status.lastSnapshot(), List.of());
        if (mayAttach) {
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
                    message(e));
        }
    }

    /** What is to be done; empty when it is time to look after the store; null at the end. */
    private @Nullable List<Work> next() {
        lock.lock();
        try {
            underWay = List.of();
            long nanos = options.retryInterval().toNanos() - (System.nanoTime() - lastLook);
            while (waiting.isEmpty()) {
                if (closing) {
                    return null;
                }
                if (nanos <= 0 || probe.hasAnswer()) {
                    return List.of();
                }
                nanos = await(nanos);
            }
            awaitOtherCallers();
            underWay = List.copyOf(waiting);
            waiting.clear();
            callersLately = underWay.size() + changesUnderWay;
            return underWay;
        } finally {
            lock.unlock();
        }
    }

    private void awaitOtherCallers() {
        long nanos = Math.min(LONGEST_WINDOW, lastSaveNanos);
        while (waiting.size() < callersLately && !closing && nanos > 0) {
            nanos = await(nanos);
        }
    }

    @SuppressWarnings("WaitNotInLoop") // the callers loop
    private long await(long nanos) {
        try {
            return workCame.awaitNanos(nanos);
        } catch (InterruptedException e) {
            // A serializer may leave an interrupt behind; only close() ends this thread.
            return nanos;
        }
    }

    private void doAll(List<Work> works) {
        List<Work.Save> changes = new ArrayList<>();
        for (Work work : works) {
            if (work instanceof Work.Save save && save.kind() == SnapshotKind.SNAPSHOT) {
                changes.add(save);
            }
        }
        if (!changes.isEmpty()) {
            Durability durability = keep(SnapshotKind.SNAPSHOT, Optional.empty());
            changes.forEach(change -> change.done().complete(durability));
        }
        for (Work work : works) {
            if (work instanceof Work.Attach attach) {
                attachNow(attach);
            } else if (work instanceof Work.Save save && save.kind() != SnapshotKind.SNAPSHOT) {
                save.done().complete(keep(save.kind(), save.name()));
            }
        }
    }

    private Durability keep(SnapshotKind kind, Optional<String> name) {
        if (name.isPresent() && taken(name.get())) {
            return inUse(name.get());
        }
        long begin = System.nanoTime();
        try {
            return write(kind, name);
        } finally {
            lastSaveNanos = System.nanoTime() - begin;
        }
    }

    private static Durability inUse(String name) {
        return lost(List.of("A snapshot named " + name + " is there already; choose another name"));
    }

    private boolean taken(String name) {
        try {
            get(name);
            return true;
        } catch (SnapshotNotFoundException | StoreUnavailableException e) {
            return false;
        } catch (SnapshotStoreException e) {
            return true;
        }
    }

    /** The serving state as it is now, under the next revision. */
    private Snapshot snapshot(SnapshotKind kind, Optional<String> name) {
        Instant time = names.next();
        return SnapshotText.write(
                SnapshotHeader.builder()
                        .name(name.orElseGet(() -> SnapshotNames.name(time, kind)))
                        .kind(kind)
                        .createdOn(time)
                        .group(options.group())
                        .revision(revision + 1)
                        .host(options.host()),
                config.get(),
                state.get());
    }

    private Durability write(SnapshotKind kind, Optional<String> name) {
        Snapshot snapshot = snapshot(kind, name);
        if (status.mode() != StoreStatus.Mode.ATTACHED) {
            return spool(snapshot, status.mode(), Optional.empty());
        }
        try {
            return inStore(snapshot);
        } catch (SnapshotConflictException e) {
            return afterConflict(kind, name, snapshot, e);
        } catch (RuntimeException | Error e) {
            return spool(snapshot, StoreStatus.Mode.SPOOLING, Optional.of(e));
        }
    }

    private Durability inStore(Snapshot snapshot) {
        store.save(snapshot);
        spool.stored(snapshot);
        kept(snapshot, StoreStatus.Mode.ATTACHED);
        return new Durability(
                Durability.Kind.STORED, Optional.of(snapshot.header().name()), List.of());
    }

    /** Two kinds of conflict are not another host's: with a save of this one that seemed to fail, and of names alone. */
    private Durability afterConflict(
            SnapshotKind kind, Optional<String> name, Snapshot refused, SnapshotConflictException conflict) {
        Snapshot snapshot = refused;
        try {
            Optional<SnapshotHeader> newest = newestInStore();
            boolean own = newest.isPresent() && unknown.contains(newest.get().saveId());
            if (own || newest.map(SnapshotHeader::revision).orElse(0L) == revision) {
                newest.ifPresent(this::goOnAfter);
                if (!own && name.isPresent()) {
                    return inUse(name.get());
                }
                snapshot = snapshot(kind, name);
                return inStore(snapshot);
            }
            return detach(conflict, snapshot);
        } catch (SnapshotConflictException e) {
            return detach(e, snapshot);
        } catch (RuntimeException | Error e) {
            return spool(snapshot, StoreStatus.Mode.SPOOLING, Optional.of(e));
        }
    }

    private Durability detach(SnapshotConflictException conflict, Snapshot snapshot) {
        detached(conflict);
        return spool(snapshot, StoreStatus.Mode.DETACHED, Optional.empty());
    }

    private void goOnAfter(SnapshotHeader header) {
        revision = Math.max(revision, header.revision());
        names.after(header.createdOn());
        names.after(header.name());
    }

    /**
     * Keeps a snapshot on this host's own disk.
     *
     * @param problem why the store did not take it, if it was asked
     */
    private Durability spool(Snapshot snapshot, StoreStatus.Mode mode, Optional<Throwable> problem) {
        String name = snapshot.header().name();
        List<String> notices = problem.map(failure -> List.of(
                        "Snapshot store " + options.store() + " did not take the snapshot: " + message(failure)))
                .orElse(ofTheMode);
        problem.ifPresent(failure -> {
            log.error("Snapshot {} could not be saved in {}: {}", name, options.store(), message(failure));
            log.debug("Snapshot {} could not be saved", name, failure);
        });
        try {
            spool.add(snapshot);
        } catch (RuntimeException | Error e) {
            log.error("Snapshot {} could not be kept in the local spool either: {}", name, message(e));
            log.debug("Snapshot {} could not be kept in the local spool", name, e);
            problem.ifPresent(failure -> unknown.add(snapshot.header().saveId()));
            unsaved = true;
            List<String> all = new ArrayList<>(notices);
            all.add("The local spool did not take it either: " + message(e));
            show(status.mode(), status.lastSnapshot(), List.of(notDurable(all.get(all.size() - 1))));
            return lost(all);
        }
        spooled++;
        ofTheMode = notices;
        mayAttach |= mode == StoreStatus.Mode.SPOOLING;
        kept(snapshot, mode);
        return new Durability(Durability.Kind.SPOOLED, Optional.of(name), ofTheMode);
    }

    private static String message(Throwable failure) {
        return failure instanceof SnapshotStoreException ? String.valueOf(failure.getMessage()) : failure.toString();
    }

    /** A snapshot is durable, and with it every change before it. */
    private void kept(Snapshot snapshot, StoreStatus.Mode mode) {
        revision = snapshot.header().revision();
        unsaved = false;
        unknown.clear();
        show(mode, Optional.of(snapshot.header().name()), List.of());
    }

    private void show(StoreStatus.Mode mode, Optional<String> lastSnapshot, List<String> more) {
        List<String> notices = new ArrayList<>(ofTheRestore);
        notices.addAll(ofTheMode);
        notices.addAll(more);
        status = new StoreStatus(options.store(), options.group(), mode, lastSnapshot, revision, spooled, notices);
    }

    /** The store has what this host did not write, or lacks what it did: this host must not write over it. */
    private void detached(SnapshotConflictException conflict) {
        mayAttach = false;
        String notice = "Detached from store " + options.store() + ", group " + options.group()
                + ": it has not what this host goes on from; another host may have written to it ("
                + conflict.getMessage()
                + "). Changes go to the local spool until you decide with: holdfast snapshots attach --take store|local";
        log.error(notice);
        ofTheMode = List.of(notice);
        show(StoreStatus.Mode.DETACHED, status.lastSnapshot(), List.of());
    }

    private void attached(Optional<String> lastSnapshot) {
        spooled = 0;
        ofTheMode = List.of();
        unknown.clear();
        show(StoreStatus.Mode.ATTACHED, lastSnapshot, List.of());
    }

    private boolean lookIsDue() {
        return probe.hasAnswer()
                || System.nanoTime() - lastLook >= options.retryInterval().toNanos();
    }

    private void lookAfterStore() {
        lastLook = System.nanoTime();
        boolean answered = probe.takeAnswer();
        if (status.mode() != StoreStatus.Mode.ATTACHED && mayAttach) {
            if (answered) {
                sendPending();
            } else {
                probe.ask();
            }
        }
        if (unsaved) {
            Durability durability = keep(SnapshotKind.SNAPSHOT, Optional.empty());
            if (durability.kind() != Durability.Kind.LOST_ON_RESTART) {
                log.info(
                        "The serving state is durable again, in snapshot {}",
                        durability.snapshot().orElse(""));
            }
        }
    }

    /** The store is back: sends what is pending, in order, if the store has not moved on without this host. */
    private void sendPending() {
        List<SnapshotHeader> leftOut = new ArrayList<>();
        boolean lastWasSent = true;
        int sent = 0;
        try {
            List<SnapshotHeader> pending = spool.pending();
            List<SnapshotHeader> missing = Lineage.missing(newestInStore(), pending, revision);
            for (SnapshotHeader header : pending) {
                lastWasSent = send(header, missing.contains(header));
                if (!lastWasSent) {
                    leftOut.add(header);
                } else if (missing.contains(header)) {
                    sent++;
                }
            }
        } catch (SnapshotConflictException e) {
            detached(e);
            return;
        } catch (SnapshotStoreException e) {
            log.debug("Snapshot store {} is out of reach again: {}", options.store(), e.getMessage());
            show(status.mode(), status.lastSnapshot(), List.of());
            return;
        }
        attached(status.lastSnapshot());
        if (!lastWasSent && keep(SnapshotKind.SNAPSHOT, Optional.empty()).kind() != Durability.Kind.STORED) {
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
            spooled--;
            return true;
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            log.error("Spooled snapshot {} is passed over: {}", header.name(), e.getMessage());
            return false;
        } catch (SnapshotConflictException e) {
            if (newestInStore().map(SnapshotHeader::revision).orElse(0L) >= header.revision()) {
                throw e;
            }
            log.error("Spooled snapshot {} is passed over, its name is in use: {}", header.name(), e.getMessage());
            return false;
        }
    }

    /** By the strongly consistent read; a list may be served from an index that lags behind. */
    private Optional<SnapshotHeader> newestInStore() {
        try {
            return store.getLast().map(Snapshot::header);
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return store.list(ListRequest.firstPage(1)).headers().stream().findFirst();
        }
    }

    private void attachNow(Work.Attach attach) {
        try {
            if (status.mode() == StoreStatus.Mode.ATTACHED) {
                throw new IllegalStateException("The host has attached to its store " + options.store() + " by itself");
            }
            String done = attach.take() == Take.STORE ? takeStore() : takeLocal();
            log.info(done);
            attach.done().complete(done);
        } catch (RuntimeException e) {
            attach.done().completeExceptionally(e);
        }
    }

    private String takeStore() {
        Snapshot last = store.getLast()
                .orElseThrow(() -> new IllegalStateException("Store " + options.store() + " has no snapshot of group "
                        + options.group() + " to go over to"));
        takeOver.accept(last);
        unsaved = false;
        spool.dropPending();
        spool.stored(last);
        revision = last.header().revision();
        names.after(last.header().createdOn());
        names.after(last.header().name());
        attached(Optional.of(last.header().name()));
        return "Attached to store " + options.store() + "; the host serves its snapshot "
                + last.header().name() + " now";
    }

    /** Nothing goes to the spool here: the operator's decision takes effect in the store, or not at all. */
    private String takeLocal() {
        newestInStore().ifPresent(this::goOnAfter);
        Snapshot snapshot = saveAboveEverything();
        spool.stored(snapshot);
        attached(status.lastSnapshot());
        kept(snapshot, StoreStatus.Mode.ATTACHED);
        spool.dropPending();
        return "Attached to store " + options.store() + "; what this host serves is its snapshot "
                + snapshot.header().name() + " now";
    }

    /** Damaged snapshots have revisions that nobody can read. */
    private Snapshot saveAboveEverything() {
        for (int tries = 1; ; tries++) {
            Snapshot snapshot = snapshot(SnapshotKind.SNAPSHOT, Optional.empty());
            try {
                store.save(snapshot);
                return snapshot;
            } catch (SnapshotConflictException e) {
                if (tries == ATTACH_TRIES) {
                    throw e;
                }
                revision++;
            }
        }
    }

    /** Ends after what waits is done, or the time for that is over; takes no snapshot of its own. */
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            workCame.signal();
        } finally {
            lock.unlock();
        }
        try {
            Thread keeper = thread;
            if (keeper != null) {
                keeper.join(options.closeTimeout().toMillis());
            }
            if (keeper != null && keeper.isAlive()) {
                log.error(
                        "The snapshot store {} did not answer within {} s; what was not saved yet is not kept",
                        options.store(),
                        options.closeTimeout().toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            store.close();
        } finally {
            spool.close();
            tellWhoStillWaits();
        }
    }

    private void tellWhoStillWaits() {
        List<Work> left = new ArrayList<>();
        lock.lock();
        try {
            left.addAll(underWay);
            left.addAll(waiting);
            waiting.clear();
        } finally {
            lock.unlock();
        }
        left.forEach(work -> fail(
                work,
                new IllegalStateException(
                        "The host has stopped before its snapshot store " + options.store() + " answered")));
    }
}
