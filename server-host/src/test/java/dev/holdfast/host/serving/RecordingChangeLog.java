package dev.holdfast.host.serving;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the changes; each must be begun once and ended once. */
final class RecordingChangeLog implements ChangeLog {

    final AtomicInteger begun = new AtomicInteger();
    final AtomicInteger abandoned = new AtomicInteger();
    /** What changes get; to be completed later by a test that sets its own. */
    volatile CompletableFuture<Durability> durability = CompletableFuture.completedFuture(Durability.NOT_KEPT);

    /** The models whose learning was told as a change, in order. */
    final List<String> learned = new CopyOnWriteArrayList<>();

    final AtomicInteger changed = new AtomicInteger();
    final AtomicInteger overtaken = new AtomicInteger();
    /** Runs before a change is told to the log. */
    volatile Runnable onChanged = () -> {};

    @Override
    public void begin() {
        begun.incrementAndGet();
    }

    @Override
    public void abandoned() {
        abandoned.incrementAndGet();
    }

    @Override
    public CompletableFuture<Durability> changed() {
        onChanged.run();
        changed.incrementAndGet();
        return durability;
    }

    @Override
    public CompletableFuture<Durability> learned(String model) {
        learned.add(model);
        return changed();
    }

    @Override
    public void overtaken() {
        overtaken.incrementAndGet();
    }

    int underWay() {
        return begun.get() - abandoned.get() - changed.get();
    }
}
