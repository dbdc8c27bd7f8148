package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.text.OneLine;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the process of one worker running.
 *
 * <pre>
 *   starts ─▶ up ─▶ died ─▶ waits 1, 1, 2, 3, 5 … 55 s ─▶ starts …
 *     └─────────── cannot be started ──▶┘  until 300 s after the first failure: given up
 * </pre>
 *
 * <p>After a good start the waits begin anew. Only the worker's thread waits here; any thread may tell it to leave.
 */
final class KeptProcess {

    private static final Logger log = LoggerFactory.getLogger(KeptProcess.class);

    /**
     * How long the waits between starts are.
     *
     * @param waits one after the other; the last one again and again
     * @param window how long after the first failure starts are tried
     */
    record Patience(List<Duration> waits, Duration window) {

        /** TorchServe's. */
        static final Patience USUAL = new Patience(
                Stream.of(1, 1, 2, 3, 5, 8, 13, 21, 34, 55)
                        .map(Duration::ofSeconds)
                        .toList(),
                Duration.ofMinutes(5));

        /** The same waits, for another time in all. */
        Patience within(Duration time) {
            return new Patience(waits, time);
        }
    }

    /** What a worker's process is doing. */
    enum State {
        STARTING,
        READY,
        RETRYING
    }

    private final String name;
    private final ModelProcess process;
    private final Patience patience;
    private final Consumer<Duration> up;
    private final CompletableFuture<Void> firstStart = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition told = lock.newCondition();

    // Guarded by the lock.
    private State state = State.STARTING;
    private boolean leaving;
    private Optional<String> failure = Optional.empty();
    private Duration loadTime = Duration.ZERO;

    // Of the worker's thread alone.
    private int failures;
    private long firstFailureNanos;

    /**
     * @param name of the worker, for the log
     * @param up told how long a start took, each time that the process is up
     */
    KeptProcess(String name, ModelProcess process, Patience patience, Consumer<Duration> up) {
        this.name = name;
        this.up = up;
        this.process = process;
        this.patience = patience;
    }

    ModelProcess process() {
        return process;
    }

    boolean isUp() {
        return process.isUp();
    }

    /** How the first start ended; a failed one with its {@link ProcessStartException}. */
    CompletableFuture<Void> firstStart() {
        return firstStart;
    }

    /**
     * Waits until the process is up, and starts it where it is not.
     *
     * @return false when the worker is to leave: it was told to, or the process is given up
     */
    boolean awaitUp() {
        while (!process.isUp()) {
            if (firstStart.isDone() && !firstStart.isCompletedExceptionally() && failures == 0) {
                failed("died: " + process.ending());
            }
            if (!awaitTurn()) {
                firstStart.completeExceptionally(new ProcessStartException("The worker was told to leave", false));
                return false;
            }
            try {
                long begun = System.nanoTime();
                process.start();
                started(Duration.ofNanos(System.nanoTime() - begun));
            } catch (ProcessStartException e) {
                if (!isLeaving()) {
                    failed("cannot be started: " + OneLine.of(e));
                }
                firstStart.completeExceptionally(e);
            }
        }
        return true;
    }

    private void started(Duration took) {
        if (failures > 0) {
            log.info("{} is up again, as process {}", name, process.status().pid());
        }
        failures = 0;
        lock.lock();
        try {
            state = State.READY;
            loadTime = took;
            failure = Optional.empty();
        } finally {
            lock.unlock();
        }
        up.accept(took);
        firstStart.complete(null);
    }

    private void failed(String how) {
        if (failures == 0) {
            firstFailureNanos = System.nanoTime();
        }
        failures++;
        lock.lock();
        try {
            state = State.RETRYING;
            failure = Optional.of(how);
        } finally {
            lock.unlock();
        }
        if (isOver()) {
            log.error(
                    "{} {}. It is given up, {} s after its first failure; POST /models/MODEL/retry brings another one",
                    name,
                    how,
                    patience.window().toSeconds());
        } else {
            log.warn("{} {}. It is started again in {} s", name, how, nextWait().toSeconds());
        }
    }

    private boolean isOver() {
        return System.nanoTime() - firstFailureNanos > patience.window().toNanos();
    }

    private Duration nextWait() {
        return patience.waits().get(Math.min(failures, patience.waits().size()) - 1);
    }

    /** Waits for the time of the next start; false if there is to be none. */
    private boolean awaitTurn() {
        long nanos = failures == 0 ? 0 : nextWait().toNanos();
        boolean over = failures > 0 && isOver();
        lock.lock();
        try {
            while (!leaving && !over && nanos > 0) {
                nanos = told.awaitNanos(nanos);
            }
            if (!leaving && !over) {
                state = failures == 0 ? State.STARTING : State.RETRYING;
            }
            return !leaving && !over;
        } catch (InterruptedException e) {
            // Nobody interrupts a worker but a model that leaves the flag behind.
            return !leaving && !over;
        } finally {
            lock.unlock();
        }
    }

    private boolean isLeaving() {
        lock.lock();
        try {
            return leaving;
        } finally {
            lock.unlock();
        }
    }

    /** The worker is to leave: a process that is up may end its batch, one that is not is waited for no longer. */
    void leave() {
        lock.lock();
        try {
            leaving = true;
            told.signalAll();
        } finally {
            lock.unlock();
        }
        if (!process.isUp()) {
            process.kill();
        }
    }

    /** Ends the process; on the worker's thread. */
    void close() {
        process.close();
    }

    VersionStatus.WorkerProcess status() {
        lock.lock();
        try {
            return new VersionStatus.WorkerProcess(
                    state == State.READY && !process.isUp() ? State.RETRYING.name() : state.name(),
                    process.status(),
                    failure,
                    loadTime);
        } finally {
            lock.unlock();
        }
    }

    /** @return whether the start that comes, or is under way, is the first one */
    boolean isStarting() {
        return !firstStart.isDone();
    }
}
