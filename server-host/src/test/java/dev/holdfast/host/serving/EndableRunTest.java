package dev.holdfast.host.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.Predictor;
import dev.holdfast.host.serving.EndableRun.RunEndedException;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class EndableRunTest {

    private final FakeModel model = new FakeModel();
    private final EndableRun run = new EndableRun(model);

    @Test
    void whoIsInsideTheModelIsToldAndLeavesNothingForWhatComesAfter() throws Exception {
        model.obeys = true;
        model.hold();
        FutureTask<Boolean> inside = new FutureTask<>(() -> {
            assertThatThrownBy(() -> run.predict(List.of(FakeModel.number(1)), Predictor.Pieces.NONE))
                    .isInstanceOf(InferenceException.class);
            return Thread.currentThread().isInterrupted();
        });
        new Thread(inside, "inside").start();
        await().until(() -> model.inside.get() == 1);

        run.end();

        assertThat(inside.get(60, TimeUnit.SECONDS)).isFalse();
        assertThat(run.isEnding()).isTrue();
    }

    @Test
    void aBatchThatWasToldToEndDoesNotBeginAndTheNextOneDoes() {
        run.end();

        assertThatThrownBy(() -> run.predict(List.of(FakeModel.number(1)), Predictor.Pieces.NONE))
                .isInstanceOf(RunEndedException.class);

        assertThat(model.batches).isEmpty();
        run.begin();
        assertThat(run.predict(List.of(FakeModel.number(2)), Predictor.Pieces.NONE))
                .hasSize(1);
    }

    @Test
    void aThreadThatIsNotInTheModelIsNotInterrupted() {
        run.predict(List.of(FakeModel.number(1)), Predictor.Pieces.NONE);

        run.end();

        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
}
