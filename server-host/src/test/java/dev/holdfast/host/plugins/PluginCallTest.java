package dev.holdfast.host.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.Uninterrupted;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Whoever gives a call up interrupts the call, and not what lets go of its result. */
class PluginCallTest {

    private final CountDownLatch lettingGo = new CountDownLatch(1);
    private final CountDownLatch interruptsAreSent = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final AtomicBoolean interrupted = new AtomicBoolean();

    private void letGo(String late) {
        lettingGo.countDown();
        try {
            interruptsAreSent.await();
        } catch (InterruptedException e) {
            interrupted.set(true);
        }
        letGo.countDown();
    }

    private static PluginContext context() {
        return new PluginContext("p", PluginCallTest.class.getClassLoader(), Optional.empty());
    }

    @Test
    void aResultThatComesBetweenTheEndOfTheCallAndItsInterruptIsLetGoOfAfterTheInterrupt() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch interrupting = new CountDownLatch(1);
        PluginCall<String> call = new PluginCall<>(
                context(),
                () -> {
                    begun.countDown();
                    await(interrupting);
                    return "late";
                },
                this::letGo);
        Thread thread = new Thread(call) {
            @Override
            public void interrupt() {
                interrupting.countDown();
                try {
                    // Time enough to come in between for what does not wait.
                    lettingGo.await(300, TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.interrupt();
                interruptsAreSent.countDown();
            }
        };
        thread.start();
        begun.await();

        assertThat(call.cancel(true)).isTrue();

        letGo.await();
        thread.join();
        assertThat(interrupted).isFalse();
    }

    @Test
    void callsThatEndWithTheLastInterruptNothing() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        PluginCalls calls = new PluginCalls("Serializer p", context(), Duration.ofMillis(100));
        // As often as the limit passes before the call begins.
        while (begun.getCount() > 0) {
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> calls.get(
                            "open",
                            () -> {
                                begun.countDown();
                                Uninterrupted.await(go);
                                return "late";
                            },
                            Set.of(),
                            this::letGo));
        }
        go.countDown();
        lettingGo.await();

        calls.endWithTheLast();

        interruptsAreSent.countDown();
        letGo.await();
        assertThat(interrupted).isFalse();
        assertThatExceptionOfType(IllegalStateException.class)
                .isThrownBy(() -> calls.run("save", () -> {}))
                .withMessage("Serializer p is closed");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
