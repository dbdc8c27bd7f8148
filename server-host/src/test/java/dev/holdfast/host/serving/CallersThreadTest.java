package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.archive.ModelConfig;
import dev.holdfast.host.crash.Runs;
import dev.holdfast.host.runtime.Tensor;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Short runs on the thread of the caller, in the place of a worker that rests. */
class CallersThreadTest {

    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final FakeModel model = new FakeModel();
    private final List<WorkerPool> pools = new ArrayList<>();

    @AfterEach
    void letGo() {
        model.open();
        pools.forEach(pool -> assertThat(pool.drain(MINUTE)).isTrue());
    }

    private WorkerPool pool(int workers, int batchSize, Duration responseTimeout, int callersThreads) {
        ServedVersion state = Versions.of("a.mar", workers, batchSize, Duration.ZERO, responseTimeout);
        WorkerPool pool = new WorkerPool(
                "m",
                "1.0",
                state,
                model,
                Runs.notNoted(),
                1000,
                2,
                ConcurrentHashMap.newKeySet(),
                new Semaphore(callersThreads),
                InferenceListener.NONE,
                Clock.systemUTC(),
                new AtomicInteger()::getAndIncrement,
                ModelConfig.NONE,
                MemoryAdmission.off());
        pool.scale(state);
        pools.add(pool);
        return pool;
    }

    /** A pool whose model has shown that its runs are short. */
    private WorkerPool quick(int workers, Duration responseTimeout) {
        WorkerPool pool = pool(workers, 1, responseTimeout, 64);
        becomeShort(pool);
        return pool;
    }

    private void becomeShort(WorkerPool pool) {
        // A long pause of the machine inside a run would make the model look slow.
        await().until(() -> {
            pool.submit(FakeModel.number(0)).orElseThrow().join();
            return threadOfRun(pool) == Thread.currentThread();
        });
    }

    /** Where a request that comes now is run. */
    private Thread threadOfRun(WorkerPool pool) {
        pool.submit(FakeModel.number(0), Optional.empty(), answer -> {})
                .orElseThrow()
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
        return model.thread;
    }

    private static CompletableFuture<Long> called(WorkerPool pool, long value) {
        return CompletableFuture.supplyAsync(
                () -> FakeModel.number(pool.submit(FakeModel.number(value), Optional.empty(), answer -> {})
                        .orElseThrow()
                        .orTimeout(60, TimeUnit.SECONDS)
                        .join()));
    }

    @Test
    void aModelThatHasAnsweredNobodyYetIsRunByItsWorkers() {
        assertThat(threadOfRun(pool(1, 1, MINUTE, 64)).getName()).startsWith("worker-m-1.0-");
    }

    @Test
    void shortRunsAreDoneByTheCallerAndCountAsAWorkers() {
        WorkerPool pool = quick(1, MINUTE);
        Semaphore held = model.hold();

        CompletableFuture<Long> first = called(pool, 1);
        await().until(() -> model.inside.get() == 1);
        CompletableFuture<Long> second = called(pool, 2);
        await().until(() -> pool.pending() == 1);

        assertThat(model.inside).hasValue(1);
        held.release(2);
        assertThat(first.join()).isEqualTo(1);
        assertThat(second.join()).isEqualTo(2);
    }

    @Test
    void whereRunsTakeLongNoCallerIsHeld() {
        WorkerPool pool = quick(1, MINUTE);
        Semaphore held = model.hold();
        CompletableFuture<Long> slow = called(pool, 1);
        await().until(() -> model.inside.get() == 1);
        // Longer than eight times a short run, which is its share of the average.
        await().pollDelay(Duration.ofMillis(20)).until(() -> true);
        held.release();
        slow.join();

        assertThat(pool.submit(FakeModel.number(2), Optional.empty(), answer -> {})
                        .orElseThrow())
                .isNotDone();
    }

    @Test
    void aHostWhoseCallersAreAllInsideModelsLeavesTheRestToTheWorkers() {
        WorkerPool pool = pool(1, 1, MINUTE, 0);
        for (int i = 0; i < 20; i++) {
            assertThat(threadOfRun(pool).getName()).startsWith("worker-m-1.0-");
        }
    }

    @Test
    void requestsThatAreToBeJoinedGoToTheQueue() {
        WorkerPool pool = pool(1, 4, MINUTE, 64);
        for (int i = 0; i < 20; i++) {
            assertThat(threadOfRun(pool).getName()).startsWith("worker-m-1.0-");
        }
    }

    @Test
    void aCallersRunThatDoesNotEndIsGivenUpAndTheNextOneIsServed() {
        WorkerPool pool = quick(1, Duration.ofSeconds(1));
        Semaphore held = model.hold();
        CompletableFuture<Long> stuck = called(pool, 1);
        await().until(() -> model.inside.get() == 1);
        model.holdNoMore();

        await().until(() ->
                pool.workers().stream().anyMatch(worker -> worker.stuckSince().isPresent()));
        assertThat(FakeModel.number(
                        pool.submit(FakeModel.number(2)).orElseThrow().join()))
                .isEqualTo(2);

        held.release();
        assertThatThrownBy(stuck::join).hasMessageContaining("did not answer within its response_timeout of 1 s.");
        await().until(() -> pool.workers().size() == 1);
    }

    @Test
    void aWorkerThatIsToLeaveDoesSoWhenTheCallersRunIsOver() {
        WorkerPool pool = quick(2, MINUTE);
        Semaphore held = model.hold();
        CompletableFuture<Long> first = called(pool, 1);
        CompletableFuture<Long> second = called(pool, 2);
        await().until(() -> model.inside.get() == 2);

        pool.scale(Versions.of("a.mar", 0, 1, Duration.ZERO, MINUTE));
        assertThat(pool.workers()).hasSize(2);
        held.release(2);

        assertThat(first.join()).isEqualTo(1);
        assertThat(second.join()).isEqualTo(2);
        pool.awaitScaled(MINUTE);
        assertThat(pool.workers()).isEmpty();
    }

    @Test
    void aPoolThatIsDrainedWaitsForTheRunOfItsCaller() {
        WorkerPool pool = quick(1, MINUTE);
        Semaphore held = model.hold();
        CompletableFuture<Long> running = called(pool, 1);
        await().until(() -> model.inside.get() == 1);

        assertThat(pool.drain(Duration.ofMillis(10))).isFalse();
        assertThat(pool.ended()).isNotDone();
        held.release();

        assertThat(running.join()).isEqualTo(1);
        pool.ended().orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Test
    void aRunThatItsCallerNeedsNoMoreIsToldToEnd() {
        WorkerPool pool = quick(1, MINUTE);
        model.obeys = true;
        model.hold();
        CompletableFuture<CompletableFuture<List<Tensor>>> answer = new CompletableFuture<>();
        CompletableFuture<Void> caller =
                CompletableFuture.runAsync(() -> pool.submit(FakeModel.number(1), Optional.empty(), answer::complete));
        await().until(() -> model.inside.get() == 1);

        answer.join().cancel(false);

        caller.orTimeout(60, TimeUnit.SECONDS).join();
        assertThat(model.inside).hasValue(0);
    }
}
