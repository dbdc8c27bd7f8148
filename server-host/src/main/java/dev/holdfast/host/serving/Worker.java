package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.LoadedModel;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;

/**
 * One worker of a pool: a thread that takes batches until it is to leave. While it rests, a caller's thread may run a batch in
 * its place, which saves waking it.
 *
 * <pre>
 *   gathers ─▶ runs ─▶ gathers …          told to end, and did not within the grace:
 *                │                        given up, it leaves when the run ends at last
 *                └─ late, or nobody waits ─▶ told to end
 * </pre>
 *
 * <p>What changes of it is guarded by the pool's lock.
 */
final class Worker implements Runnable {

    /** The pool, as a worker sees it; both methods take the pool's lock. */
    interface Crew {

        /** Waits for the worker's next batch; false when it is to leave. */
        boolean next(Worker worker);

        /** The worker's thread ends. */
        void left(Worker worker);
    }

    private final int id;
    private final Instant startTime;
    private final Crew crew;
    private final BatchRun batchRun;
    private final EndableRun run;
    private final Condition called;

    private boolean resting;
    private boolean leaving;
    private boolean running;
    private List<PendingRequest> batch = List.of();
    private long toldToEndNanos;
    private boolean toldToEnd;
    private Optional<Instant> stuckSince = Optional.empty();

    Worker(int id, Instant startTime, Crew crew, BatchRun batchRun, LoadedModel loaded, Condition called) {
        this.id = id;
        this.startTime = startTime;
        this.crew = crew;
        this.run = new EndableRun(loaded);
        this.batchRun = batchRun;
        this.called = called;
    }

    @Override
    public void run() {
        try {
            while (crew.next(this)) {
                runBatch();
            }
        } finally {
            crew.left(this);
        }
    }

    /** Runs the batch, without the lock. */
    void runBatch() {
        batchRun.run(run, batch);
    }

    /** Waits until it is called, on its own thread. */
    void awaitCall() {
        resting = true;
        while (resting) {
            called.awaitUninterruptibly();
        }
    }

    void call() {
        resting = false;
        called.signal();
    }

    int id() {
        return id;
    }

    /** What is being gathered, or runs. */
    List<PendingRequest> batch() {
        return batch;
    }

    /** The requests of the batch that have no answer yet. */
    List<PendingRequest> unanswered() {
        return batch.stream().filter(request -> !request.answer().isDone()).toList();
    }

    void gathers(List<PendingRequest> gathered) {
        batch = gathered;
    }

    /** The batch is whole; its run begins when the lock is let go of. */
    void runs() {
        running = true;
        run.begin();
    }

    /** The last batch is over. */
    void rests() {
        running = false;
        toldToEnd = false;
        batch = List.of();
    }

    void leave() {
        leaving = true;
    }

    boolean isLeaving() {
        return leaving;
    }

    /** Whether it takes no more batches. */
    boolean leaves() {
        return leaving || isStuck();
    }

    boolean isRunning() {
        return running;
    }

    /** Whether it is in the model, rather than about to give answers. */
    boolean isInside() {
        return run.isInside();
    }

    /** Tells the run to end; a second time does nothing. */
    void end() {
        if (running && !toldToEnd) {
            toldToEnd = true;
            toldToEndNanos = System.nanoTime();
            run.end();
        }
    }

    /** How long ago the run was told to end; empty if it was not, or is given up already. */
    Optional<Long> nanosSinceToldToEnd() {
        return toldToEnd && !isStuck() ? Optional.of(System.nanoTime() - toldToEndNanos) : Optional.empty();
    }

    void giveUp(Instant now) {
        stuckSince = Optional.of(now);
    }

    boolean isStuck() {
        return stuckSince.isPresent();
    }

    VersionStatus.WorkerStatus status() {
        return new VersionStatus.WorkerStatus(id, startTime, leaving, stuckSince);
    }
}
