package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class WorkerMemoryTest {

    private static final long MIB = 1 << 20;

    @Test
    void workersThatDoNotAllFitAreRefusedWithHowManyWould() {
        MemoryAdmission admission = new MemoryAdmission(archive -> 0, () -> OptionalLong.of(100 * MIB));

        assertThatThrownBy(() -> admission.promiseWorkers("Model \"m\" Version: 1.0", 5, 30 * MIB))
                .isInstanceOfSatisfying(
                        ServingException.class, e -> assertThat(e.kind()).isEqualTo(ServingException.Kind.NO_MEMORY))
                .hasMessage(
                        "Model \"m\" Version: 1.0 cannot have 5 more workers: each takes at least 30 MiB of memory, and"
                                + " this host has 100 MiB left, enough for 3. Ask for fewer, give the host more memory, or set"
                                + " memory_admission=false to start them all the same");
    }

    @Test
    void whatIsPromisedToSomeIsNotPromisedToOthersUntilTheyAreUp() {
        MemoryAdmission admission = new MemoryAdmission(archive -> 0, () -> OptionalLong.of(100 * MIB));
        MemoryAdmission.Promise promise = admission.promiseWorkers("a", 3, 30 * MIB);

        assertThatThrownBy(() -> admission.promiseWorkers("b", 1, 30 * MIB)).hasMessageContaining("enough for 0");
        promise.close();

        assertThatCode(() -> MemoryAdmission.off().promiseWorkers("b", 1000, 30 * MIB))
                .doesNotThrowAnyException();
    }
}
