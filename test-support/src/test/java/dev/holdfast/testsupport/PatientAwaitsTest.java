package dev.holdfast.testsupport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PatientAwaitsTest {

    @Test
    void anAwaitThatSaysNothingElseHasAMinute() {
        List<Long> millisLeft = new ArrayList<>();

        await().conditionEvaluationListener(evaluated -> millisLeft.add(evaluated.getRemainingTimeInMS()))
                .until(() -> true);

        assertThat(millisLeft).singleElement().matches(left -> left > 10_000 && left <= 60_000);
    }
}
