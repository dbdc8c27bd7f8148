package dev.holdfast.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.testsupport.LogLines;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class UpkeepTest {

    private static final Duration SOON = Duration.ofMillis(1);

    @RegisterExtension
    final LogLines log = new LogLines(Upkeep.class);

    @Test
    void workThatWaitsDelaysNoOtherWork() throws InterruptedException {
        CountDownLatch waits = new CountDownLatch(2);
        CountDownLatch released = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        AtomicInteger done = new AtomicInteger();
        try (Upkeep upkeep = new Upkeep()) {
            for (int i = 0; i < 2; i++) {
                upkeep.every("Waiting failed", SOON, SOON, () -> {
                    waits.countDown();
                    try {
                        released.await();
                    } catch (InterruptedException e) {
                        interrupted.set(true);
                    }
                });
            }
            waits.await();
            upkeep.every("Counting failed", SOON, SOON, done::incrementAndGet);

            await().until(() -> done.get() > 2);
        }
        await().untilTrue(interrupted);
    }

    @Test
    void workThatThrowsIsLoggedAndDoneAgain() {
        AtomicInteger done = new AtomicInteger();
        try (Upkeep upkeep = new Upkeep()) {
            upkeep.every("Failed models could not be tried again", SOON, SOON, () -> {
                if (done.incrementAndGet() == 1) {
                    throw new OutOfMemoryError("heap");
                }
            });
            await().until(() -> done.get() > 1);
        }
        assertThat(log.errors())
                .containsExactly("Failed models could not be tried again: java.lang.OutOfMemoryError: heap");
    }

    /** What it works with, such as the classes of a plugin, is taken away right after the close. */
    @Test
    void theCloseWaitsForWhatIsBeingDoneAndItsFailureIsNoNews() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        Upkeep upkeep = new Upkeep();
        upkeep.every("Old snapshots could not be cleared away", SOON, SOON, () -> {
            begun.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                ended.set(true);
                throw new NoClassDefFoundError("a class of a plugin");
            }
        });
        begun.await();

        upkeep.close();

        assertThat(ended).isTrue();
        assertThat(log.errors()).isEmpty();
    }
}
