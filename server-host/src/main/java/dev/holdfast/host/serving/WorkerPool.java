package dev.holdfast.host.serving;

import dev.holdfast.host.archive.ModelConfig;
import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.ProcessModel;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessTerms;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import dev.holdfast.host.text.OneLine;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
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
 * <p>A worker is a thread; all share one loaded model. One lock guards queue and workers. Answers are given outside the lock,
 * because what hangs on them is not known here.
 *
 * <p>A run that is late, or that nobody waits for any more, is told to end. Those of its batch whose time is not over go back
 * to the head of the queue. A run that does not obey in time is stuck: its worker is given up and another one takes
 * its place at once. Nothing here waits for stuck runs but {@link #ended}, because the model must not be closed under them.
 *
 * <p>Where each worker has a process ({@link ProcessModel}), ending a run costs that process. So the time of a request counts
 * anew when its run begins and with each piece of an answer, a run goes on for that time though its caller has gone, and what is
 * late is a failure of the model's.
 */
final class WorkerPool implements Worker.Crew {

    private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

    /** How long a run that was told to end may take to do so; less where requests have less time themselves. */
    private static final Duration MOST_GRACE = Duration.ofSeconds(1);

    private final String name;
    private final String model;
    private final String version;
    private final LoadedModel loaded;
    private final BatchRun batchRun;
    private final InferenceListener listener;
    private final int maxStuckWorkers;
    private final Set<StuckRun> stuckRuns;
    private final Semaphore callersThreads;
    private final Clock clock;
    private final IntSupplier workerIds;
    private final KeptProcess.Patience patience;
    private final Optional<Duration> clientTimeout;
    private final MemoryAdmission memory;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition workerLeft = lock.newCondition();

    // Guarded by the lock.
    private final RequestQueue queue;
    private final BatchGatherer gatherer;
    private final List<Worker> workers = new ArrayList<>();
    private final List<Worker> stuck = new ArrayList<>();
    private final ResponseTimer timer = new ResponseTimer(this::timeIsOver);
    private ServedVersion state;
    private int staying;
    private boolean closed;
    private boolean abandoned;

    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /**
     * @param runs notes which runs are inside the model
     * @param queueSize how many requests may wait, where the archive does not say
     * @param maxStuckWorkers with more stuck runs than this the pool takes no more requests
     * @param stuckRuns all of the host's, safe for several threads; the pool's are added and, when they end, removed
     * @param callersThreads how many threads of callers may be inside models
     * @param workerIds gives every worker of the host a number of its own
     * @param config what the archive says of its workers and its queue
     * @param memory whether there is room for the processes of workers
     */
    WorkerPool(
            String model,
            String version,
            ServedVersion state,
            LoadedModel loaded,
            Runs runs,
            int queueSize,
            int maxStuckWorkers,
            Set<StuckRun> stuckRuns,
            Semaphore callersThreads,
            InferenceListener listener,
            Clock clock,
            IntSupplier workerIds,
            ModelConfig config,
            MemoryAdmission memory) {
        this.memory = memory;
        this.name = ServingException.nameOf(model, version);
        this.model = model;
        this.version = version;
        this.state = state;
        this.loaded = loaded;
        this.batchRun = new BatchRun(model, version, loaded, runs, listener);
        this.listener = listener;
        this.maxStuckWorkers = maxStuckWorkers;
        this.stuckRuns = stuckRuns;
        this.callersThreads = callersThreads;
        this.clock = clock;
        this.workerIds = workerIds;
        this.patience =
                config.retryTimeout().map(KeptProcess.Patience.USUAL::within).orElse(KeptProcess.Patience.USUAL);
        this.clientTimeout = config.clientTimeout();
        this.queue = new RequestQueue(config.jobQueueSize().orElse(queueSize));
        this.gatherer = new BatchGatherer(lock, queue, state);
    }

    /**
     * Puts a request into the queue.
     *
     * @return the outputs, a {@link ServingException} or an {@link InvalidInputException}; to be cancelled when nobody waits
     *     for it any more. Empty if the pool was told to {@linkplain #drain drain}
     * @throws ServingException if there are no workers, too many stuck ones, or the queue is full
     */
    Optional<CompletableFuture<List<Tensor>>> submit(List<Tensor> inputs) {
        PendingRequest request = request(inputs, Optional.empty());
        return accept(request, false).map(accepted -> request.answer());
    }

    /**
     * Puts a request into the queue; or runs it on this thread, in the place of a worker that rests, while the model's runs are
     * short. Waking a worker and coming back for its answer costs a third of the processor time of such a request.
     *
     * @param pieces takes what comes before the end of the answer, never waits; empty where the answer is wanted whole
     * @param watcher given the answer before the model is asked
     * @return as {@link #submit(List)}
     * @throws ServingException as {@link #submit(List)}
     */
    Optional<CompletableFuture<List<Tensor>>> submit(
            List<Tensor> inputs,
            Optional<Consumer<List<Tensor>>> pieces,
            Consumer<CompletableFuture<List<Tensor>>> watcher) {
        PendingRequest request = request(inputs, pieces);
        boolean mayHelp = batchRun.isShort() && callersThreads.tryAcquire();
        try {
            Optional<Accepted> accepted = accept(request, mayHelp);
            accepted.ifPresent(given -> {
                watcher.accept(request.answer());
                if (given.worker() != null) {
                    runHere(given.worker());
                }
            });
            return accepted.map(given -> request.answer());
        } finally {
            if (mayHelp) {
                callersThreads.release();
            }
        }
    }

    private PendingRequest request(List<Tensor> inputs, Optional<Consumer<List<Tensor>>> pieces) {
        return new PendingRequest(inputs, new Answer(), System.nanoTime(), pieces);
    }

    /** What became of a request: it waits in the queue, or this thread is to run it as {@code worker}. */
    private record Accepted(@Nullable Worker worker) {}

    private Optional<Accepted> accept(PendingRequest request, boolean mayHelp) {
        lock.lock();
        try {
            Worker worker = mayHelp && state.batchSize() == 1 && staying > 0
                    ? gatherer.lend(!(loaded instanceof ProcessModel))
                    : null;
            try {
                if (closed) {
                    return Optional.empty();
                }
                refuseWhereItCannotBe();
                timer.watch(longestWait().toNanos());
                if (worker == null) {
                    queue.add(request);
                    gatherer.requestCame();
                    return Optional.of(new Accepted(null));
                }
                Worker lent = worker;
                worker = null;
                lent.gathers(List.of(request));
                lent.runs();
                return Optional.of(new Accepted(lent));
            } finally {
                if (worker != null) {
                    gatherer.giveBack(worker);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    static ServingException noWorker(String name) {
        return new ServingException(
                Kind.UNAVAILABLE,
                name + " has no worker to serve inference request. Please use scale workers API to add workers.");
    }

    private void refuseWhereItCannotBe() {
        if (staying == 0) {
            throw noWorker(name);
        }
        if (isBlocked()) {
            throw new ServingException(Kind.UNAVAILABLE, refusal());
        }
        if (queue.isFull()) {
            throw new ServingException(
                    Kind.UNAVAILABLE,
                    name + " has a full queue of " + queue.most()
                            + " requests. Try again later, add workers, or set job_queue_size.");
        }
    }

    private void runHere(Worker worker) {
        worker.runBatch();
        List<PendingRequest> left;
        lock.lock();
        try {
            left = settle(worker);
            gatherer.giveBack(worker);
        } finally {
            lock.unlock();
        }
        failOutOfService(left);
    }

    /** An answer whose caller may go before it is there. */
    private final class Answer extends CompletableFuture<List<Tensor>> {

        @Override
        public boolean cancel(boolean mayInterruptIfRunning) {
            boolean cancelled = super.cancel(mayInterruptIfRunning);
            if (cancelled && !(loaded instanceof ProcessModel)) {
                endUnwanted();
            }
            return cancelled;
        }
    }

    private boolean isBlocked() {
        return stuck.size() > maxStuckWorkers;
    }

    private String refusal() {
        return name + " takes no more requests while " + stuck.size()
                + " of its runs are stuck, which is more than max_stuck_workers (" + maxStuckWorkers
                + "). It goes on when one of them ends; a run that never does ends with the host.";
    }

    /** Tells runs to end that nobody waits for. */
    private void endUnwanted() {
        lock.lock();
        try {
            workers.stream()
                    .filter(worker -> worker.isRunning() && worker.unanswered().isEmpty())
                    .forEach(this::end);
        } finally {
            lock.unlock();
        }
    }

    /** A quarter of the response time-out: those that wait behind the run need the rest of it. */
    private Duration grace() {
        Duration quarter = state.responseTimeout().dividedBy(4);
        return quarter.compareTo(MOST_GRACE) < 0 ? quarter : MOST_GRACE;
    }

    private void end(Worker worker) {
        worker.end();
        timer.watch(grace().toNanos());
    }

    /** The timer rang: fails the requests whose time is over, ends their runs, and gives up those that do not end. */
    private void timeIsOver() {
        List<PendingRequest> late;
        List<PendingRequest> failed;
        List<PendingRequest> waited;
        Duration timeout;
        Duration wait;
        lock.lock();
        try {
            timeout = state.responseTimeout();
            wait = longestWait();
            List<ResponseTimer.Open> open = new ArrayList<>();
            workers.forEach(worker -> open.add(new ResponseTimer.Open(worker.batch(), countsFrom(worker), timeout)));
            open.add(new ResponseTimer.Open(queue, OptionalLong.empty(), wait));
            late = timer.late(open);
            waited = wait.compareTo(timeout) < 0
                    ? late.stream().filter(this::isQueued).toList()
                    : List.of();
            workers.stream()
                    .filter(WorkerPool::runsInProcess)
                    .filter(worker -> !isOverdue(worker))
                    .forEach(worker -> timer.watch(worker.aliveNanos() + timeout.toNanos() - System.nanoTime()));
            failed = workers.stream()
                    .filter(WorkerPool::runsInProcess)
                    .flatMap(worker -> worker.batch().stream())
                    .filter(late::contains)
                    .toList();
        } finally {
            lock.unlock();
        }
        // Before their runs are ended, or a worker that is back at once would take them for requests to be run again.
        String why = name + " did not answer within its response_timeout of " + timeout.toSeconds() + " s.";
        fail(failed, Kind.INTERNAL, "Worker died. The reason: it was ended, because " + why);
        fail(
                waited,
                Kind.TIMEOUT,
                name + " did not take the request within its clientTimeoutInMills of " + wait.toMillis() + ".");
        fail(late, Kind.TIMEOUT, why);
        endLate(late);
    }

    private boolean isQueued(PendingRequest request) {
        return workers.stream().noneMatch(worker -> worker.batch().contains(request));
    }

    /** How long a request may wait in the queue. */
    private Duration longestWait() {
        Duration timeout = state.responseTimeout();
        return clientTimeout.filter(shorter -> shorter.compareTo(timeout) < 0).orElse(timeout);
    }

    private static boolean runsInProcess(Worker worker) {
        return worker.process().isPresent() && worker.isRunning();
    }

    /** Whether its process has given no sign for too long, also where nobody waits for one any more. */
    private boolean isOverdue(Worker worker) {
        return runsInProcess(worker)
                && System.nanoTime() - worker.aliveNanos()
                        >= state.responseTimeout().toNanos();
    }

    private static OptionalLong countsFrom(Worker worker) {
        return runsInProcess(worker) ? OptionalLong.of(worker.aliveNanos()) : OptionalLong.empty();
    }

    private void endLate(List<PendingRequest> late) {
        List<PendingRequest> refused = List.of();
        String refusal = "";
        lock.lock();
        try {
            for (Worker worker : List.copyOf(workers)) {
                if (isOverdue(worker)
                        || (worker.isRunning() && worker.batch().stream().anyMatch(late::contains))) {
                    end(worker);
                }
                lookAfter(worker);
            }
            if (isBlocked()) {
                refusal = refusal();
                refused = queue.takeAll();
            }
        } finally {
            lock.unlock();
        }
        fail(refused, Kind.UNAVAILABLE, refusal);
    }

    private void lookAfter(Worker worker) {
        Optional<Long> nanos = worker.nanosSinceToldToEnd();
        if (nanos.isPresent()) {
            long left = grace().toNanos() - nanos.get();
            if (left <= 0 && worker.isInside()) {
                giveUp(worker);
            } else {
                timer.watch(left > 0 ? left : grace().toNanos());
            }
        }
    }

    private void giveUp(Worker worker) {
        worker.giveUp(clock.instant());
        workers.remove(worker);
        stuck.add(worker);
        queue.putBack(worker.unanswered());
        boolean replaced = false;
        if (!worker.isLeaving()) {
            staying--;
            replaced = replace();
        }
        log.warn(
                "Model {} version {}: a run did not end within {} ms of being told to, and is stuck; worker {} is given up{}. It"
                        + " takes a thread until it ends by itself or the host does; stuck are {}, and max_stuck_workers is {}",
                model,
                version,
                grace().toMillis(),
                worker.id(),
                replaced ? ", and another one has taken its place" : "",
                stuck.size(),
                maxStuckWorkers);
        // After the line in the log, so that whoever sees the one finds the other.
        stuckRuns.add(stuckRun(worker));
        gatherer.wakeAll();
        workerLeft.signalAll();
    }

    private boolean replace() {
        if (closed && queue.isEmpty()) {
            return false;
        }
        try {
            start();
            return true;
        } catch (OutOfMemoryError e) {
            log.error("Model {} version {} has one worker less: {}", model, version, OneLine.of(e));
            return false;
        }
    }

    private StuckRun stuckRun(Worker worker) {
        return new StuckRun(
                model, version, worker.id(), worker.status().stuckSince().orElseThrow());
    }

    /**
     * Goes to the number of workers that the state wants: up to its minimum, down to its maximum.
     *
     * @throws ServingException if a worker cannot be started; the number is as it was then
     */
    void scale(ServedVersion wanted) {
        List<PendingRequest> left = List.of();
        lock.lock();
        try {
            if (closed) {
                return;
            }
            int before = staying;
            MemoryAdmission.Promise promise = promiseMemory(wanted.minWorkers() - staying);
            List<CompletableFuture<Void>> starts = new ArrayList<>();
            try {
                while (staying < wanted.minWorkers()) {
                    start().process().map(KeptProcess::firstStart).ifPresent(starts::add);
                }
                // Once they are up, the system counts what they take.
                CompletableFuture.allOf(starts.toArray(CompletableFuture<?>[]::new))
                        .whenComplete((all, failure) -> promise.close());
            } catch (OutOfMemoryError e) {
                promise.close();
                leaveDownTo(before);
                throw new ServingException(
                        Kind.INTERNAL,
                        name + " cannot have " + wanted.minWorkers() + " workers: " + OneLine.of(e)
                                + ". Ask for fewer, or raise the limit of threads.",
                        e);
            }
            state = wanted;
            gatherer.use(wanted);
            leaveDownTo(wanted.maxWorkers());
            if (wanted.maxWorkers() == 0) {
                left = queue.takeAll();
            }
        } finally {
            lock.unlock();
        }
        fail(left, Kind.UNAVAILABLE, name + " was scaled to no workers while the request waited.");
    }

    /** Room for the processes of more workers. */
    private MemoryAdmission.Promise promiseMemory(int more) {
        long each = loaded instanceof ProcessModel processes
                ? Math.max(
                        processes.workerBytes(),
                        workers.stream()
                                .flatMap(worker -> worker.process().stream())
                                .filter(KeptProcess::isUp)
                                .mapToLong(process -> process.process().ownBytes())
                                .max()
                                .orElse(0))
                : 0;
        return memory.promiseWorkers(name, Math.max(0, more), each);
    }

    private Worker start() {
        Worker worker = worker(workerIds.getAsInt());
        DaemonThreads.start("worker-" + model + "-" + version + "-" + worker.id(), worker);
        // Counted only once it runs; it cannot look at the queue before this thread lets go of the lock.
        workers.add(worker);
        staying++;
        return worker;
    }

    private Worker worker(int id) {
        if (!(loaded instanceof ProcessModel processes)) {
            return new Worker(id, clock.instant(), this, batchRun, loaded, lock.newCondition());
        }
        ProcessTerms terms =
                new ProcessTerms(model, version, id, state.batchSize(), state.startupTimeout(), () -> processEnded(id));
        KeptProcess process = new KeptProcess(
                "Model " + model + " version " + version + ": worker " + id,
                processes.process(terms),
                patience,
                took -> listener.loaded(model, version, id, took));
        return new Worker(id, clock.instant(), this, batchRun, lock.newCondition(), process);
    }

    private void processEnded(int id) {
        lock.lock();
        try {
            workers.stream().filter(worker -> worker.id() == id).toList().forEach(gatherer::wentDown);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until the workers that have processes have started them.
     *
     * @throws ServingException if one cannot be started
     */
    void awaitStarted() {
        List<KeptProcess> processes;
        lock.lock();
        try {
            processes = workers.stream()
                    .flatMap(worker -> worker.process().stream())
                    .toList();
        } finally {
            lock.unlock();
        }
        try {
            // Each has its own time limit.
            CompletableFuture.allOf(
                            processes.stream().map(KeptProcess::firstStart).toArray(CompletableFuture<?>[]::new))
                    .join();
        } catch (CompletionException e) {
            boolean noMemory = e.getCause() instanceof ProcessStartException start && start.isOutOfMemory();
            throw new ServingException(
                    noMemory ? Kind.NO_MEMORY : Kind.INTERNAL,
                    "Failed to start workers for model " + model + " version: " + version + ". "
                            + OneLine.of(e.getCause() == null ? e : e.getCause()),
                    e);
        }
    }

    private void leaveDownTo(int most) {
        for (int i = workers.size() - 1; i >= 0 && staying > most; i--) {
            if (!workers.get(i).isLeaving()) {
                workers.get(i).leave();
                staying--;
            }
        }
        gatherer.wakeAll();
    }

    private void fail(List<PendingRequest> requests, Kind kind, String why) {
        if (requests.isEmpty()) {
            return;
        }
        ServingException failure = new ServingException(kind, why);
        for (PendingRequest request : requests) {
            // Before the answer, so that whoever has it finds it counted.
            if (!request.answer().isDone()) {
                listener.failed(model, version, System.nanoTime() - request.arrivedNanos(), 0);
                request.answer().completeExceptionally(failure);
            }
        }
    }

    @Override
    public boolean next(Worker worker) {
        while (true) {
            // A model may have left the flag behind; nobody means a worker with it.
            Thread.interrupted();
            List<PendingRequest> left = List.of();
            lock.lock();
            try {
                if (worker.isStuck()) {
                    // What its batch left open went back when it was given up.
                    return false;
                }
                left = settle(worker);
                if (worker.isDown() && closed) {
                    return false;
                }
                if (left.isEmpty() && !worker.isDown()) {
                    boolean found = gatherer.next(worker);
                    if (found) {
                        worker.runs();
                        return true;
                    }
                    worker.rests();
                    if (!worker.isDown()) {
                        return false;
                    }
                }
            } finally {
                lock.unlock();
            }
            failOutOfService(left);
            if (worker.isDown() && !restored(worker)) {
                return false;
            }
        }
    }

    private boolean restored(Worker worker) {
        boolean up = worker.restore();
        lock.lock();
        try {
            workerLeft.signalAll();
        } finally {
            lock.unlock();
        }
        return up;
    }

    /** The worker's batch is over: what it left open goes back to the queue, or is returned to be failed. */
    private List<PendingRequest> settle(Worker worker) {
        if (worker.isStuck()) {
            // Its batch went back when it was given up.
            return List.of();
        }
        List<PendingRequest> left = worker.unanswered();
        worker.rests();
        if (staying > 0 && !abandoned && !isBlocked()) {
            queue.putBack(left);
            return List.of();
        }
        return left;
    }

    private void failOutOfService(List<PendingRequest> left) {
        fail(left, Kind.UNAVAILABLE, name + " went out of service while the request ran; try again.");
    }

    @Override
    public void left(Worker worker) {
        boolean last;
        List<PendingRequest> unserved = List.of();
        lock.lock();
        try {
            if (stuck.remove(worker)) {
                StuckRun run = stuckRun(worker);
                stuckRuns.remove(run);
                log.info(
                        "Model {} version {}: the stuck run of worker {} has ended, {} s after it was given up",
                        model,
                        version,
                        worker.id(),
                        Duration.between(run.since(), clock.instant()).toSeconds());
            } else if (workers.remove(worker) && !worker.isLeaving()) {
                staying--;
                if (staying == 0) {
                    unserved = queue.takeAll();
                }
            }
            workerLeft.signalAll();
            last = hasEnded();
        } finally {
            lock.unlock();
        }
        fail(unserved, Kind.UNAVAILABLE, name + " has lost its last worker while the request waited.");
        if (last) {
            ended.complete(null);
        }
    }

    /**
     * Takes no more requests, and waits until those that it has are answered; not for stuck runs.
     *
     * @return false if something is still in the model, because it is stuck or {@code timeout} was over; the requests that
     *     waited have failed then
     */
    boolean drain(Duration timeout) {
        long nanos = timeout.toNanos();
        boolean empty = false;
        List<PendingRequest> left;
        lock.lock();
        try {
            closed = true;
            gatherer.close();
            // What is down is not waited for; its requests fail below.
            workers.stream().filter(Worker::isDown).forEach(Worker::leave);
            while (!workers.isEmpty() && nanos > 0) {
                nanos = workerLeft.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            abandoned = true;
            empty = hasEnded();
            left = queue.takeAll();
            lock.unlock();
        }
        fail(left, Kind.UNAVAILABLE, name + " was unregistered while the request waited.");
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
        return stuck.isEmpty();
    }

    /** Fails every request that it has, and tells the runs to end; the workers stay. */
    void failAll(String why) {
        List<PendingRequest> open = new ArrayList<>();
        lock.lock();
        try {
            workers.forEach(worker -> open.addAll(worker.unanswered()));
            open.addAll(queue.takeAll());
        } finally {
            lock.unlock();
        }
        fail(open, Kind.UNAVAILABLE, why);
        endUnwanted();
    }

    /** Waits until workers that are new have started, and those that are to leave have left, or are stuck; or for the time. */
    void awaitScaled(Duration timeout) {
        long nanos = timeout.toNanos();
        lock.lock();
        try {
            while (workers.stream().anyMatch(worker -> worker.isLeaving() || isStarting(worker)) && nanos > 0) {
                nanos = workerLeft.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private static boolean isStarting(Worker worker) {
        return worker.process().filter(KeptProcess::isStarting).isPresent();
    }

    /** The workers, the oldest first: those that are about to leave are among them, and at the end those that are stuck. */
    List<VersionStatus.WorkerStatus> workers() {
        return locked(() -> Stream.concat(workers.stream(), stuck.stream())
                .map(Worker::status)
                .toList());
    }

    /** Why it takes no requests, where too many runs are stuck. */
    Optional<String> blocked() {
        return locked(() -> isBlocked() ? Optional.of(refusal()) : Optional.empty());
    }

    /** How many workers there are that are not about to leave. */
    int staying() {
        return locked(() -> staying);
    }

    int pending() {
        return locked(queue::size);
    }

    private <T> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    int remainingCapacity() {
        return Math.max(0, queue.most() - pending());
    }
}
