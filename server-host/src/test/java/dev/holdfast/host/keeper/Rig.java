package dev.holdfast.host.keeper;

import dev.holdfast.host.ManualClock;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.restore.Restore;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A host's keeper over a fake store and a real journal, which outlive it, and whatever a test does with it. */
public final class Rig implements AutoCloseable {

    public final FakeStore.Disk storeDisk;
    public final FakeStore.Disk fsDisk = new FakeStore.Disk();
    public final ManualClock clock = new ManualClock();
    public final AtomicReference<ServingState> state = new AtomicReference<>(ServingState.EMPTY);
    public final List<ServingState> takenOver = new ArrayList<>();
    /** Whether it can. */
    public boolean takesUp = true;

    /** Of which versions this host was told to answer with what another host's have learned. */
    public final List<Set<ServingComparison.Key>> takenUp = new CopyOnWriteArrayList<>();
    /** Why the host cannot load what it goes over to. */
    public final List<String> failures = new ArrayList<>();
    /** Why it could not load what it serves already. */
    final List<String> failuresBefore = new ArrayList<>();

    public FakeStore store;
    volatile Supplier<Map<String, String>> config = () -> States.CONFIG;
    public Duration retry = Duration.ofMillis(1);
    public Duration look = Duration.ofMillis(5);
    Duration closeTimeout = Duration.ofSeconds(20);
    public boolean adoptsStoreAfterConflict;
    public boolean follows;
    Duration mostLag = Duration.ofDays(1);
    /** What the lag of a host that follows is measured by. */
    final AtomicLong nanos = new AtomicLong();

    public boolean storeOnly;
    public String host = "this-host";
    Runnable whileGoingOver = () -> {};
    Consumer<Set<StateReference>> bringChunks = needed -> {};
    private Executor asking = question -> DaemonThreads.start("snapshot-store-probe", question);
    public Journal journal;
    public SnapshotKeeper keeper;
    private ChangeQueue changes = new ChangeQueue("ddb");
    private final Path directory = makeDirectory();
    private boolean pendingAway;
    private boolean copiesAway;
    private boolean asideAway;

    public Rig() {
        this(new FakeStore.Disk());
    }

    /** A host of a fleet: it shares a store with others. */
    public Rig(FakeStore.Disk shared) {
        storeDisk = shared;
        store = new FakeStore(shared);
    }

    /** In memory where there is such a disk: thousands of syncs are not what these tests are about. */
    private static Path makeDirectory() {
        try {
            Path memory = Path.of("/dev/shm");
            return Files.isWritable(memory)
                    ? Files.createTempDirectory(memory, "holdfast-rig")
                    : Files.createTempDirectory("holdfast-rig");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path journalDirectory() {
        return directory.resolve("journal").resolve("ddb").resolve("default");
    }

    public Restore restore(boolean strict, boolean required) {
        if (journal != null) {
            journal.close();
        }
        journal = Journal.open(directory, "ddb", "default", 64 * 1024 * 1024, header -> Optional.empty());
        return new Restore("ddb", host, store, journal, () -> new FakeStore(fsDisk), strict, required);
    }

    public Restore restore() {
        return restore(false, false);
    }

    /** The names of what waits in the journal, oldest first. */
    public List<String> pending() {
        return journal.pending().stream().map(entry -> entry.header().name()).toList();
    }

    public Snapshot pending(int index) {
        List<Entry> entries = journal.pending();
        return journal.read(entries.get(index));
    }

    /** The headers of the copies in the journal, newest first. */
    public List<SnapshotHeader> copies() {
        return journal.copies().stream().map(Snapshot::header).toList();
    }

    /** The names of the files of the copies, which says less and costs less than to read them. */
    List<String> copyNames() {
        String[] names = journalDirectory().resolve("copies").toFile().list();
        return names == null ? List.of() : Stream.of(names).sorted().toList();
    }

    /** Something that waits there since an earlier life of the host. */
    public void putPending(Snapshot snapshot) {
        try (Journal before = Journal.open(directory, "ddb", "default", 64 * 1024 * 1024, header -> Optional.empty())) {
            before.append(snapshot);
        }
    }

    /** Damages what waits under a name. */
    public void damagePending(String name) {
        damage("pending", name);
    }

    private void damage(String part, String name) {
        try (Stream<Path> files = Files.list(journalDirectory().resolve(part))) {
            for (Path file :
                    files.filter(it -> it.toString().endsWith("-" + name)).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                bytes[bytes.length / 3] ^= 1;
                Files.write(file, bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the journal takes nothing that is to wait. */
    public void pendingDown(boolean down) {
        // What is written goes there first.
        pendingAway = moved("temp", pendingAway, down);
    }

    public boolean isPendingDown() {
        return pendingAway;
    }

    /** Somebody removes the whole log location. */
    void removeJournal() throws IOException {
        Path pending = journalDirectory().resolve("pending");
        inPlaceOf(pending, () -> {});
    }

    /** Whether the journal takes nothing that is to lie aside. */
    void asideDown(boolean down) {
        asideAway = moved("aside", asideAway, down);
    }

    /** Whether the journal takes no copies. */
    public void copiesDown(boolean down) {
        copiesAway = moved("copies", copiesAway, down);
    }

    private boolean moved(String part, boolean isAway, boolean away) {
        Path here = journalDirectory().resolve(part);
        Path there = journalDirectory().resolve(part + "-away");
        try {
            if (away && !isAway) {
                Files.createDirectories(here);
                Files.move(here, there);
                inPlaceOf(here, () -> Files.createFile(here));
            } else if (!away && isAway) {
                inPlaceOf(here, () -> Files.move(there, here));
            }
            return away;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    /** The keeper makes a directory again that is gone, perhaps just now: what is to be there instead needs more than one try. */
    private static void inPlaceOf(Path here, Step step) {
        Awaitility.await()
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .ignoreExceptionsMatching(failure -> failure instanceof FileAlreadyExistsException
                        || failure instanceof NoSuchFileException
                        || failure instanceof DirectoryNotEmptyException)
                .untilAsserted(() -> {
                    remove(here);
                    step.run();
                });
    }

    private static void remove(Path place) throws IOException {
        if (!Files.exists(place)) {
            return;
        }
        try (Stream<Path> files = Files.walk(place)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    public void config(Map<String, String> kept) {
        config = () -> kept;
    }

    public Restore.Found start() {
        return start(restore().latest());
    }

    public Restore.Found start(Restore.Found found) {
        prepare(found.start());
        found.content().ifPresent(content -> state.set(content.state()));
        run();
        return found;
    }

    /** Starts a host whose keeper has no thread: it works when the test says so, and looks when it says so again. */
    void startByHand() {
        asking = Runnable::run;
        Restore.Found found = restore().latest();
        prepare(found.start());
        found.content().ifPresent(content -> state.set(content.state()));
        keeper.begin();
    }

    /** A keeper that does not run yet. */
    SnapshotKeeper prepare(StartPoint start) {
        if (journal == null) {
            restore();
        }
        KeeperOptions options = new KeeperOptions(
                "ddb",
                false,
                storeOnly,
                "default",
                host,
                look,
                retry,
                closeTimeout,
                adoptsStoreAfterConflict,
                follows,
                mostLag);
        StoreAttachment standing = new StoreAttachment(options, start, nanos::get);
        changes = new ChangeQueue("ddb", Optional.of(standing));
        ServingSource served = new ServingSource() {
            @Override
            public ServingState state() {
                return state.get();
            }

            @Override
            public List<String> goOver(ServingState target) {
                takenOver.add(target);
                whileGoingOver.run();
                state.set(target);
                changes.overtaken();
                return failures;
            }

            @Override
            public void takeUp(Map<ServingComparison.Key, StateReference> learned) {
                takenUp.add(Set.copyOf(learned.keySet()));
                if (!takesUp) {
                    return;
                }
                state.updateAndGet(all -> States.takenUp(all, learned));
            }

            @Override
            public List<String> failures() {
                return failuresBefore;
            }

            @Override
            public void attachedAgain() {}

            @Override
            public List<String> notices() {
                return List.of();
            }
        };
        keeper = new SnapshotKeeper(
                options,
                start,
                changes,
                standing,
                store,
                journal,
                new SideBySide(store, journal, true),
                new StoreProbe(store, changes.works()::wake, asking),
                (needed, safe) -> bringChunks.accept(needed),
                served,
                () -> config.get(),
                clock);
        return keeper;
    }

    void run() {
        keeper.start();
    }

    public CompletableFuture<Durability> change(String model) {
        return change(now -> now.with(model, ServedModel.of("1.0", States.version(model + ".mar", 1, 1))));
    }

    public CompletableFuture<Durability> change(UnaryOperator<ServingState> edit) {
        changes.begin();
        state.updateAndGet(edit);
        return changes.changed();
    }

    /** The same for one revision. */
    CompletableFuture<Durability> changeOf(long revision, UnaryOperator<ServingState> edit) {
        changes.expect(OptionalLong.of(revision));
        changes.requireExpected();
        return change(edit);
    }

    /** A model has learned a lesson. */
    CompletableFuture<Durability> teach(String model, int lesson) {
        changes.begin();
        state.updateAndGet(now -> States.learned(now, model, lesson));
        return changes.learned(model);
    }

    /** The changes of this thread come from an address from now on. */
    public void callFrom(String address) {
        changes.callFrom(Optional.of(address));
    }

    public String attach(Snapshots.Take take) {
        return keeper.attach(take, Duration.ofSeconds(30));
    }

    public Durability changed(String model) {
        return get(change(model));
    }

    static void await(CountDownLatch latch) {
        try {
            if (!latch.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("not released");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("not completed", e);
        }
    }

    /** The process dies: nothing it has in hand reaches the store any more. */
    public void crash() {
        FakeStore before = store;
        before.gone = true;
        journal.close();
        keeper.close();
        store = new FakeStore(storeDisk);
        store.down = before.down;
        store.losesReplies = before.losesReplies;
        journal = null;
    }

    /** An orderly end, and a store for the next start. */
    public void stop() {
        keeper.close();
        store = new FakeStore(storeDisk);
        journal = null;
    }

    @Override
    public void close() {
        store.hangs.countDown();
        if (keeper != null) {
            keeper.close();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
