package dev.holdfast.host.serving;

import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers of one model version, and the one queue before them.
 *
 * <pre>
 *   request ─▶ [ queue, first in first out ] ─▶ worker: up to batchSize at once ─▶ model ─▶ answer
 *                     full: UNAVAILABLE            (waits maxBatchDelay for a batch to fill)
 * </pre>
 *
 * <p>A worker is a thread; all share one loaded model. One lock guards queue and workers. Only one worker gathers a batch
 * at a time, so that a batch never holds requests that came after those of another. Answers are given outside the lock,
 * because what hangs on them is not known here.
 */
final class WorkerPool {

    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

    private final String name;
    private final String model;
    private final String version;
    private final BatchRun run;
    private final int queueSize;
    private final Clock clock;
    private final IntSupplier workerIds;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition requestCame = lock.newCondition();
    private final Condition batchGrew = lock.newCondition();
    private final Condition gathererLeft = lock.newCondition();
    private final Condition workerLeft = lock.newCondition();

    // Guarded by the lock.
    private final Deque<PendingRequest> queue = new ArrayDeque<>();
    private final List<Worker> workers = new ArrayList<>();
    private int staying;
    private boolean gathering;
    private boolean closed;
    private final ResponseTimer timer = new ResponseTimer(this::failLate);
    private VersionState state;

    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /**
     * @param runs notes which runs are inside the model
     * @param workerIds gives every worker of the host a number of its own
     */
    WorkerPool(
            String model,
            String version,
            VersionState state,
            LoadedModel loaded,
            Runs runs,
            int queueSize,
            InferenceListener listener,
            Clock clock,
            IntSupplier workerIds) {
        this.name = name(model, version);
        this.model = model;
        this.version = version;
        this.state = state;
        this.run = new BatchRun(model, version, loaded, runs, listener);
        this.queueSize = queueSize;
        this.clock = clock;
        this.workerIds = workerIds;
    }

    /** A version in a message, in the words that TorchServe's clients know. */
    static String name(String model, String version) {
        return "Model \"" + model + "\" Version: " + version;
    }

    /**
     * Puts a request into the queue.
     *
     * @return the outputs, a {@link ServingException} or an {@link InvalidInputException}; empty if the pool was told to
     *     {@linkplain #drain drain}
     * @throws ServingException if there are no workers, or the queue is full
     */
    Optional<CompletableFuture<List<Tensor>>> submit(List<Tensor> inputs) {
        CompletableFuture<List<Tensor>> answer = new CompletableFuture<>();
        lock.lock();
        try {
            if (closed) {
                return Optional.empty();
            }
            if (staying == 0) {
                throw new ServingException(
                        Kind.UNAVAILABLE,
                        name
                                + " has no worker to serve inference request. Please use scale workers API to add workers.");
            }
            if (queue.size() >= queueSize) {
                dropAnswered();
            }
            if (queue.size() >= queueSize) {
                throw new ServingException(
                        Kind.UNAVAILABLE,
                        name + " has a full queue of " + queueSize
                                + " requests. Try again later, add workers, or set job_queue_size.");
            }
            queue.addLast(new PendingRequest(inputs, answer, System.nanoTime()));
            timer.watch(state.responseTimeout());
            (gathering ? batchGrew : requestCame).signal();
        } finally {
            lock.unlock();
        }
        return Optional.of(answer);
    }

    /** Takes those off the head of the queue that nobody waits for any more. */
    private void dropAnswered() {
        while (!queue.isEmpty() && queue.getFirst().answer().isDone()) {
            queue.removeFirst();
        }
    }

    /** Fails the requests whose time is over, waiting or running. */
    private void failLate() {
        List<PendingRequest> late;
        Duration timeout;
        lock.lock();
        try {
            timeout = state.responseTimeout();
            List<Iterable<PendingRequest>> open = new ArrayList<>();
            workers.forEach(worker -> open.add(worker.batch));
            open.add(queue);
            late = timer.late(open, timeout);
        } finally {
            lock.unlock();
        }
        if (late.isEmpty()) {
            return;
        }
        ServingException failure = new ServingException(
                Kind.TIMEOUT, name + " did not answer within its response_timeout of " + timeout.toSeconds() + " s.");
        late.forEach(request -> request.answer().completeExceptionally(failure));
    }

    /**
     * Goes to the number of workers that the state wants: up to its minimum, down to its maximum.
     *
     * @throws ServingException if a worker cannot be started; the number is as it was then
     */
    void scale(VersionState wanted) {
        List<PendingRequest> forsaken = List.of();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            int before = staying;
            try {
                while (staying < wanted.minWorkers()) {
                    start();
                }
            } catch (OutOfMemoryError e) {
                leaveDownTo(before);
                throw new ServingException(
                        Kind.INTERNAL,
                        name + " cannot have " + wanted.minWorkers() + " workers: " + OneLine.of(e)
                                + ". Ask for fewer, or raise the limit of threads.",
                        e);
            }
            state = wanted;
            leaveDownTo(wanted.maxWorkers());
            if (wanted.maxWorkers() == 0) {
                forsaken = takeAll();
            }
        } finally {
            lock.unlock();
        }
        fail(forsaken, "was scaled to no workers while the request waited");
    }

    private void start() {
        Worker worker = new Worker(workerIds.getAsInt());
        Thread thread = new Thread(worker, "worker-" + model + "-" + version + "-" + worker.id);
        thread.setDaemon(true);
        thread.start();
        // Counted only once it runs; it cannot look at the queue before this thread lets go of the lock.
        workers.add(worker);
        staying++;
    }

    private void leaveDownTo(int most) {
        for (int i = workers.size() - 1; i >= 0 && staying > most; i--) {
            if (!workers.get(i).leaving) {
                workers.get(i).leaving = true;
                staying--;
            }
        }
        wakeAll();
    }

    private void wakeAll() {
        requestCame.signalAll();
        batchGrew.signalAll();
        gathererLeft.signalAll();
    }

    private List<PendingRequest> takeAll() {
        List<PendingRequest> all = new ArrayList<>(queue);
        queue.clear();
        return all;
    }

    private void fail(List<PendingRequest> requests, String why) {
        if (!requests.isEmpty()) {
            ServingException failure = new ServingException(Kind.UNAVAILABLE, name + " " + why + ".");
            requests.forEach(request -> request.answer().completeExceptionally(failure));
        }
    }

    /**
     * Takes no more requests, and waits until those that it has are answered.
     *
     * @return false if some were still running after {@code timeout}; those that waited have failed then
     */
    boolean drain(Duration timeout) {
        long nanos = timeout.toNanos();
        boolean empty = false;
        List<PendingRequest> forsaken;
        lock.lock();
        try {
            closed = true;
            wakeAll();
            while (!workers.isEmpty() && nanos > 0) {
                nanos = workerLeft.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            empty = hasEnded();
            forsaken = takeAll();
            lock.unlock();
        }
        fail(forsaken, "was unregistered while the request waited");
        if (empty) {
            ended.complete(null);
        }
        return empty;
    }

    /** Completes when the pool was told to drain and its last worker has left: nobody is inside the model then. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    private boolean hasEnded() {
        if (!closed || !workers.isEmpty()) {
            return false;
        }
        timer.cancel();
        return true;
    }

    /** Waits until the workers that were told to leave have left, or the time is over. */
    void awaitScaled(Duration timeout) {
        long nanos = timeout.toNanos();
        lock.lock();
        try {
            while (workers.stream().anyMatch(worker -> worker.leaving) && nanos > 0) {
                nanos = workerLeft.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** The workers, the oldest first; those that are about to leave are among them. */
    List<VersionStatus.WorkerStatus> workers() {
        lock.lock();
        try {
            return workers.stream()
                    .map(worker -> new VersionStatus.WorkerStatus(worker.id, worker.startTime, worker.leaving))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    int pending() {
        lock.lock();
        try {
            dropAnswered();
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    int remainingCapacity() {
        return Math.max(0, queueSize - pending());
    }

    private final class Worker implements Runnable {

        private final int id;
        private final Instant startTime = clock.instant();

        // Guarded by the lock.
        private boolean leaving;
        private List<PendingRequest> batch = List.of();

        Worker(int id) {
            this.id = id;
        }

        @Override
        public void run() {
            try {
                for (List<PendingRequest> taken = next(); !taken.isEmpty(); taken = next()) {
                    run.run(taken);
                }
            } finally {
                leave();
            }
        }

        private void leave() {
            boolean last;
            lock.lock();
            try {
                if (!leaving) {
                    staying--;
                }
                workers.remove(this);
                workerLeft.signalAll();
                last = hasEnded();
            } finally {
                lock.unlock();
            }
            if (last) {
                ended.complete(null);
            }
        }

        /** The next batch; empty when this worker is to leave. */
        private List<PendingRequest> next() {
            // A model may have left the flag behind; nobody means a worker with it.
            Thread.interrupted();
            lock.lock();
            try {
                batch = List.of();
                while (true) {
                    if (leaving) {
                        // The signal that woke this worker may have been meant for one that stays.
                        requestCame.signal();
                        return List.of();
                    }
                    dropAnswered();
                    if (gathering) {
                        gathererLeft.awaitUninterruptibly();
                    } else if (!queue.isEmpty()) {
                        gather();
                        if (!batch.isEmpty()) {
                            return batch;
                        }
                    } else if (closed) {
                        return List.of();
                    } else {
                        requestCame.awaitUninterruptibly();
                    }
                }
            } finally {
                lock.unlock();
            }
        }

        /** Makes the head of the queue, and what comes while a batch fills, this worker's batch. */
        private void gather() {
            int most = state.batchSize();
            if (most == 1) {
                batch = List.of(queue.removeFirst());
                return;
            }
            List<PendingRequest> gathered = new ArrayList<>(Math.min(most, queue.size()));
            // From the start, so that a request whose time ends while the batch fills is seen by the timer.
            batch = gathered;
            long nanos = state.maxBatchDelay().toNanos();
            gathering = true;
            try {
                take(gathered, most);
                while (gathered.size() < most && nanos > 0 && !closed && !leaving) {
                    nanos = batchGrew.awaitNanos(nanos);
                    take(gathered, most);
                }
            } catch (InterruptedException e) {
                // What was gathered so far is the batch: it has left the queue and must be answered.
                log.debug("Worker {} of {} {} was interrupted while a batch filled", id, model, version);
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
            while (!queue.isEmpty() && gathered.size() < most) {
                PendingRequest request = queue.removeFirst();
                if (!request.answer().isDone()) {
                    gathered.add(request);
                }
            }
        }
    }
}
