package dev.holdfast.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Asking and teaching models by a wire that is none: its forms are lambdas. */
class InferenceOperationsTest {

    private static final Optional<String> DEFAULT = Optional.empty();

    private final OperationsUnderTest host = new OperationsUnderTest();
    private final InferenceOperations inference = host.operations.inference();
    private final List<CompletableFuture<?>> runs = new ArrayList<>();

    @AfterEach
    void stop() {
        host.close();
    }

    private static Tensor row(float... numbers) {
        return new Tensor("x", TensorType.FP32, new long[] {1, numbers.length}, numbers);
    }

    /** A wire on which one number comes back. */
    private static InferenceForm<Float> asking(float... numbers) {
        return model -> new InferenceRequest<>(
                List.of(row(numbers)),
                answer -> ((float[]) answer.outputs().get(0).elements())[0]);
    }

    private <A> CompletableFuture<A> predict(String model, Optional<String> version, InferenceForm<A> form)
            throws IOException {
        return inference.predict(model, version, form, runs::add, Runnable::run);
    }

    private static Kind kindOf(CompletableFuture<?> failed) {
        assertThat(failed).failsWithin(Duration.ofSeconds(60));
        return ApiFailure.of(failed.handle((answer, failure) -> failure).join()).kind();
    }

    private static Kind kindOf(Throwable failure) {
        return ApiFailure.of(failure).kind();
    }

    @Test
    void aFormReadsTheInputsAndWritesTheAnswer() throws IOException {
        host.with("sum-1.0.mar").with("sum-2.0.mar");
        List<InferenceModel> asked = new ArrayList<>();
        InferenceForm<String> form = model -> {
            asked.add(model);
            return new InferenceRequest<>(
                    List.of(row(1, 2, 3)),
                    answer -> model.name() + " " + model.version() + ": " + answer.outputs() + answer.remarks());
        };

        String answer =
                predict("sum", DEFAULT, form).orTimeout(60, TimeUnit.SECONDS).join();
        String other = predict("sum", Optional.of("2.0"), form)
                .orTimeout(60, TimeUnit.SECONDS)
                .join();

        assertThat(answer).isEqualTo("sum 1.0: [y FP32[1, 1]]{}");
        assertThat(other).startsWith("sum 2.0: ");
        assertThat(asked.get(0).signature().inputs())
                .extracting(TensorSpec::name)
                .containsExactly("x");
        assertThat(runs).hasSize(2);
    }

    @Test
    void nothingIsReadForAModelThatIsNotThere() {
        host.with("sum-1.0.mar");
        List<InferenceModel> asked = new ArrayList<>();
        InferenceForm<Float> form = model -> {
            asked.add(model);
            return asking(1, 2, 3).read(model);
        };

        assertThatThrownBy(() -> predict("none", DEFAULT, form))
                .satisfies(failure -> assertThat(kindOf(failure)).isEqualTo(Kind.MODEL_NOT_FOUND));
        assertThatThrownBy(() -> predict("sum", Optional.of("9"), form))
                .satisfies(failure -> assertThat(kindOf(failure)).isEqualTo(Kind.VERSION_NOT_FOUND));
        assertThatThrownBy(() -> inference.train("none", DEFAULT, form))
                .satisfies(failure -> assertThat(kindOf(failure)).isEqualTo(Kind.MODEL_NOT_FOUND));
        assertThatThrownBy(() -> inference.train("sum", DEFAULT, form))
                .hasMessage("Model \"sum\" Version: 1.0 does not learn from requests; only ask it for predictions.")
                .satisfies(failure -> assertThat(kindOf(failure)).isEqualTo(Kind.BAD_REQUEST));
        assertThat(asked).isEmpty();
        assertThat(runs).isEmpty();
    }

    @Test
    void whatAFormCannotReadIsTheFailure() {
        host.with("sum-1.0.mar").with("learner-1.0.mar");
        EOFException broken = new EOFException("half of it");
        InvalidInputException wrong = new InvalidInputException("no numbers");

        for (String model : List.of("sum", "learner")) {
            assertThatThrownBy(() -> predict(model, DEFAULT, asked -> {
                        throw broken;
                    }))
                    .isSameAs(broken);
            assertThatThrownBy(() -> predict(model, DEFAULT, asked -> {
                        throw wrong;
                    }))
                    .isSameAs(wrong);
        }
        assertThatThrownBy(() -> inference.train("learner", DEFAULT, asked -> {
                    throw wrong;
                }))
                .isSameAs(wrong);
    }

    @Test
    void inputsThatTheModelDoesNotWantAreABadRequest() {
        host.with("sum-1.0.mar");

        assertThatThrownBy(() -> predict("sum", DEFAULT, asking(1, 2)))
                .hasMessageContaining("Input 'x' wants FP32[-1, 3]")
                .satisfies(failure -> assertThat(kindOf(failure)).isEqualTo(Kind.BAD_REQUEST));
    }

    @Test
    void anAnswerThatCannotBeWrittenFailsThatRequestAlone() throws IOException {
        host.with("sum-1.0.mar");
        InferenceForm<Float> unwritable = model -> new InferenceRequest<>(List.of(row(1, 2, 3)), answer -> {
            throw new InvalidInputException("there is no output q");
        });

        assertThat(kindOf(predict("sum", DEFAULT, unwritable))).isEqualTo(Kind.BAD_REQUEST);
        assertThat(predict("sum", DEFAULT, asking(1, 2, 3)))
                .succeedsWithin(Duration.ofSeconds(60))
                .isEqualTo(6f);
    }

    @Test
    void aModelThatFailsIsNoFaultOfTheCaller() throws IOException {
        host.with("broken-1.0.mar");

        assertThat(kindOf(predict("broken", DEFAULT, asking(1, 2, 3)))).isEqualTo(Kind.INTERNAL);
    }

    @Test
    void aPredictionThatNobodyWaitsForIsWithdrawn() throws Exception {
        host.with("slow-1.0.mar");
        CompletableFuture<Float> answer = predict("slow", DEFAULT, asking(1, 2, 3));
        assertThat(host.models.slowBegan.await(60, TimeUnit.SECONDS)).isTrue();

        assertThat(runs).hasSize(1);
        runs.get(0).cancel(false);

        assertThat(kindOf(answer)).isEqualTo(Kind.WITHDRAWN);
    }

    @Test
    void aModelLearnsFromWhatAFormReads() throws IOException {
        host.with("learner-1.0.mar");

        long rows = inference.train("learner", DEFAULT, asking(1, 2));

        assertThat(rows).isEqualTo(1);
        assertThat(predict("learner", DEFAULT, asking(0, 0)))
                .succeedsWithin(Duration.ofSeconds(60))
                .isEqualTo(3f);
    }

    @Test
    void theOnlyModelIsKnownByThat() {
        assertThat(inference.onlyModel()).isEmpty();
        host.with("sum-1.0.mar").with("sum-2.0.mar");
        assertThat(inference.onlyModel()).hasValue("sum");
        host.with("echo-1.0.mar");
        assertThat(inference.onlyModel()).isEmpty();
    }

    @Test
    void explanationsAreNotSupported() {
        ApiFailure failure = inference.cannotExplain();
        assertThat(failure).hasMessage("Explanations are not supported by this host.");
        assertThat(failure.kind()).isEqualTo(Kind.NOT_SUPPORTED);
    }

    @Test
    void whatAnAnswerSaysOfItselfIsNoOutput() {
        TensorSpec y = new TensorSpec("y", TensorType.FP32, List.of(1L));
        TensorSpec fresh = new TensorSpec("session_new", TensorType.BOOL, List.of(1L));
        TensorSpec step = new TensorSpec("session_step", TensorType.INT64, List.of(1L));
        ModelSignature signature =
                new ModelSignature("fake", List.of(), List.of(), List.of(y), List.of(fresh, step), Map.of(), false);
        Tensor output = new Tensor("y", TensorType.FP32, new long[] {1}, new float[] {1});

        ModelAnswer answer = ModelAnswer.of(
                signature,
                List.of(
                        output,
                        new Tensor("session_new", TensorType.BOOL, new long[] {1}, new boolean[] {true}),
                        new Tensor("session_step", TensorType.INT64, new long[] {1}, new long[] {7})));

        assertThat(answer.outputs()).containsExactly(output);
        assertThat(answer.remarks()).containsExactly(Map.entry("session_new", true), Map.entry("session_step", 7L));
    }
}
