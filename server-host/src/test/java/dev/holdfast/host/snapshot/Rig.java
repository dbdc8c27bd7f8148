package dev.holdfast.host.snapshot;

import dev.holdfast.host.ManualClock;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ModelState;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** A host's keeper over fake stores that outlive it, and whatever a test does with it. */
final class Rig implements AutoCloseable {

    final FakeStore.Disk storeDisk = new FakeStore.Disk();
    final FakeStore.Disk pendingDisk = new FakeStore.Disk();
    final FakeStore.Disk copiesDisk = new FakeStore.Disk();
    final FakeStore.Disk fsDisk = new FakeStore.Disk();
    final ManualClock clock = new ManualClock();
    final AtomicReference<ServingState> state = new AtomicReference<>(ServingState.EMPTY);
    final List<Snapshot> takenOver = new ArrayList<>();

    private final List<FakeStore> locals = new CopyOnWriteArrayList<>();
    FakeStore store = new FakeStore(storeDisk);
    volatile boolean pendingDown;
    volatile boolean copiesDown;
    volatile Supplier<Map<String, String>> config = () -> States.CONFIG;
    Duration retry = Duration.ofMillis(1);
    Duration closeTimeout = Duration.ofSeconds(20);
    boolean goesOver;
    Runnable whileGoingOver = () -> {};
    Spool spool;
    SnapshotKeeper keeper;

    Restore restore(boolean strict, boolean required) {
        spool = new Spool(
                new ReopeningSerializer(() -> switched(pendingDisk, () -> pendingDown)),
                new ReopeningSerializer(() -> switched(copiesDisk, () -> copiesDown)),
                true);
        return new Restore("ddb", store, spool, () -> new FakeStore(fsDisk), strict, required);
    }

    Restore restore() {
        return restore(false, false);
    }

    /** One life of a local serializer: it looks at the switch of the rig, and ends with the process. */
    private FakeStore switched(FakeStore.Disk disk, Supplier<Boolean> isDown) {
        FakeStore local = new FakeStore(disk);
        local.onSave = () -> {
            if (isDown.get()) {
                throw new StoreUnavailableException("No space left on device");
            }
        };
        locals.add(local);
        return local;
    }

    Restore.Found start() {
        return start(restore().latest());
    }

    Restore.Found start(Restore.Found found) {
        prepare(found.start());
        found.content().ifPresent(content -> state.set(content.state()));
        run();
        return found;
    }

    /** A keeper that does not run yet. */
    SnapshotKeeper prepare(StartPoint start) {
        if (spool == null) {
            restore();
        }
        keeper = new SnapshotKeeper(
                new KeeperOptions("ddb", "default", "this-host", retry, closeTimeout, goesOver),
                start,
                store,
                spool,
                state::get,
                () -> config.get(),
                clock);
        return keeper;
    }

    void run() {
        keeper.start(snapshot -> {
            takenOver.add(snapshot);
            whileGoingOver.run();
            state.set(SnapshotText.parse(snapshot.header().name(), snapshot.text())
                    .state());
            keeper.overtaken();
        });
    }

    CompletableFuture<Durability> change(String model) {
        keeper.begin();
        state.updateAndGet(now -> now.with(model, ModelState.of("1.0", States.version(model + ".mar", 1, 1))));
        return keeper.changed();
    }

    String attach(Snapshots.Take take) {
        return keeper.attach(take, Duration.ofSeconds(30));
    }

    Durability changed(String model) {
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

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("not completed", e);
        }
    }

    /** The process dies: nothing it has in hand reaches a disk any more. */
    void crash() {
        FakeStore before = store;
        before.gone = true;
        locals.forEach(local -> local.gone = true);
        locals.clear();
        keeper.close();
        store = new FakeStore(storeDisk);
        store.down = before.down;
        store.losesReplies = before.losesReplies;
    }

    /** An orderly end, and a store for the next start. */
    void stop() {
        keeper.close();
        store = new FakeStore(storeDisk);
    }

    @Override
    public void close() {
        store.hangs.countDown();
        if (keeper != null) {
            keeper.close();
        }
    }
}
