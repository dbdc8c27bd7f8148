package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.ServingException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkerPoolTest extends OnAPool {

    @Test
    void everyRequestGetsItsOwnAnswerFirstInFirstOut() {
        WorkerPool pool = pool(1);
        model.hold();
        List<CompletableFuture<List<Tensor>>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(submit(pool, i));
        }

        model.open();

        for (int i = 0; i < 100; i++) {
            assertThat(answer(answers.get(i))).isEqualTo(i);
            assertThat(model.batches.get(i)).containsExactly((long) i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void batchesAreFilledAndFollowOneAnother(int workers) {
        WorkerPool pool = pool(workers, 4, Duration.ZERO, MINUTE);
        model.hold();
        List<CompletableFuture<List<Tensor>>> answers = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
            answers.add(submit(pool, i));
            awaitInside(i + 1);
        }
        for (int i = 0; i < 40; i++) {
            answers.add(submit(pool, workers + i));
        }

        model.open();

        for (int i = 0; i < answers.size(); i++) {
            assertThat(answer(answers.get(i))).isEqualTo(i);
        }
        assertThat(model.batches.stream().skip(workers)).hasSize(10).allSatisfy(batch -> {
            assertThat(batch).hasSize(4).isSorted();
            assertThat(batch.get(3) - batch.get(0)).isEqualTo(3);
        });
    }

    @Test
    void aBatchWaitsForMoreAndStartsAsSoonAsItIsFull() {
        WorkerPool pool = pool(2, 3, MINUTE, MINUTE);

        CompletableFuture<List<Tensor>> first = submit(pool, 1);
        CompletableFuture<List<Tensor>> second = submit(pool, 2);
        CompletableFuture<List<Tensor>> third = submit(pool, 3);

        assertThat(answer(third)).isEqualTo(3);
        assertThat(answer(second)).isEqualTo(2);
        assertThat(answer(first)).isEqualTo(1);
        assertThat(model.batches).containsExactly(List.of(1L, 2L, 3L));
    }

    @Test
    void aBatchThatDoesNotFillStartsWhenItsDelayIsOver() {
        WorkerPool pool = pool(1, 3, Duration.ofMillis(20), MINUTE);

        assertThat(answer(submit(pool, 1))).isEqualTo(1);
        assertThat(model.batches).containsExactly(List.of(1L));
    }

    @Test
    void aFullQueueRefusesAndSaysWhatToDo() {
        WorkerPool pool = pool(Versions.of("a.mar", 1), 2, InferenceListener.NONE);
        model.hold();
        submit(pool, 0);
        awaitInside(1);
        submit(pool, 1);
        submit(pool, 2);

        assertThat(pool.pending()).isEqualTo(2);
        assertThat(pool.remainingCapacity()).isZero();
        assertThatThrownBy(() -> submit(pool, 3))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE))
                .hasMessage(
                        "Model \"m\" Version: 1.0 has a full queue of 2 requests. Try again later, add workers, or set"
                                + " job_queue_size.");
    }

    @Test
    void scalingThreeOneFourGivesExactlyThreeOneAndFourWorkers() {
        WorkerPool pool = pool(3);
        assertThat(pool.workers()).hasSize(3);

        pool.scale(Versions.of("a.mar", 1));
        pool.awaitScaled(MINUTE);
        assertThat(pool.workers()).hasSize(1).noneMatch(VersionStatus.WorkerStatus::unloading);

        pool.scale(Versions.of("a.mar", 4));
        assertThat(pool.workers()).hasSize(4).noneMatch(VersionStatus.WorkerStatus::unloading);
        assertThat(pool.workers()).extracting(VersionStatus.WorkerStatus::id).containsExactly(0, 3, 4, 5);

        model.hold();
        for (int i = 0; i < 9; i++) {
            submit(pool, i);
        }
        awaitInside(4);
        assertThat(pool.pending()).isEqualTo(5);
    }

    @Test
    void scalingWhileRequestsRunLosesNone() {
        WorkerPool pool = pool(3);
        model.hold();
        List<CompletableFuture<List<Tensor>>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            answers.add(submit(pool, i));
        }
        awaitInside(3);

        pool.scale(Versions.of("a.mar", 1));
        assertThat(pool.workers())
                .hasSize(3)
                .filteredOn(VersionStatus.WorkerStatus::unloading)
                .hasSize(2);
        pool.scale(Versions.of("a.mar", 4));
        awaitInside(6);
        model.open();
        pool.awaitScaled(MINUTE);

        for (int i = 0; i < 10; i++) {
            assertThat(answer(answers.get(i))).isEqualTo(i);
        }
        assertThat(pool.workers()).hasSize(4);
    }

    @Test
    void aPoolWithoutWorkersRefusesAndFailsWhatWaited() {
        WorkerPool pool = pool(1);
        model.hold();
        CompletableFuture<List<Tensor>> running = submit(pool, 0);
        // After a long pause of the machine it is too late before a worker has it.
        await().until(() -> model.inside.get() == 1 || running.isDone());
        CompletableFuture<List<Tensor>> waiting = submit(pool, 1);

        pool.scale(Versions.of("a.mar", 0));

        assertThat(failure(waiting)).hasMessageEndingWith("was scaled to no workers while the request waited.");
        assertThatThrownBy(() -> submit(pool, 2))
                .hasMessage(
                        "Model \"m\" Version: 1.0 has no worker to serve inference request. Please use scale workers"
                                + " API to add workers.");
        model.open();
        assertThat(answer(running)).isZero();
    }

    @Test
    void drainingAnswersWhatIsThereAndTakesNoMore() throws Exception {
        WorkerPool pool = pool(2);
        model.hold();
        List<CompletableFuture<List<Tensor>>> answers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            answers.add(submit(pool, i));
        }
        awaitInside(2);
        CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> pool.drain(MINUTE));
        await().until(() -> pool.submit(FakeModel.number(-1)).isEmpty());
        assertThat(pool.ended()).isNotDone();

        model.open();

        assertThat(drained.get(60, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < 10; i++) {
            assertThat(answer(answers.get(i))).isEqualTo(i);
        }
        assertThat(pool.workers()).isEmpty();
        assertThat(pool.ended()).isCompleted();
    }

    @Test
    void whatTakesTooLongToDrainIsLeftToEndAndSaysWhenItHas() {
        WorkerPool pool = pool(1);
        model.hold();
        CompletableFuture<List<Tensor>> running = submit(pool, 0);
        // After a long pause of the machine it is too late before a worker has it.
        await().until(() -> model.inside.get() == 1 || running.isDone());
        CompletableFuture<List<Tensor>> waiting = submit(pool, 1);

        assertThat(pool.drain(Duration.ofMillis(10))).isFalse();

        assertThat(failure(waiting)).hasMessageEndingWith("was unregistered while the request waited.");
        assertThat(pool.ended()).isNotDone();
        model.open();
        assertThat(answer(running)).isZero();
        pool.ended().orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Test
    void oneRefusedInputFailsAloneAndNotItsBatch() {
        WorkerPool pool = pool(1, 3, MINUTE, MINUTE);
        model.refused = 2;

        CompletableFuture<List<Tensor>> first = submit(pool, 1);
        CompletableFuture<List<Tensor>> second = submit(pool, 2);
        CompletableFuture<List<Tensor>> third = submit(pool, 3);

        assertThat(answer(first)).isEqualTo(1);
        assertThat(failure(second)).isInstanceOf(InvalidInputException.class).hasMessage("refused 2");
        assertThat(answer(third)).isEqualTo(3);
    }

    @Test
    void oneInputOverWhichTheEngineStumblesFailsAloneAsTheCallersMistake() {
        WorkerPool pool = pool(1, 4, MINUTE, MINUTE);
        // The first of its batch: that others succeed is known only later.
        model.failsOn = 1;

        CompletableFuture<List<Tensor>> guilty = submit(pool, 1);
        List<CompletableFuture<List<Tensor>>> innocent = List.of(submit(pool, 2), submit(pool, 3), submit(pool, 4));

        assertThat(failure(guilty))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("Model \"m\" Version: 1.0 failed to predict: the engine stumbled over one of 1");
        for (int i = 0; i < 3; i++) {
            assertThat(answer(innocent.get(i))).isEqualTo(2 + i);
        }
        assertThat(model.failedOnlyTogether).hasValue(0);
    }

    @Test
    void anEngineThatHasAnsweredNobodyIsAtFaultItselfAndLaterNotAnyMore() {
        WorkerPool pool = pool(1, 2, MINUTE, MINUTE);
        model.failsOn = 1;
        List<CompletableFuture<List<Tensor>>> failing = List.of(submit(pool, 1), submit(pool, 1));
        assertThat(failing)
                .allSatisfy(answer -> assertThat(failure(answer))
                        .isInstanceOfSatisfying(
                                ServingException.class,
                                e -> assertThat(e.kind()).isEqualTo(Kind.INTERNAL)));

        List<CompletableFuture<List<Tensor>>> answered = List.of(submit(pool, 2), submit(pool, 3));
        assertThat(answered).extracting(WorkerPoolTest::answer).containsExactly(2L, 3L);

        failing = List.of(submit(pool, 1), submit(pool, 1));
        assertThat(failing).allSatisfy(answer -> assertThat(failure(answer)).isInstanceOf(InvalidInputException.class));
    }

    @Test
    void aDefectOfTheHostIsNeverTheCallersMistake() {
        WorkerPool pool = pool(1);
        assertThat(answer(submit(pool, 1))).isEqualTo(1);

        model.failure = new OutOfMemoryError("Java heap space");

        assertThat(failure(submit(pool, 2)))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INTERNAL));
    }

    @Test
    void aBatchThatFailsOnlyAsABatchIsAnsweredWholeAndTheModelIsTold() {
        WorkerPool pool = pool(1, 2, MINUTE, MINUTE);
        model.failsTogether = true;

        List<CompletableFuture<List<Tensor>>> answers = List.of(submit(pool, 1), submit(pool, 2));

        assertThat(answers).extracting(WorkerPoolTest::answer).containsExactly(1L, 2L);
        await().until(() -> model.failedOnlyTogether.get() == 1);
        assertThat(model.batches).containsExactly(List.of(1L, 2L), List.of(1L), List.of(2L));
    }

    @Test
    void aRequestWhoseTimeIsOverIsNotRunAgainWithTheOthersOfItsBatch() {
        WorkerPool pool = pool(1, 2, MINUTE, MINUTE);
        model.failsTogether = true;
        model.hold();
        CompletableFuture<List<Tensor>> late = submit(pool, 1);
        CompletableFuture<List<Tensor>> other = submit(pool, 2);
        awaitInside(1);
        late.completeExceptionally(new IllegalStateException("its time is over"));

        model.open();

        assertThat(answer(other)).isEqualTo(2);
        assertThat(model.batches).containsExactly(List.of(1L, 2L), List.of(2L));
        assertThat(model.failedOnlyTogether).hasValue(0);
    }

    @Test
    void whereRequestsRunOneByOneAnAnswerDoesNotWaitForARunThatDoesNotEnd() {
        model.joins = false;
        WorkerPool pool = pool(1, 3, MINUTE, MINUTE);
        Semaphore held = model.hold();
        CompletableFuture<List<Tensor>> first = submit(pool, 1);
        CompletableFuture<List<Tensor>> second = submit(pool, 2);
        CompletableFuture<List<Tensor>> third = submit(pool, 3);

        held.release();

        assertThat(answer(first)).isEqualTo(1);
        assertThat(second).isNotDone();
        held.release(2);
        assertThat(answer(second)).isEqualTo(2);
        assertThat(answer(third)).isEqualTo(3);
        assertThat(model.batches).containsExactly(List.of(1L), List.of(2L), List.of(3L));
    }

    @Test
    void whateverAModelThrowsIsAnsweredAndTheWorkerLivesOn() {
        WorkerPool pool = pool(1);
        for (Throwable thrown : List.of(
                new IllegalStateException("two\nlines"),
                new StackOverflowError(),
                new AssertionError("no"),
                new Exception("x"))) {
            model.failure = thrown;
            assertThat(failure(submit(pool, 1)))
                    .isInstanceOfSatisfying(
                            ServingException.class, e -> assertThat(e.kind()).isEqualTo(Kind.INTERNAL))
                    .hasMessageStartingWith("Model \"m\" Version: 1.0 failed to predict: ")
                    .hasMessageNotContaining("\n")
                    .hasCause(thrown);
        }
        model.failure = null;
        model.answersTooFew = 1;
        assertThat(failure(submit(pool, 1))).hasMessageContaining("the model gave 0 answers to 1 requests");
        model.answersTooFew = 0;
        model.leavesInterrupted = true;
        assertThat(answer(submit(pool, 2))).isEqualTo(2);

        assertThat(answer(submit(pool, 3))).isEqualTo(3);
        assertThat(pool.workers()).extracting(VersionStatus.WorkerStatus::id).containsExactly(0);
    }

    @Test
    void whoHasAnAnswerFindsItCountedAndABrokenCounterHarmsNobody() {
        AtomicInteger counted = new AtomicInteger();
        WorkerPool pool = pool(Versions.of("a.mar", 1), 10, (name, version, queueNanos, inferenceNanos) -> {
            assertThat(queueNanos).isNotNegative();
            assertThat(inferenceNanos).isNotNegative();
            if (counted.incrementAndGet() > 1) {
                throw new AssertionError("broken");
            }
        });

        assertThat(answer(submit(pool, 1))).isEqualTo(1);
        assertThat(counted).hasValue(1);
        assertThat(answer(submit(pool, 2))).isEqualTo(2);
        assertThat(answer(submit(pool, 3))).isEqualTo(3);
    }

    @Test
    void whatHangsOnAnAnswerMayUseThePoolAgain() throws Exception {
        WorkerPool pool = pool(1);
        model.hold();
        submit(pool, 0);
        awaitInside(1);
        CountDownLatch asked = new CountDownLatch(1);
        CompletableFuture<List<Tensor>> waiting = submit(pool, 1);
        CompletableFuture<Void> hung = waiting.handle((outputs, failure) -> {
            // From another thread: this one would pass a lock that it holds itself.
            Thread other = new Thread(() -> {
                pool.pending();
                asked.countDown();
            });
            other.start();
            try {
                assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return null;
        });

        pool.scale(Versions.of("a.mar", 0));

        hung.get(60, TimeUnit.SECONDS);
        assertThat(asked.getCount()).isZero();
    }

    @Test
    void aRunThatNobodyWaitsForIsEnded() {
        model.obeys = true;
        WorkerPool pool = pool(1);
        model.hold();
        CompletableFuture<List<Tensor>> running = submit(pool, 0);
        awaitInside(1);

        running.cancel(false);

        awaitInside(0);
        model.holdNoMore();
        assertThat(answer(submit(pool, 1))).isEqualTo(1);
    }

    @Test
    void aRunThatOneOfTwoCallersStillWaitsForGoesOn() {
        model.obeys = true;
        WorkerPool pool = pool(1, 2, MINUTE, MINUTE);
        Semaphore held = model.hold();
        CompletableFuture<List<Tensor>> leaves = submit(pool, 1);
        CompletableFuture<List<Tensor>> stays = submit(pool, 2);
        awaitInside(1);

        leaves.cancel(false);
        held.release(1);

        assertThat(answer(stays)).isEqualTo(2);
        assertThat(model.batches).containsExactly(List.of(1L, 2L));
    }

    @Test
    void requestsWhoseCallersHaveGoneNeitherRunNorFillTheQueue() {
        WorkerPool pool = pool(Versions.of("a.mar", 1), 3, InferenceListener.NONE);
        Semaphore held = model.hold();
        submit(pool, 0);
        awaitInside(1);
        CompletableFuture<List<Tensor>> first = submit(pool, 1);
        for (int i = 2; i < 50; i++) {
            submit(pool, i).cancel(false);
        }
        CompletableFuture<List<Tensor>> last = submit(pool, 50);

        assertThat(pool.pending()).isEqualTo(2);
        held.release(10);

        assertThat(answer(first)).isEqualTo(1);
        assertThat(answer(last)).isEqualTo(50);
        assertThat(model.batches).containsExactly(List.of(0L), List.of(1L), List.of(50L));
    }

    @Test
    void whatIsGivenUpAtAStopIsAnsweredAndEnded() {
        model.obeys = true;
        WorkerPool pool = pool(1);
        model.hold();
        CompletableFuture<List<Tensor>> running = submit(pool, 0);
        awaitInside(1);
        CompletableFuture<List<Tensor>> waiting = submit(pool, 1);

        pool.failAll("This host is stopping.");

        assertThat(failure(running)).hasMessage("This host is stopping.");
        assertThat(failure(waiting)).hasMessage("This host is stopping.");
        awaitInside(0);
    }
}
