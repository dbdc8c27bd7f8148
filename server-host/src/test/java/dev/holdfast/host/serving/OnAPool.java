package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.archive.ModelConfig;
import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.testsupport.LogLines;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Workers of one model, over a fake model with switches. */
abstract class OnAPool {

    static final Duration MINUTE = Duration.ofSeconds(60);

    @RegisterExtension
    final LogLines logs = new LogLines(WorkerPool.class);

    final FakeModel model = new FakeModel();
    final Set<StuckRun> stuckRuns = ConcurrentHashMap.newKeySet();
    private final List<WorkerPool> pools = new ArrayList<>();

    @AfterEach
    void letGo() {
        model.open();
        await().until(stuckRuns::isEmpty);
        pools.forEach(pool -> assertThat(pool.drain(MINUTE)).isTrue());
    }

    WorkerPool pool(ServedVersion state, int queueSize, InferenceListener listener) {
        WorkerPool pool = new WorkerPool(
                "m",
                "1.0",
                state,
                model,
                Runs.notNoted(),
                queueSize,
                2,
                stuckRuns,
                new Semaphore(64),
                listener,
                Clock.systemUTC(),
                new AtomicInteger()::getAndIncrement,
                ModelConfig.NONE,
                MemoryAdmission.off());
        pool.scale(state);
        pools.add(pool);
        return pool;
    }

    WorkerPool pool(int workers, int batchSize, Duration maxBatchDelay, Duration responseTimeout) {
        return pool(
                Versions.of("a.mar", workers, batchSize, maxBatchDelay, responseTimeout), 1000, InferenceListener.NONE);
    }

    WorkerPool pool(int workers) {
        return pool(workers, 1, Duration.ZERO, MINUTE);
    }

    static CompletableFuture<List<Tensor>> submit(WorkerPool pool, long value) {
        return pool.submit(FakeModel.number(value)).orElseThrow();
    }

    static long answer(CompletableFuture<List<Tensor>> answer) {
        return FakeModel.number(answer.orTimeout(60, TimeUnit.SECONDS).join());
    }

    static Throwable failure(CompletableFuture<List<Tensor>> answer) {
        try {
            answer.orTimeout(60, TimeUnit.SECONDS).join();
        } catch (CompletionException e) {
            return e.getCause();
        }
        throw new AssertionError("There was an answer");
    }

    void awaitInside(int count) {
        await().until(() -> model.inside.get() == count);
    }

    /** Hangs as many runs, for ever, and waits until they are stuck. */
    Semaphore hang(WorkerPool pool, int runs) {
        Semaphore held = model.hold();
        int before = stuckRuns.size();
        for (int i = 0; i < runs; i++) {
            begin(pool);
        }
        await().until(() -> stuckRuns.size() == before + runs);
        model.holdNoMore();
        return held;
    }

    /** Begins a run of a model that holds its runs. */
    void begin(WorkerPool pool) {
        int before = model.inside.get();
        // Again, where a pause of the machine makes it too late before a worker has it.
        await().until(() -> {
            CompletableFuture<List<Tensor>> hung = submit(pool, -1);
            await().until(() -> hung.isDone() || model.inside.get() > before);
            return model.inside.get() > before;
        });
    }
}
