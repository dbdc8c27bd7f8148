package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
 * at a time, so that a batch never holds requests that came after those of another.
 */
final class WorkerPool {

    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);
    private static final AtomicInteger NEXT_ID = new AtomicInteger(9000);

    private final String model;
    private final String version;
    private final LoadedModel loaded;
    private final int queueSize;
    private final InferenceListener listener;
    private final Clock clock;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition requestCame = lock.newCondition();
    private final Condition batchGrew = lock.newCondition();
    private final Condition gathererLeft = lock.newCondition();
    private final Condition workerLeft = lock.newCondition();
    private final Deque<PendingRequest> queue = new ArrayDeque<>();
    private final List<Worker> workers = new ArrayList<>();
    private int staying;
    private boolean gathering;
    private boolean closed;
    private volatile VersionState state;

    WorkerPool(
            String model,
            String version,
            VersionState state,
            LoadedModel loaded,
            int queueSize,
            InferenceListener listener,
            Clock clock) {
        this.model = model;
        this.version = version;
        this.state = state;
        this.loaded = loaded;
        this.queueSize = queueSize;
        this.listener = listener;
        this.clock = clock;
    }

    /**
     * Puts a request into the queue.
     *
     * @return the outputs; a {@link ServingException} or {@link InvalidInputException} if it fails
     * @throws ServingException if there are no workers, or the queue is full
     */
    CompletableFuture<List<Tensor>> submit(List<Tensor> inputs) {
        CompletableFuture<List<Tensor>> answer = new CompletableFuture<>();
        Duration timeout = state.responseTimeout();
        lock.lock();
        try {
            if (closed || staying == 0) {
                throw new ServingException(
                        Kind.UNAVAILABLE,
                        "Model \"" + model + "\" Version: " + version
                                + " has no worker to serve inference request. Please use scale workers API to add workers.");
            }
            if (queue.size() >= queueSize) {
                throw new ServingException(
                        Kind.UNAVAILABLE,
                        "Model \"" + model + "\" Version: " + version + " has a full queue of " + queueSize
                                + " requests. Try again later, add workers, or set job_queue_size.");
            }
            queue.addLast(new PendingRequest(inputs, answer, System.nanoTime()));
            (gathering ? batchGrew : requestCame).signal();
        } finally {
            lock.unlock();
        }
        return answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS).exceptionallyCompose(failure -> {
            if (failure instanceof TimeoutException) {
                return CompletableFuture.failedFuture(new ServingException(
                        Kind.TIMEOUT,
                        "Model \"" + model + "\" Version: " + version
                                + " did not answer within its response_timeout of " + timeout.toSeconds() + " s."));
            }
            return CompletableFuture.failedFuture(failure);
        });
    }

    /** Goes to the number of workers that the state wants: up to its minimum, down to its maximum. */
    void scale(VersionState wanted) {
        lock.lock();
        try {
            state = wanted;
            for (int i = workers.size() - 1; i >= 0 && staying > wanted.maxWorkers(); i--) {
                if (!workers.get(i).leaving) {
                    workers.get(i).leaving = true;
                    staying--;
                }
            }
            while (staying < wanted.minWorkers()) {
                start();
            }
            wakeAll();
            if (wanted.maxWorkers() == 0) {
                failQueue("was scaled to no workers while the request waited");
            }
        } finally {
            lock.unlock();
        }
    }

    private void start() {
        Worker worker = new Worker(NEXT_ID.getAndIncrement());
        workers.add(worker);
        staying++;
        Thread thread = new Thread(worker, "worker-" + model + "-" + version + "-" + worker.id);
        thread.setDaemon(true);
        thread.start();
    }

    private void wakeAll() {
        requestCame.signalAll();
        batchGrew.signalAll();
        gathererLeft.signalAll();
    }

    private void failQueue(String why) {
        while (!queue.isEmpty()) {
            queue.removeFirst()
                    .answer()
                    .completeExceptionally(new ServingException(
                            Kind.UNAVAILABLE, "Model \"" + model + "\" Version: " + version + " " + why + "."));
        }
    }

    /**
     * Takes no more requests, and waits until those that it has are answered.
     *
     * @return false if some were still running after {@code timeout}; those that waited have failed then
     */
    boolean drain(Duration timeout) {
        long nanos = timeout.toNanos();
        lock.lock();
        try {
            closed = true;
            wakeAll();
            while (!workers.isEmpty() && nanos > 0) {
                nanos = workerLeft.awaitNanos(nanos);
            }
            failQueue("was unregistered while the request waited");
            return workers.isEmpty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
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

    List<VersionStatus.WorkerStatus> workers() {
        lock.lock();
        try {
            return workers.stream()
                    .sorted(Comparator.comparingInt(worker -> worker.id))
                    .map(worker -> new VersionStatus.WorkerStatus(worker.id, worker.startTime, worker.leaving))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    int pending() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    int remainingCapacity() {
        return Math.max(0, queueSize - pending());
    }

    private void run(List<PendingRequest> batch) {
        long started = System.nanoTime();
        try {
            List<List<Tensor>> outputs =
                    loaded.predict(batch.stream().map(PendingRequest::inputs).toList());
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).answer().complete(outputs.get(i));
            }
        } catch (InvalidInputException e) {
            if (batch.size() == 1) {
                batch.get(0).answer().completeExceptionally(e);
            } else {
                // The engine does not say whose input it refused: each one answers for itself.
                batch.forEach(request -> run(List.of(request)));
                return;
            }
        } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
            log.warn("Model {} version {} failed to predict: {}", model, version, e.toString());
            log.debug("Model {} version {} failed to predict", model, version, e);
            ServingException failure = new ServingException(
                    Kind.INTERNAL,
                    "Model \"" + model + "\" Version: " + version + " failed to predict: " + e.getMessage(),
                    e);
            batch.forEach(request -> request.answer().completeExceptionally(failure));
        }
        long ended = System.nanoTime();
        batch.forEach(request -> listener.predicted(model, version, started - request.arrivedNanos(), ended - started));
    }

    private final class Worker implements Runnable {

        private final int id;
        private final Instant startTime = clock.instant();
        private boolean leaving;

        Worker(int id) {
            this.id = id;
        }

        @Override
        public void run() {
            try {
                for (List<PendingRequest> batch = next(); !batch.isEmpty(); batch = next()) {
                    WorkerPool.this.run(batch);
                }
            } catch (InterruptedException e) {
                log.debug("Worker {} of {} {} was interrupted", id, model, version);
            } finally {
                lock.lock();
                try {
                    workers.remove(this);
                    workerLeft.signalAll();
                } finally {
                    lock.unlock();
                }
            }
        }

        /** The next batch; empty when this worker is to leave. */
        private List<PendingRequest> next() throws InterruptedException {
            lock.lockInterruptibly();
            try {
                while (true) {
                    if (leaving) {
                        // The signal that woke this worker may have been meant for one that stays.
                        requestCame.signal();
                        return List.of();
                    }
                    if (gathering) {
                        gathererLeft.await();
                    } else if (!queue.isEmpty()) {
                        List<PendingRequest> batch = gather();
                        if (!batch.isEmpty()) {
                            return batch;
                        }
                    } else if (closed) {
                        return List.of();
                    } else {
                        requestCame.await();
                    }
                }
            } finally {
                lock.unlock();
            }
        }

        /** Takes a batch from the queue, without those that nobody waits for any more; empty if there are only such. */
        private List<PendingRequest> gather() throws InterruptedException {
            VersionState now = state;
            List<PendingRequest> batch = new ArrayList<>(Math.min(now.batchSize(), queue.size()));
            long nanos = now.maxBatchDelay().toNanos();
            gathering = true;
            try {
                take(batch, now.batchSize());
                while (batch.size() < now.batchSize() && nanos > 0 && !closed && !leaving) {
                    nanos = batchGrew.awaitNanos(nanos);
                    take(batch, now.batchSize());
                }
                return batch;
            } finally {
                gathering = false;
                gathererLeft.signalAll();
                if (!queue.isEmpty()) {
                    requestCame.signal();
                }
            }
        }

        private void take(List<PendingRequest> batch, int most) {
            while (!queue.isEmpty() && batch.size() < most) {
                PendingRequest request = queue.removeFirst();
                if (!request.answer().isDone()) {
                    batch.add(request);
                }
            }
        }
    }
}
