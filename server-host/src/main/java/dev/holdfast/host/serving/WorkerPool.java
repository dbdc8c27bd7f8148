package dev.holdfast.host.serving;

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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
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
 *
 * <p>One timer at a time watches the oldest request that is open, and none while nothing is: every request of a pool has
 * the same time, so that a timer for each would buy nothing, and the JDK's timers all meet at one lock.
 */
final class WorkerPool {

    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

    private final String name;
    private final String model;
    private final String version;
    private final LoadedModel loaded;
    private final int queueSize;
    private final InferenceListener listener;
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
    private @Nullable CompletableFuture<Void> timer;
    private VersionState state;

    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** @param workerIds gives every worker of the host a number of its own */
    WorkerPool(
            String model,
            String version,
            VersionState state,
            LoadedModel loaded,
            int queueSize,
            InferenceListener listener,
            Clock clock,
            IntSupplier workerIds) {
        this.name = "Model \"" + model + "\" Version: " + version;
        this.model = model;
        this.version = version;
        this.state = state;
        this.loaded = loaded;
        this.queueSize = queueSize;
        this.listener = listener;
        this.clock = clock;
        this.workerIds = workerIds;
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
            if (timer == null) {
                startTimer(state.responseTimeout().toNanos());
            }
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

    private void startTimer(long nanos) {
        CompletableFuture<Void> started =
                new CompletableFuture<Void>().completeOnTimeout(null, Math.max(1, nanos), TimeUnit.NANOSECONDS);
        timer = started;
        started.thenRunAsync(this::failLate);
    }

    /** Fails the requests whose time is over, waiting or running, and sets the timer to the oldest of the others. */
    private void failLate() {
        List<PendingRequest> late = new ArrayList<>();
        Duration timeout;
        lock.lock();
        try {
            timer = null;
            timeout = state.responseTimeout();
            long latestArrival = System.nanoTime() - timeout.toNanos();
            long toNext = Long.MAX_VALUE;
            for (Worker worker : workers) {
                for (PendingRequest request : worker.batch) {
                    toNext = Math.min(toNext, sort(request, latestArrival, late));
                }
            }
            // All of the queue, not its head alone: a request may be answered already while those behind it are open.
            for (PendingRequest request : queue) {
                toNext = Math.min(toNext, sort(request, latestArrival, late));
            }
            if (toNext != Long.MAX_VALUE) {
                startTimer(toNext);
            }
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

    /** Puts an open request that is late to the others; of one that is not, says how long it has. */
    private static long sort(PendingRequest request, long latestArrival, List<PendingRequest> late) {
        if (request.answer().isDone()) {
            return Long.MAX_VALUE;
        }
        long left = request.arrivedNanos() - latestArrival;
        if (left <= 0) {
            late.add(request);
            return Long.MAX_VALUE;
        }
        return left;
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
        if (timer != null) {
            timer.cancel(false);
        }
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

    private void run(List<PendingRequest> batch) {
        long started = System.nanoTime();
        List<List<Tensor>> outputs;
        try {
            outputs = predict(batch);
        } catch (InvalidInputException e) {
            if (batch.size() > 1) {
                // The engine does not say whose input it refused: each one answers for itself.
                batch.stream().filter(request -> !request.answer().isDone()).forEach(request -> run(List.of(request)));
                return;
            }
            tellListener(batch, started);
            batch.get(0).answer().completeExceptionally(e);
            return;
        } catch (Throwable e) {
            // Whatever it is, the requests get an answer and the worker lives on: nobody would start another one.
            String reason = OneLine.of(e);
            log.warn("Model {} version {} failed to predict: {}", model, version, reason);
            log.debug("Model {} version {} failed to predict", model, version, e);
            tellListener(batch, started);
            ServingException failure = new ServingException(Kind.INTERNAL, name + " failed to predict: " + reason, e);
            batch.forEach(request -> request.answer().completeExceptionally(failure));
            return;
        }
        tellListener(batch, started);
        for (int i = 0; i < batch.size(); i++) {
            batch.get(i).answer().complete(outputs.get(i));
        }
    }

    private List<List<Tensor>> predict(List<PendingRequest> batch) {
        List<List<Tensor>> inputs = new ArrayList<>(batch.size());
        for (int i = 0; i < batch.size(); i++) {
            inputs.add(batch.get(i).inputs());
        }
        List<List<Tensor>> outputs = loaded.predict(inputs);
        if (outputs.size() != batch.size()) {
            throw new IllegalStateException(
                    "the model gave " + outputs.size() + " answers to " + batch.size() + " requests");
        }
        return outputs;
    }

    /** Before the answers, so that whoever has an answer finds it counted. */
    private void tellListener(List<PendingRequest> batch, long started) {
        long inference = System.nanoTime() - started;
        try {
            for (int i = 0; i < batch.size(); i++) {
                listener.predicted(model, version, started - batch.get(i).arrivedNanos(), inference);
            }
        } catch (RuntimeException | Error e) {
            log.warn("A prediction of model {} version {} was not counted: {}", model, version, OneLine.of(e));
        }
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
                    WorkerPool.this.run(taken);
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
