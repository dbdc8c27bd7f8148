package dev.holdfast.host.serving;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one timer of a pool, which watches the oldest request that is open, and runs only while one is: the requests of a
 * pool have the same time, so that a timer for each would buy nothing, and the JDK's timers all meet at one lock.
 *
 * <p>Used under the pool's lock, all of it.
 */
final class ResponseTimer {

    private final Runnable ring;
    private @Nullable CompletableFuture<Void> running;
    private long ringsAtNanos;

    /** @param ring called when something may be late, on a thread of the common pool that holds no lock */
    ResponseTimer(Runnable ring) {
        this.ring = ring;
    }

    /** Rings when this time is over, or before; does nothing where it rings earlier anyway. */
    void watch(long nanos) {
        long at = System.nanoTime() + nanos;
        if (running != null && ringsAtNanos - at <= 0) {
            return;
        }
        cancel();
        CompletableFuture<Void> started =
                new CompletableFuture<Void>().completeOnTimeout(null, Math.max(1, nanos), TimeUnit.NANOSECONDS);
        running = started;
        ringsAtNanos = at;
        started.thenRunAsync(ring);
    }

    /**
     * Requests that are not known to be answered.
     *
     * @param sinceNanos from when their time counts; empty for their arrival
     * @param timeout how much time they have
     */
    record Open(Iterable<PendingRequest> requests, OptionalLong sinceNanos, Duration timeout) {}

    /**
     * After it rang: finds the requests whose time is over, and goes on with the oldest of the others.
     *
     * @param open all that are not known to be answered; one may be answered while those behind it are open
     */
    List<PendingRequest> late(List<Open> open) {
        List<PendingRequest> late = new ArrayList<>();
        long now = System.nanoTime();
        long toNext = Long.MAX_VALUE;
        for (Open some : open) {
            long latest = now - some.timeout().toNanos();
            for (PendingRequest request : some.requests()) {
                if (request.answer().isDone()) {
                    continue;
                }
                long left = some.sinceNanos().orElse(request.arrivedNanos()) - latest;
                if (left <= 0) {
                    late.add(request);
                } else {
                    toNext = Math.min(toNext, left);
                }
            }
        }
        running = null;
        if (toNext != Long.MAX_VALUE) {
            watch(toNext);
        }
        return late;
    }

    void cancel() {
        if (running != null) {
            running.cancel(false);
            running = null;
        }
    }
}
