package dev.holdfast.host.snapshot;

import dev.holdfast.host.serving.ChangeLog;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
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
 */
public final class SnapshotKeeper implements ChangeLog, Snapshots, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SnapshotKeeper.class);
    private static final long LONGEST_WINDOW = Duration.ofMillis(5).toNanos();

    private final KeeperOptions options;
    private final SnapshotSerializer store;
    private final Spool spool;
    private final Supplier<ServingState> state;
    private final Supplier<Map<String, String>> config;
    private final SnapshotNames names;
    private @Nullable Thread thread;
    private Consumer<Snapshot> takeOver = snapshot -> {};

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition workCame = lock.newCondition();

    // Guarded by the lock.
    private final List<Work> waiting = new ArrayList<>();
    private int changesUnderWay;
    private boolean closing;

    // Written by the keeper's thread alone.
    private volatile StoreStatus status;
    private volatile boolean unsaved;
    private long revision;
    private boolean mayAttach;
    private int callersLately = 1;
    private long lastSaveNanos;

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
        keeper.start();
        thread = keeper;
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

    @Override
    public CompletableFuture<Durability> changed() {
        changeEnded();
        return enqueue(SnapshotKind.SNAPSHOT, Optional.empty());
    }

    /** Takes the snapshot of a start or an orderly stop. */
    public CompletableFuture<Durability> take(SnapshotKind kind) {
        return enqueue(kind, Optional.empty());
    }

    @Override
    public CompletableFuture<Durability> save(String name) {
        if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")) {
            throw new IllegalArgumentException("Snapshot name '" + name.replaceAll("\\p{Cntrl}", "?")
                    + "' must match [A-Za-z0-9][A-Za-z0-9._-]{0,127}");
        }
        return enqueue(SnapshotKind.SAVE, Optional.of(name));
    }

    private CompletableFuture<Durability> enqueue(SnapshotKind kind, Optional<String> name) {
        CompletableFuture<Durability> done = new CompletableFuture<>();
        if (!enqueue(new Work.Save(kind, name, done))) {
            done.complete(
                    new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of("The host is stopping")));
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
        sendWhatAnEarlierStartSpooled();
        while (true) {
            List<Work> works = next();
            if (works == null) {
                return;
            }
            try {
                if (works.isEmpty()) {
                    whenIdle();
                }
                doAll(works);
            } catch (RuntimeException | Error e) {
                // The keeper must outlive everything; whoever waits is told.
                log.error("Snapshots: unexpected failure: {}", e.toString());
                log.debug("Snapshots: unexpected failure", e);
                works.forEach(work -> fail(work, e));
            }
        }
    }

    private void sendWhatAnEarlierStartSpooled() {
        if (status.mode() == StoreStatus.Mode.SPOOLING) {
            whenIdle();
        }
    }

    private static void fail(Work work, Throwable failure) {
        if (work instanceof Work.Save save) {
            save.done()
                    .complete(new Durability(
                            Durability.Kind.LOST_ON_RESTART, Optional.empty(), List.of(failure.toString())));
        } else if (work instanceof Work.Attach attach) {
            attach.done().completeExceptionally(failure);
        }
    }

    /** What is to be done; empty when it is time to look after the store; null at the end. */
    private @Nullable List<Work> next() {
        lock.lock();
        try {
            long nanos = options.retryInterval().toNanos();
            while (waiting.isEmpty()) {
                if (closing) {
                    return null;
                }
                if (nanos <= 0) {
                    return List.of();
                }
                nanos = workCame.awaitNanos(nanos);
            }
            awaitOtherCallers();
            List<Work> works = List.copyOf(waiting);
            waiting.clear();
            callersLately = works.size() + changesUnderWay;
            return works;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void awaitOtherCallers() throws InterruptedException {
        long nanos = Math.min(LONGEST_WINDOW, lastSaveNanos);
        while (waiting.size() < callersLately && !closing && nanos > 0) {
            nanos = workCame.awaitNanos(nanos);
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
            return new Durability(
                    Durability.Kind.LOST_ON_RESTART,
                    Optional.empty(),
                    List.of("A snapshot named " + name.get() + " is there already; choose another name"));
        }
        long begun = System.nanoTime();
        Instant time = names.next();
        Snapshot snapshot = SnapshotText.write(
                SnapshotHeader.builder()
                        .name(name.orElseGet(() -> SnapshotNames.name(time, kind)))
                        .kind(kind)
                        .createdOn(time)
                        .group(options.group())
                        .revision(revision + 1)
                        .host(options.host()),
                config.get(),
                state.get());
        Durability durability = write(snapshot);
        lastSaveNanos = System.nanoTime() - begun;
        return durability;
    }

    private boolean taken(String name) {
        try {
            get(name);
            return true;
        } catch (SnapshotNotFoundException e) {
            return false;
        } catch (SnapshotStoreException e) {
            return !(e instanceof dev.holdfast.sdk.StoreUnavailableException);
        }
    }

    private Durability write(Snapshot snapshot) {
        List<String> problems = new ArrayList<>();
        if (status.mode() == StoreStatus.Mode.ATTACHED) {
            try {
                store.save(snapshot);
                spool.stored(snapshot);
                saved(snapshot, StoreStatus.Mode.ATTACHED, List.of());
                return new Durability(
                        Durability.Kind.STORED, Optional.of(snapshot.header().name()), status.notices());
            } catch (SnapshotConflictException e) {
                problems.add(detached(e));
            } catch (SnapshotStoreException e) {
                log.error(
                        "Snapshot {} could not be saved in {}: {}",
                        snapshot.header().name(),
                        options.store(),
                        e.getMessage());
                problems.add("Snapshot store " + options.store() + " did not take the snapshot: " + e.getMessage());
            }
        }
        StoreStatus.Mode mode = status.mode() == StoreStatus.Mode.ATTACHED ? StoreStatus.Mode.SPOOLING : status.mode();
        try {
            spool.add(snapshot);
        } catch (SnapshotStoreException e) {
            log.error(
                    "Snapshot {} could not be kept in the local spool either: {}",
                    snapshot.header().name(),
                    e.getMessage());
            problems.add("The local spool did not take it either: " + e.getMessage());
            unsaved = true;
            return new Durability(Durability.Kind.LOST_ON_RESTART, Optional.empty(), problems);
        }
        if (mode == StoreStatus.Mode.SPOOLING) {
            mayAttach = true;
        }
        saved(snapshot, mode, problems.isEmpty() ? status.notices() : problems);
        return new Durability(
                Durability.Kind.SPOOLED, Optional.of(snapshot.header().name()), status.notices());
    }

    private void saved(Snapshot snapshot, StoreStatus.Mode mode, List<String> notices) {
        revision = snapshot.header().revision();
        unsaved = false;
        set(mode, Optional.of(snapshot.header().name()), notices);
    }

    private void set(StoreStatus.Mode mode, Optional<String> lastSnapshot, List<String> notices) {
        int spooled = mode == StoreStatus.Mode.ATTACHED ? 0 : spool.pending().size();
        status = new StoreStatus(options.store(), options.group(), mode, lastSnapshot, revision, spooled, notices);
    }

    /** Another host of the group went on: this one must not write over what it wrote. */
    private String detached(SnapshotConflictException conflict) {
        mayAttach = false;
        String notice = "Detached from store " + options.store() + ", group " + options.group()
                + ": another host wrote to it (" + conflict.getMessage()
                + "). Changes go to the local spool until you decide with: holdfast snapshots attach --take store|local";
        log.error(notice);
        set(StoreStatus.Mode.DETACHED, status.lastSnapshot(), List.of(notice));
        return notice;
    }

    private void whenIdle() {
        if (unsaved) {
            Durability durability = keep(SnapshotKind.SNAPSHOT, Optional.empty());
            if (durability.kind() != Durability.Kind.LOST_ON_RESTART) {
                log.info(
                        "The serving state is durable again, in snapshot {}",
                        durability.snapshot().orElse(""));
            }
        } else if (status.mode() != StoreStatus.Mode.ATTACHED && mayAttach) {
            try {
                sendPending();
            } catch (SnapshotConflictException e) {
                detached(e);
            } catch (SnapshotStoreException e) {
                log.debug("Snapshot store {} is still out of reach: {}", options.store(), e.getMessage());
            }
        }
    }

    /** The store may be back: sends what is pending, in order, if the store has not moved on without this host. */
    private void sendPending() {
        Optional<SnapshotHeader> last = newestInStore();
        List<SnapshotHeader> pending = spool.pending();
        List<SnapshotHeader> missing = Lineage.missing(last, pending, revision);
        for (SnapshotHeader header : pending) {
            Snapshot snapshot = spool.get(header);
            if (missing.contains(header)) {
                store.save(snapshot);
            }
            spool.sent(snapshot);
        }
        log.info("Attached to store {} again; {} spooled snapshots were sent", options.store(), missing.size());
        set(StoreStatus.Mode.ATTACHED, status.lastSnapshot(), List.of());
    }

    private Optional<SnapshotHeader> newestInStore() {
        return store.list(ListRequest.firstPage(1)).headers().stream().findFirst();
    }

    private void attachNow(Work.Attach attach) {
        try {
            attach.done().complete(attach.take() == Take.STORE ? takeStore() : takeLocal());
        } catch (RuntimeException e) {
            attach.done().completeExceptionally(e);
        }
    }

    private String takeStore() {
        Snapshot last = store.getLast()
                .orElseThrow(() -> new IllegalStateException("Store " + options.store() + " has no snapshot of group "
                        + options.group() + " to go over to"));
        takeOver.accept(last);
        spool.dropPending();
        spool.stored(last);
        revision = last.header().revision();
        names.after(last.header().name());
        set(StoreStatus.Mode.ATTACHED, Optional.of(last.header().name()), List.of());
        String done = "Attached to store " + options.store() + "; the host serves its snapshot "
                + last.header().name() + " now";
        log.info(done);
        return done;
    }

    private String takeLocal() {
        newestInStore().ifPresent(last -> {
            revision = Math.max(revision, last.revision());
            names.after(last.name());
        });
        StoreStatus before = status;
        set(StoreStatus.Mode.ATTACHED, status.lastSnapshot(), List.of());
        Durability durability = keep(SnapshotKind.SNAPSHOT, Optional.empty());
        if (durability.kind() != Durability.Kind.STORED) {
            status = before;
            throw new IllegalStateException(
                    "Could not attach to store " + options.store() + ": " + String.join("; ", durability.notice()));
        }
        spool.dropPending();
        String done = "Attached to store " + options.store() + "; what this host serves is its snapshot "
                + durability.snapshot().orElse("") + " now";
        log.info(done);
        return done;
    }

    /** Ends after what waits is done; takes no snapshot of its own. */
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
        }
    }
}
