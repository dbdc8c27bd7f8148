package dev.holdfast.host.api;

import static dev.holdfast.host.api.OperationsUnderTest.fails;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.api.SaveOperations.NamedSave;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SaveOperationsTest {

    private static final Optional<String> DEFAULT = Optional.empty();

    private final OperationsUnderTest host = new OperationsUnderTest().with("learner-1.0.mar");
    private final SaveOperations saves = host.operations.saves();

    @AfterEach
    void stop() {
        host.close();
    }

    private static <A> InferenceForm<A> row(float number, Function<ModelAnswer, A> writer) {
        return model -> new InferenceRequest<>(
                List.of(new Tensor("x", TensorType.FP32, new long[] {1, 2}, new float[] {number, 0})), writer);
    }

    private void teach(float number) throws IOException {
        host.operations.inference().train("learner", DEFAULT, row(number, answer -> answer));
    }

    private float learned() throws IOException {
        return host.operations
                .inference()
                .predict(
                        "learner",
                        DEFAULT,
                        row(0, answer -> ((float[]) answer.outputs().get(0).elements())[0]),
                        run -> {},
                        Runnable::run)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();
    }

    @Test
    void aModelGoesBackToWhatWasSavedAndToTheGenerationBefore() throws IOException {
        teach(1);
        assertThat(saves.save("learner", DEFAULT, "daily").sentence())
                .isEqualTo("Model \"learner\" Version: 1.0 saved as \"daily\"");
        teach(10);
        saves.save("learner", Optional.of("1.0"), "daily");
        teach(100);

        saves.load("learner", DEFAULT, "daily", 0);
        assertThat(learned()).isEqualTo(11);
        saves.load("learner", DEFAULT, "daily", 1);
        assertThat(learned()).isEqualTo(1);
        assertThat(saves.list("learner")).extracting(NamedSave::id).containsExactly("daily", "daily");
        assertThat(saves.list("learner")).extracting(NamedSave::generation).containsExactly(0, 1);
    }

    @Test
    void aRemovedSaveIsGone() throws IOException {
        teach(1);
        saves.save("learner", DEFAULT, "a");

        assertThat(saves.remove("learner", "a").sentence()).isEqualTo("Save \"a\" of model \"learner\" removed");

        assertThat(saves.list("learner")).isEmpty();
        fails(Kind.SAVE_NOT_FOUND, () -> saves.load("learner", DEFAULT, "a", 0));
        fails(Kind.SAVE_NOT_FOUND, () -> saves.remove("learner", "a"));
    }

    @Test
    void savesOfAModelThatNeverWasAreNotListed() {
        fails(Kind.MODEL_NOT_FOUND, () -> saves.list("none"));
        fails(Kind.MODEL_NOT_FOUND, () -> saves.save("none", DEFAULT, "a"));
    }

    @Test
    void aStoreThatDoesNotAnswerIsNoFaultOfWhoLoads() throws IOException {
        teach(1);
        saves.save("learner", DEFAULT, "a");
        teach(10);
        host.chunks.down = true;

        fails(Kind.UNAVAILABLE, () -> saves.load("learner", DEFAULT, "a", 0));

        assertThat(learned()).isEqualTo(11);
    }
}
