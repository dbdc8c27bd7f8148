package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.runtime.ModelProcess;
import dev.holdfast.host.runtime.ProcessStartException;
import dev.holdfast.host.runtime.ProcessStatus;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.serving.KeptProcess.Patience;
import dev.holdfast.testsupport.LogLines;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class KeptProcessTest {

    private static final Patience SHORT =
            new Patience(List.of(Duration.ofMillis(1), Duration.ofMillis(2)), Duration.ofMinutes(5));

    @RegisterExtension
    final LogLines log = new LogLines(KeptProcess.class);

    private final FakeProcess process = new FakeProcess();

    @Test
    void theFirstStartWaitsForNothing() throws Exception {
        KeptProcess kept = new KeptProcess("w", process, Patience.USUAL, took -> {});

        assertThat(kept.awaitUp()).isTrue();

        kept.firstStart().get(60, TimeUnit.SECONDS);
        assertThat(process.starts).hasValue(1);
        assertThat(kept.status().state()).isEqualTo("READY");
    }

    @Test
    void aProcessThatDiedIsStartedAgainAndSaidSoInOneLine() {
        KeptProcess kept = new KeptProcess("Worker 7", process, SHORT, took -> {});
        kept.awaitUp();
        process.up = false;

        assertThat(kept.awaitUp()).isTrue();

        assertThat(process.starts).hasValue(2);
        assertThat(log.warnings()).containsExactly("Worker 7 died: it fell. It is started again in 0 s");
        assertThat(log.info()).containsExactly("Worker 7 is up again, as process 42");
    }

    @Test
    void startsAreTriedUntilOneSucceedsAndTheFirstFailureIsKnown() {
        process.failures = 5;
        KeptProcess kept = new KeptProcess("w", process, SHORT, took -> {});

        assertThat(kept.awaitUp()).isTrue();

        assertThat(process.starts).hasValue(6);
        assertThatThrownBy(() -> kept.firstStart().get(60, TimeUnit.SECONDS)).hasMessageContaining("not today");
        assertThat(kept.status().failure()).isEmpty();
    }

    @Test
    void afterTheWindowItIsGivenUp() {
        process.failures = Integer.MAX_VALUE;
        KeptProcess kept = new KeptProcess("Worker 7", process, new Patience(SHORT.waits(), Duration.ZERO), took -> {});

        assertThat(kept.awaitUp()).isFalse();

        assertThat(log.errors())
                .containsExactly("Worker 7 cannot be started: not today. It is given up, 0 s after its first failure;"
                        + " POST /models/MODEL/retry brings another one");
    }

    @Test
    void whoLeavesWhileItWaitsForTheNextStartLeavesAtOnce() throws Exception {
        process.failures = Integer.MAX_VALUE;
        KeptProcess kept = new KeptProcess(
                "w", process, new Patience(List.of(Duration.ofHours(1)), Duration.ofHours(2)), took -> {});
        CompletableFuture<Boolean> waits = CompletableFuture.supplyAsync(kept::awaitUp);
        assertThatThrownBy(() -> kept.firstStart().get(60, TimeUnit.SECONDS)).hasMessageContaining("not today");

        kept.leave();

        assertThat(waits.get(60, TimeUnit.SECONDS)).isFalse();
    }

    @Test
    void whoLeavesDuringAStartEndsIt() throws Exception {
        process.hangs = true;
        KeptProcess kept = new KeptProcess("w", process, Patience.USUAL, took -> {});
        CompletableFuture<Boolean> waits = CompletableFuture.supplyAsync(kept::awaitUp);
        assertThat(process.starting.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(kept.status().state()).isEqualTo("STARTING");

        kept.leave();

        assertThat(waits.get(60, TimeUnit.SECONDS)).isFalse();
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void theUsualPatienceIsTorchServes() {
        assertThat(Patience.USUAL.waits())
                .map(Duration::toSeconds)
                .containsExactly(1L, 1L, 2L, 3L, 5L, 8L, 13L, 21L, 34L, 55L);
        assertThat(Patience.USUAL.window()).hasSeconds(300);
    }

    private static final class FakeProcess implements ModelProcess {

        final AtomicInteger starts = new AtomicInteger();
        final CountDownLatch starting = new CountDownLatch(1);
        private final CountDownLatch killed = new CountDownLatch(1);
        volatile boolean up;
        volatile boolean hangs;
        volatile int failures;

        @Override
        public void start() {
            starting.countDown();
            if (hangs) {
                try {
                    killed.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
            if (starts.incrementAndGet() <= failures || hangs) {
                throw new ProcessStartException("not today", false);
            }
            up = true;
        }

        @Override
        public boolean isUp() {
            return up;
        }

        @Override
        public String ending() {
            return "it fell";
        }

        @Override
        public ProcessStatus status() {
            return new ProcessStatus(42, 0, Map.of());
        }

        @Override
        public void kill() {
            killed.countDown();
        }

        @Override
        public List<List<Tensor>> predict(List<List<Tensor>> batch) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }
}
