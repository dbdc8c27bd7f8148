package dev.holdfast.host.serving;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the workers of a pool wait for their next batch. Only one of them gathers at a time, so that a batch never holds
 * requests that came after those of another.
 *
 * <p>Used under the pool's lock, which it lets go of while it waits.
 */
final class BatchGatherer {

    private static final Logger log = LoggerFactory.getLogger(BatchGatherer.class);

    /** A batch has room for so many requests before its list grows. */
    private static final int USUAL_BATCH = 16;

    private final RequestQueue queue;
    private final Condition requestCame;
    private final Condition batchGrew;
    private final Condition gathererLeft;
    private VersionState state;
    private boolean gathering;
    private boolean closed;

    BatchGatherer(ReentrantLock lock, RequestQueue queue, VersionState state) {
        this.queue = queue;
        this.requestCame = lock.newCondition();
        this.batchGrew = lock.newCondition();
        this.gathererLeft = lock.newCondition();
        this.state = state;
    }

    /** How large batches are, and how long they fill, from now on. */
    void use(VersionState wanted) {
        state = wanted;
    }

    /** No request will come any more: whoever finds none leaves. */
    void close() {
        closed = true;
        wakeAll();
    }

    void requestCame() {
        (gathering ? batchGrew : requestCame).signal();
    }

    /** Lets every worker look whether it is to leave. */
    void wakeAll() {
        requestCame.signalAll();
        batchGrew.signalAll();
        gathererLeft.signalAll();
    }

    /**
     * Makes the head of the queue, and what comes while a batch fills, the worker's batch.
     *
     * @return false when the worker is to leave
     */
    boolean next(Worker worker) {
        while (!worker.leaves()) {
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
                requestCame.awaitUninterruptibly();
            }
        }
        // The signal that woke this worker may have been meant for one that stays.
        requestCame.signal();
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
            // What was gathered so far is the batch: it has left the queue and must be answered.
            log.debug("Worker {} was interrupted while a batch filled", worker.id());
        } finally {
            gathering = false;
            gathererLeft.signalAll();
            if (!queue.isEmpty()) {
                requestCame.signal();
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
