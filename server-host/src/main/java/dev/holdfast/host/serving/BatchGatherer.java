package dev.holdfast.host.serving;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the workers of a pool wait for their next batch. Only one of them gathers at a time, so that a batch never holds
 * requests that came after those of another. One that rests may be {@linkplain #lend lent} to a caller's thread.
 *
 * <p>Used under the pool's lock, which it lets go of while it waits.
 */
final class BatchGatherer {

    private static final Logger log = LoggerFactory.getLogger(BatchGatherer.class);

    /** A batch has room for so many requests before its list grows. */
    private static final int USUAL_BATCH = 16;

    /**
     * As long as some dozens of short runs take; a request that waits longer is queued, and holds no thread. Whoever runs already
     * may take a worker before one who waits: lending in turn was measured, and with 64 callers it took four tenths of the
     * requests a second, for a third less at the 99th percentile.
     */
    private static final long MOST_WAIT_NANOS = 50_000_000;

    private final RequestQueue queue;
    private final Deque<Worker> resting = new ArrayDeque<>();
    private final Condition rests;
    private final Condition batchGrew;
    private final Condition gathererLeft;
    private ServedVersion state;
    private boolean gathering;
    private boolean closed;

    BatchGatherer(ReentrantLock lock, RequestQueue queue, ServedVersion state) {
        this.queue = queue;
        this.rests = lock.newCondition();
        this.batchGrew = lock.newCondition();
        this.gathererLeft = lock.newCondition();
        this.state = state;
    }

    /** How large batches are, and how long they fill, from now on. */
    void use(ServedVersion wanted) {
        state = wanted;
    }

    /** No request will come any more: whoever finds none leaves. */
    void close() {
        closed = true;
        wakeAll();
    }

    /** The process of a worker is down: where it rests, it is not to be lent any more. */
    void wentDown(Worker worker) {
        if (resting.remove(worker)) {
            worker.call();
        }
    }

    void requestCame() {
        if (gathering) {
            batchGrew.signal();
        } else {
            callOne();
        }
    }

    private void callOne() {
        Worker worker = resting.poll();
        if (worker != null) {
            worker.call();
        }
    }

    /**
     * Lends a resting worker, in whose place the caller's thread runs a batch; to be given back. Waits a moment for one where
     * runs take the processor all the time: waking another thread costs more.
     *
     * @param waits false where a run waits for a process itself. Then a thread that goes from one run to the next is woken once
     *     in each, and one that waits for its turn twice
     * @return null if none rests
     */
    @Nullable
    Worker lend(boolean waits) {
        long nanos = waits ? MOST_WAIT_NANOS : 0;
        try {
            while (resting.isEmpty() && !closed && nanos > 0) {
                nanos = rests.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return queue.isEmpty() && !closed ? resting.poll() : null;
    }

    void giveBack(Worker worker) {
        if (worker.leaves() || worker.isDown() || closed || !queue.isEmpty()) {
            worker.call();
        } else {
            rest(worker);
        }
    }

    private void rest(Worker worker) {
        resting.push(worker);
        rests.signal();
    }

    /** Lets every worker look whether it is to leave. */
    void wakeAll() {
        resting.forEach(Worker::call);
        resting.clear();
        rests.signalAll();
        batchGrew.signalAll();
        gathererLeft.signalAll();
    }

    /**
     * Makes the head of the queue, and what comes while a batch fills, the worker's batch.
     *
     * @return false when the worker is to leave, or its process is down
     */
    boolean next(Worker worker) {
        while (!worker.leaves() && !worker.isDown()) {
            if (gathering) {
                gathererLeft.awaitUninterruptibly();
            } else if (!queue.isEmpty()) {
                gather(worker);
                if (!worker.batch().isEmpty()) {
                    return true;
                }
            } else if (closed) {
                return false;
            } else {
                rest(worker);
                worker.awaitCall();
            }
        }
        // The signal that woke this worker may have been meant for one that stays.
        callOne();
        return false;
    }

    private void gather(Worker worker) {
        int most = state.batchSize();
        List<PendingRequest> gathered = new ArrayList<>(Math.min(most, USUAL_BATCH));
        // From the start, so that a request whose time ends while the batch fills is seen by the timer.
        worker.gathers(gathered);
        if (most == 1) {
            take(gathered, 1);
            return;
        }
        long nanos = state.maxBatchDelay().toNanos();
        gathering = true;
        try {
            take(gathered, most);
            while (gathered.size() < most && nanos > 0 && !closed && !worker.leaves()) {
                nanos = batchGrew.awaitNanos(nanos);
                take(gathered, most);
            }
        } catch (InterruptedException e) {
            // What was gathered so far is the batch, as it has left the queue already.
            log.debug("Worker {} was interrupted while a batch filled", worker.id());
        } finally {
            gathering = false;
            gathererLeft.signalAll();
            if (!queue.isEmpty()) {
                callOne();
            }
        }
    }

    private void take(List<PendingRequest> gathered, int most) {
        gathered.removeIf(request -> request.answer().isDone());
        while (gathered.size() < most) {
            @Nullable PendingRequest request = queue.poll();
            if (request == null) {
                return;
            }
            gathered.add(request);
        }
    }
}
