package dev.holdfast.host.serving;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the changes; each must be begun once and ended once. */
final class RecordingChangeLog implements ChangeLog {

    final AtomicInteger begun = new AtomicInteger();
    final AtomicInteger abandoned = new AtomicInteger();
    final AtomicInteger changed = new AtomicInteger();

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
        changed.incrementAndGet();
        return CompletableFuture.completedFuture(Durability.NOT_KEPT);
    }

    int underWay() {
        return begun.get() - abandoned.get() - changed.get();
    }
}
