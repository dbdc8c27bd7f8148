package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Predictor;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import org.jspecify.annotations.Nullable;

/**
 * One worker of a pool: a thread that takes batches until it is to leave. While it rests, a caller's thread may run a batch in
 * its place, which saves waking it. Some have a process of their own, which they start again when it has died.
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
    private final @Nullable KeptProcess process;

    private boolean resting;
    private boolean leaving;
    private boolean running;
    private List<PendingRequest> batch = List.of();
    /** When its run began, or gave a piece of an answer last. */
    private volatile long aliveNanos;

    private long toldToEndNanos;
    private boolean toldToEnd;
    private Optional<Instant> stuckSince = Optional.empty();

    /** A worker that is a thread of the host. */
    Worker(int id, Instant startTime, Crew crew, BatchRun batchRun, Predictor model, Condition called) {
        this(id, startTime, crew, batchRun, model, called, null);
    }

    /** A worker with a process of its own. */
    Worker(int id, Instant startTime, Crew crew, BatchRun batchRun, Condition called, KeptProcess process) {
        this(id, startTime, crew, batchRun, process.process(), called, process);
    }

    private Worker(
            int id,
            Instant startTime,
            Crew crew,
            BatchRun batchRun,
            Predictor model,
            Condition called,
            @Nullable KeptProcess process) {
        this.id = id;
        this.startTime = startTime;
        this.crew = crew;
        this.run = new EndableRun(model);
        this.process = process;
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
            if (process != null) {
                Closing.quietly("the process of worker " + id, process::close);
            }
            crew.left(this);
        }
    }

    /** Whether its process is none that answers, and is to be started; with or without the lock. */
    boolean isDown() {
        return process != null && !process.isUp();
    }

    /** Starts what is down, without the lock; false when the worker is to leave. */
    boolean restore() {
        return process == null || process.awaitUp();
    }

    Optional<KeptProcess> process() {
        return Optional.ofNullable(process);
    }

    /** Runs the batch, without the lock. */
    void runBatch() {
        batchRun.run(run, batch, this::isAlive);
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
        aliveNanos = System.nanoTime();
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
        if (process != null) {
            process.leave();
        }
    }

    private void isAlive() {
        aliveNanos = System.nanoTime();
    }

    /** When its run began, or gave a piece of an answer last. */
    long aliveNanos() {
        return aliveNanos;
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
        return new VersionStatus.WorkerStatus(
                id, startTime, leaving, stuckSince, process().map(KeptProcess::status));
    }
}
