package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TrainingTest {

    private final Training training = new Training("Model");

    @Test
    void theEndDoesNotWaitForALessonBeyondItsTimeAndSaysWhenItIsOver() throws Exception {
        CountDownLatch began = new CountDownLatch(1);
        CountDownLatch goesOn = new CountDownLatch(1);
        CompletableFuture<Integer> lesson =
                CompletableFuture.supplyAsync(() -> training.learn(Duration.ofSeconds(1), () -> {
                    began.countDown();
                    try {
                        goesOn.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return 3;
                }));
        began.await();

        CompletableFuture<Void> over = training.end(Duration.ZERO);

        assertThat(over).isNotDone();
        goesOn.countDown();
        over.get(60, TimeUnit.SECONDS);
        assertThat(lesson.get(60, TimeUnit.SECONDS)).isEqualTo(3);
        assertThatThrownBy(() -> training.learn(Duration.ofSeconds(60), () -> 1))
                .hasMessageContaining("is being unregistered or replaced");
    }

    @Test
    void withoutALessonItIsOverAtOnce() {
        assertThat(training.end(Duration.ZERO)).isCompleted();
    }
}
