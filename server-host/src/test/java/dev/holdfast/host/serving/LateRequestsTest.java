package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Requests whose time is over, and what becomes of their runs. */
class LateRequestsTest extends OnAPool {

    @Test
    void requestsThatAreTooLateFailAndAreNeverRun() {
        WorkerPool pool = pool(Versions.of("a.mar", 1, 1, Duration.ZERO, Duration.ofSeconds(1)), 2, (m, v, q, i) -> {});
        model.hold();
        List<CompletableFuture<List<Tensor>>> requests = new ArrayList<>();
        // After a long pause of the machine one is too late before the worker has it.
        await().until(() -> {
            if (model.inside.get() == 0 && pool.pending() == 0) {
                requests.add(submit(pool, 0));
            }
            return model.inside.get() == 1;
        });
        await("one that came for nothing is too late as well").until(() -> pool.pending() == 0);
        requests.add(submit(pool, 1));
        requests.add(submit(pool, 2));

        for (CompletableFuture<List<Tensor>> late : requests) {
            assertThat(failure(late))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.TIMEOUT))
                    .hasMessage("Model \"m\" Version: 1.0 did not answer within its response_timeout of 1 s.");
        }
        pool.scale(Versions.of("a.mar", 1));
        CompletableFuture<List<Tensor>> next = submit(pool, 3);
        model.open();

        assertThat(answer(next)).isEqualTo(3);
        assertThat(model.batches).endsWith(List.of(3L)).doesNotContain(List.of(1L), List.of(2L));
    }

    @Test
    void aRequestIsTooLateEvenWhileItsBatchFills() {
        WorkerPool pool = pool(1, 2, MINUTE, Duration.ofSeconds(1));

        assertThat(failure(submit(pool, 1))).hasMessageContaining("response_timeout of 1 s");
        CompletableFuture<List<Tensor>> next = submit(pool, 2);

        assertThat(failure(next)).hasMessageContaining("response_timeout of 1 s");
        assertThat(model.batches).isEmpty();
    }

    @Test
    void theTimerGoesOnForRequestsThatCameLater() {
        WorkerPool pool = pool(1, 1, Duration.ZERO, Duration.ofSeconds(1));
        for (int round = 0; round < 2; round++) {
            // It is answered, or too late after a long pause of the machine; the timer watches it either way.
            submit(pool, round)
                    .handle((answer, late) -> answer)
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
            model.hold();
            CompletableFuture<List<Tensor>> late = submit(pool, 10 + round);
            assertThat(failure(late)).hasMessageContaining("response_timeout");
            model.open();
        }
    }

    @Test
    void aLateRunThatObeysIsEndedAndItsWorkerGoesOn() {
        model.obeys = true;
        WorkerPool pool = pool(1, 1, Duration.ZERO, Duration.ofSeconds(1));
        model.hold();

        assertThat(failure(submit(pool, 0))).hasMessageContaining("response_timeout of 1 s");

        awaitInside(0);
        model.holdNoMore();
        pool.scale(Versions.of("a.mar", 1));
        assertThat(answer(submit(pool, 1))).isEqualTo(1);
        assertThat(pool.workers())
                .singleElement()
                .satisfies(worker -> assertThat(worker.id()).isZero())
                .satisfies(worker -> assertThat(worker.stuckSince()).isEmpty());
    }

    @Test
    void thoseOfAnEndedBatchWhoseTimeIsNotOverAreRunAgainBeforeAllOthers() {
        model.obeys = true;
        WorkerPool pool = pool(1, 2, MINUTE, Duration.ofSeconds(1));
        // Again, where a pause of the machine makes the second one too late as well.
        await().atMost(Duration.ofMinutes(2)).until(() -> {
            model.hold();
            model.batches.clear();
            CompletableFuture<List<Tensor>> first = submit(pool, 1);
            long begin = System.nanoTime();
            await().pollInterval(Duration.ofMillis(5)).until(() -> System.nanoTime() - begin > 500_000_000L);
            CompletableFuture<List<Tensor>> second = submit(pool, 2);
            assertThat(failure(first)).hasMessageContaining("response_timeout");
            model.holdNoMore();
            CompletableFuture<List<Tensor>> third = submit(pool, 3);
            boolean answered = second.handle((answer, failure) -> failure == null && FakeModel.number(answer) == 2)
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
            third.handle((answer, failure) -> answer)
                    .orTimeout(60, TimeUnit.SECONDS)
                    .join();
            return answered && model.batches.equals(List.of(List.of(1L, 2L), List.of(2L, 3L)));
        });
    }

    @Test
    void neitherScalingNorDrainingWaitsForStuckRunsAndTheModelStaysOpenUnderThem() throws Exception {
        WorkerPool pool = pool(2, 1, Duration.ZERO, Duration.ofSeconds(1));
        Semaphore held = hang(pool, 1);
        Duration never = Duration.ofDays(1);

        pool.scale(Versions.of("a.mar", 1));
        CompletableFuture.runAsync(() -> pool.awaitScaled(never)).get(60, TimeUnit.SECONDS);
        boolean ended = CompletableFuture.supplyAsync(() -> pool.drain(never)).get(60, TimeUnit.SECONDS);

        assertThat(ended).isFalse();
        assertThat(pool.ended()).isNotDone();
        held.release(1);
        pool.ended().get(60, TimeUnit.SECONDS);
        assertThat(model.predictionsAfterClose).hasValue(0);
    }
}
