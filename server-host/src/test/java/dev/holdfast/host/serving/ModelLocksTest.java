package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ModelLocksTest {

    private final ModelLocks locks = new ModelLocks();

    @Test
    void oneAtATimeWorksOnAModelAndNothingIsKeptAfterwards() throws Exception {
        int[] counts = new int[3];
        List<CompletableFuture<Void>> workers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            workers.add(CompletableFuture.runAsync(
                    () -> {
                        for (int n = 0; n < 3000; n++) {
                            int model = n % 3;
                            locks.with("m" + model, () -> counts[model]++);
                        }
                    },
                    task -> new Thread(task).start()));
        }
        for (CompletableFuture<Void> worker : workers) {
            worker.get(60, TimeUnit.SECONDS);
        }

        assertThat(counts).containsOnly(6000);
        assertThat(locks.size()).isZero();
    }

    @Test
    void workThatFailsLetsGoOfItsLock() {
        assertThatIllegalStateException()
                .isThrownBy(() -> locks.with("m", () -> {
                    assertThat(locks.size()).isEqualTo(1);
                    throw new IllegalStateException();
                }));

        assertThat(locks.size()).isZero();
    }
}
