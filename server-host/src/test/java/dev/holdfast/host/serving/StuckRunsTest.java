package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Runs that do not end when they are told to. */
class StuckRunsTest extends OnAPool {

    @Test
    void aRunThatDoesNotEndIsGivenUpAndAnotherWorkerTakesItsPlace() {
        WorkerPool pool = pool(1, 1, Duration.ZERO, Duration.ofSeconds(1));

        Semaphore held = hang(pool, 1);

        assertThat(answer(submit(pool, 7))).isEqualTo(7);
        assertThat(pool.blocked()).isEmpty();
        assertThat(pool.workers())
                .extracting(
                        VersionStatus.WorkerStatus::id,
                        worker -> worker.stuckSince().isPresent())
                .containsExactly(tuple(1, false), tuple(0, true));
        assertThat(stuckRuns).singleElement().satisfies(run -> {
            assertThat(run.model() + " " + run.version() + " " + run.worker()).isEqualTo("m 1.0 0");
        });
        held.release(1);
        await().until(() -> stuckRuns.isEmpty());
        assertThat(pool.workers()).extracting(VersionStatus.WorkerStatus::id).containsExactly(1);
    }

    @Test
    void aRunHasAQuarterOfTheResponseTimeOutToEndAndNeverMoreThanASecond() {
        // Side by side, for the second one takes its time.
        WorkerPool ofASecond = pool(1, 1, Duration.ZERO, Duration.ofSeconds(1));
        WorkerPool ofMore = pool(1, 1, Duration.ZERO, Duration.ofMillis(4_100));
        Semaphore held = model.hold();
        begin(ofMore);
        begin(ofASecond);
        await().until(() -> stuckRuns.size() == 2);
        model.holdNoMore();

        assertThat(logs.warnings())
                .anySatisfy(line -> assertThat(line).contains("a run did not end within 250 ms of being told to"))
                .anySatisfy(line -> assertThat(line).contains("a run did not end within 1000 ms of being told to"));
        held.release(2);
        await().until(() -> stuckRuns.isEmpty());
    }

    @Test
    void moreStuckRunsThanThereMayBeKeepRequestsOutUntilOneEnds() {
        WorkerPool pool =
                pool(Versions.of("a.mar", 3, 1, Duration.ZERO, Duration.ofSeconds(1)), 10, InferenceListener.NONE);
        Semaphore held = hang(pool, 3);

        assertThat(pool.blocked())
                .hasValueSatisfying(why -> assertThat(why)
                        .startsWith("Model \"m\" Version: 1.0 takes no more requests while 3 of its runs are stuck")
                        .contains("max_stuck_workers (2)"));
        assertThatThrownBy(() -> submit(pool, 1))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
                .hasMessage(pool.blocked().orElseThrow());

        held.release(1);
        await().until(() -> pool.blocked().isEmpty());
        assertThat(answer(submit(pool, 1))).isEqualTo(1);
        held.release(2);
    }

    @Test
    void aRunThatGetsStuckAfterItsVersionWasUnregisteredIsCountedUntilItEnds() throws Exception {
        WorkerPool pool = pool(1, 1, Duration.ZERO, Duration.ofSeconds(1));
        Semaphore held = model.hold();
        submit(pool, 0);
        awaitInside(1);

        boolean ended = pool.drain(Duration.ZERO);

        assertThat(ended).isFalse();
        await().until(() -> stuckRuns.size() == 1);
        assertThat(pool.ended()).isNotDone();
        held.release(1);
        pool.ended().get(60, TimeUnit.SECONDS);
        assertThat(stuckRuns).isEmpty();
    }
}
