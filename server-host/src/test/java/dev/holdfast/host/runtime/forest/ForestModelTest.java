package dev.holdfast.host.runtime.forest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazon.randomcutforest.RandomCutForest;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LoadedModel;
import dev.holdfast.host.runtime.StoredParts;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateMismatchException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForestModelTest {

    private static final ForestSettings SMALL = settings(3, 1, 10, 32, 0.003);

    private static ForestSettings settings(int dimensions, int shingle, int trees, int sample, double decay) {
        return new ForestSettings(dimensions, shingle, trees, sample, decay, sample / 4, 7);
    }

    /** Waves with noise, a jump now and then, and values that occur again and again. */
    private static double[][] stream(int dimensions, int rows, long seed) {
        Random random = new Random(seed);
        double[][] stream = new double[rows][dimensions];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < dimensions; j++) {
                double value = 10 * Math.sin(i / (5.0 + j)) + random.nextGaussian();
                stream[i][j] =
                        random.nextInt(200) == 0 ? 100 * value : random.nextInt(10) == 0 ? Math.rint(value) : value;
            }
            if (i > 0 && random.nextInt(20) == 0) {
                stream[i] = stream[random.nextInt(i)].clone();
            }
        }
        return stream;
    }

    private static List<Tensor> request(double[]... rows) {
        int size = rows.length == 0 ? 3 : rows[0].length;
        double[] elements = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        return List.of(new Tensor("point", TensorType.FP64, new long[] {rows.length, size}, elements));
    }

    private static double[] scores(LoadedModel model, double[]... rows) {
        Tensor scores = model.predict(List.of(request(rows))).get(0).get(0);
        assertThat(scores.name()).isEqualTo("score");
        assertThat(scores.shape()).containsExactly(rows.length);
        return (double[]) scores.elements();
    }

    static Stream<ForestSettings> shapes() {
        return Stream.of(
                settings(1, 1, 1, 8, 0.1),
                settings(1, 8, 30, 64, 0.001),
                settings(3, 1, 50, 256, 0.0004),
                settings(2, 4, 20, 300, 0.01),
                settings(10, 1, 40, 100, 0),
                settings(300, 1, 5, 40, 0.01),
                // More uses of a point than a byte counts: few values, each of them in every tree, often.
                settings(1, 1, 250, 16, 0));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void aRestoredForestGoesOnExactlyAsTheOneThatWasNotInterrupted(ForestSettings settings) {
        ForestModel model = new ForestModel("m", settings);
        double[][] stream = stream(settings.dimensions(), 2600, 1);
        int next = 0;
        // Empty, half-filled, just filled, long since full.
        for (int rows : new int[] {0, 1, 2, settings.sampleSize() / 2, settings.sampleSize(), 600}) {
            model.train(request(Arrays.copyOfRange(stream, next, next + rows)));
            next += rows;
            ForestModel restored = new ForestModel("restored", settings);
            restored.restore(StoredParts.of(model));
            ForestModel uninterrupted = model;
            for (double[] row : Arrays.copyOfRange(stream, next, next + 100)) {
                assertThat(scores(restored, row)).containsExactly(scores(uninterrupted, row));
                restored.train(request(row));
                uninterrupted.train(request(row));
            }
            next += 100;
            // The one that was restored goes on, and so is restored again and again.
            model = restored;
        }
        assertThat(scores(model, stream[0])[0]).isPositive();
    }

    @Test
    void whatWasCapturedStaysAsItWasWhileTheForestLearnsOn() {
        ForestModel model = new ForestModel("m", SMALL);
        double[][] stream = stream(3, 1000, 2);
        model.train(request(Arrays.copyOf(stream, 500)));
        double[] before = scores(model, stream);
        StoredParts stored = StoredParts.of(model);
        model.train(request(Arrays.copyOfRange(stream, 500, 1000)));
        double[] after = scores(model, stream);

        ForestModel restored = new ForestModel("restored", SMALL);
        restored.restore(stored);

        assertThat(scores(restored, stream)).containsExactly(before);
        assertThat(after).isNotEqualTo(before);
    }

    @Test
    void takingAViewChangesNothing() {
        ForestModel watched = new ForestModel("watched", SMALL);
        ForestModel left = new ForestModel("left alone", SMALL);
        for (double[] row : stream(3, 600, 3)) {
            watched.train(request(row));
            StoredParts.of(watched);
            left.train(request(row));
        }

        assertThat(StoredParts.of(watched).contents())
                .isEqualTo(StoredParts.of(left).contents());
    }

    @Test
    void anAnomalyScoresHigherThanWhatTheForestKnows() {
        ForestModel model = new ForestModel("m", settings(3, 1, 50, 256, 0.0004));
        Random random = new Random(4);
        double[][] usual = new double[600][3];
        for (double[] row : usual) {
            Arrays.setAll(row, i -> random.nextGaussian());
        }
        model.train(request(usual));

        assertThat(scores(model, new double[] {0, 0, 0})[0]).isLessThan(1);
        assertThat(scores(model, new double[] {0, 20, 0})[0]).isGreaterThan(2);
    }

    @Test
    void aScoreIsZeroUntilEnoughIsLearnedAndAskingTeachesNothing() {
        ForestModel model = new ForestModel("m", SMALL);
        double[][] stream = stream(3, 20, 5);
        assertThat(scores(model, stream)).containsOnly(0);

        assertThat(model.train(request(Arrays.copyOf(stream, 7)))).isEqualTo(7);
        assertThat(scores(model, stream)).containsOnly(0);
        assertThat(model.train(request(stream[7]))).isEqualTo(1);

        assertThat(scores(model, stream)).doesNotContain(0);
        assertThat(model.updates()).isEqualTo(8);
    }

    @Test
    void theRowsOfAShingleAreScoredAsWhatComesNext() {
        ForestModel model = new ForestModel("m", settings(1, 8, 50, 128, 0.0008));
        for (int i = 0; i < 1000; i++) {
            model.train(request(new double[] {i % 8}));
        }

        // 0 comes next; 5 is as common a number, but not now.
        assertThat(scores(model, new double[] {5})[0]).isGreaterThan(1.5 * scores(model, new double[] {0})[0]);
    }

    @Test
    void extremeNumbersAreLearnedAndNegativeZeroIsZero() {
        ForestModel model = new ForestModel("m", SMALL);
        Random random = new Random(6);
        double[] extremes = {0.0, -0.0, 1e37f, -1e37f, Float.MIN_VALUE, -Float.MIN_VALUE, 1, Math.nextUp(1f), 1e-300};
        for (int i = 0; i < 3000; i++) {
            double[] row = new double[3];
            Arrays.setAll(row, any -> extremes[random.nextInt(extremes.length)]);
            model.train(request(row));
            assertThat(scores(model, row)[0]).isFinite();
        }
        ForestModel restored = new ForestModel("restored", SMALL);
        restored.restore(StoredParts.of(model));

        assertThat(scores(model, new double[] {-0.0, 1, 1})).containsExactly(scores(model, new double[] {0, 1, 1}));
        assertThat(scores(restored, extremes[0], 1, 1)).containsExactly(scores(model, extremes[0], 1, 1));
    }

    private static double[] scores(ForestModel model, double a, double b, double c) {
        return scores(model, new double[] {a, b, c});
    }

    @Test
    void narrowInputsAreTheSameAsWideOnes() {
        ForestModel model = new ForestModel("m", SMALL);
        model.train(request(stream(3, 100, 7)));
        List<Tensor> narrow =
                List.of(new Tensor("point", TensorType.FP32, new long[] {1, 3}, new float[] {1, 2.5f, -3}));
        model.check(narrow);

        double[] scores =
                (double[]) model.predict(List.of(narrow)).get(0).get(0).elements();

        assertThat(scores).containsExactly(scores(model, 1, 2.5, -3));
    }

    @Test
    void whatDoesNotFitIsRefusedAndTeachesNothing() {
        ForestModel model = new ForestModel("m", SMALL);

        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 1.1e37, -1e300}) {
            assertThatThrownBy(() -> model.checkTraining(request(new double[3], new double[] {0, 0, bad})))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("as number 2 of row 1; numbers must be finite and at most 1.0E37");
            assertThatThrownBy(() -> model.train(request(new double[3], new double[] {0, 0, bad})))
                    .isInstanceOf(InvalidInputException.class);
        }
        assertThatThrownBy(() -> model.check(request(new double[2])))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(
                        "wants one input, point FP64[-1,3] or FP32 of that shape, not [point FP64[1, 2]]");
        assertThatThrownBy(() -> model.check(List.of())).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() ->
                        model.check(List.of(new Tensor("point", TensorType.INT64, new long[] {1, 3}, new long[3]))))
                .isInstanceOf(InvalidInputException.class);
        assertThat(model.updates()).isZero();
        assertThat(model.train(request())).isZero();
    }

    @Test
    void aStateOfOtherSettingsIsRefusedAndOneOfAnotherSeedIsTaken() {
        ForestModel model = new ForestModel("m", SMALL);
        model.train(request(stream(3, 200, 8)));
        StoredParts stored = StoredParts.of(model);

        assertThatExceptionOfType(StateMismatchException.class)
                .isThrownBy(() -> new ForestModel("m", settings(3, 1, 11, 32, 0.003)).restore(stored))
                .withMessageContaining("trees=10")
                .withMessageContaining("trees=11");
        ForestModel other = new ForestModel("m", new ForestSettings(3, 1, 10, 32, 0.003, 1, 99));
        other.restore(stored);
        assertThat(scores(other, 1, 2, 3)).containsExactly(scores(model, 1, 2, 3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"damaged", "forged"})
    void badBytesAreToldAsDamageAndLeaveTheModelAlone(String how) {
        ForestSettings settings = settings(2, 3, 6, 24, 0.004);
        ForestModel model = new ForestModel("m", settings);
        model.train(request(stream(2, 400, 9)));
        StoredParts stored = StoredParts.of(model);
        ForestModel target = new ForestModel("target", settings);
        target.train(request(stream(2, 50, 10)));
        double[] before = scores(target, new double[] {1, 2});

        int taken = 0;
        for (int seed = 0; seed < 600; seed++) {
            Random random = new Random(seed);
            StoredParts bad = how.equals("damaged") ? stored.damaged(random) : stored.forged(random);
            try {
                target.restore(bad);
                taken++;
                // Bits that nothing can contradict, such as a seed's: a forest like another, which works.
                for (double[] row : stream(2, 30, seed)) {
                    assertThat(scores(target, row)[0]).as("seed %d", seed).isFinite();
                    target.train(request(row));
                }
                target = new ForestModel("target", settings);
                target.train(request(stream(2, 50, 10)));
            } catch (StateException e) {
                assertThat(e).as("seed %d", seed).isInstanceOf(StateDamagedException.class);
            }
            assertThat(scores(target, new double[] {1, 2})).as("seed %d", seed).containsExactly(before);
        }
        if (how.equals("damaged")) {
            assertThat(taken).isZero();
        }
    }

    @Test
    void aMissingPartIsDamage() {
        ForestModel model = new ForestModel("m", SMALL);
        model.train(request(stream(3, 100, 11)));
        StoredParts stored = StoredParts.of(model);

        for (String part : stored.bytes().keySet()) {
            assertThatExceptionOfType(StateDamagedException.class)
                    .isThrownBy(() -> model.restore(stored.without(part)))
                    .withMessageContaining(part);
        }
    }

    @Test
    void askedAndCapturedWhileItLearnsItLearnsTheSame() throws Exception {
        ForestModel model = new ForestModel("m", SMALL);
        double[][] stream = stream(3, 4000, 12);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            Future<?> learning = threads.submit(() -> {
                for (int i = 0; i < stream.length; i += 10) {
                    model.train(request(Arrays.copyOfRange(stream, i, i + 10)));
                }
            });
            Future<?> asking = threads.submit(() -> {
                while (!learning.isDone()) {
                    assertThat(scores(model, stream[0])[0]).isFinite();
                }
            });
            Future<?> capturing = threads.submit(() -> {
                while (!learning.isDone()) {
                    ForestModel restored = new ForestModel("restored", SMALL);
                    restored.restore(StoredParts.of(model));
                }
            });
            for (Future<?> future : List.of(learning, asking, capturing)) {
                future.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        ForestModel alone = new ForestModel("alone", SMALL);
        alone.train(request(stream));

        assertThat(model.updates()).isEqualTo(4000);
        assertThat(StoredParts.of(model).contents())
                .isEqualTo(StoredParts.of(alone).contents());
    }

    /** A forest that breaks when it is told to. */
    private static final class BreakingForest extends RandomCutForest {

        private boolean breaks;

        BreakingForest() {
            super(ForestModel.builder(SMALL));
        }

        @Override
        public void update(float[] point) {
            if (breaks) {
                throw new IllegalStateException("out of space");
            }
            super.update(point);
        }
    }

    @Test
    void aForestThatFailedInTheMidstOfARowIsNeitherAskedNorStoredUntilItIsRestored() {
        BreakingForest forest = new BreakingForest();
        ForestModel model = new ForestModel("m", SMALL, forest);
        model.train(request(stream(3, 100, 13)));
        double[] before = scores(model, new double[] {1, 2, 3});
        StoredParts stored = StoredParts.of(model);
        forest.breaks = true;

        assertThatThrownBy(() -> model.train(request(new double[3])))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("failed in the midst of learning a row")
                .hasMessageContaining("out of space");

        assertThatThrownBy(() -> scores(model, new double[3])).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> model.train(request(new double[3]))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(model::capture).isInstanceOf(IllegalStateException.class);
        assertThat(model.updates()).isEqualTo(100);
        model.restore(stored);
        assertThat(scores(model, new double[] {1, 2, 3})).containsExactly(before);
        assertThat(model.train(request(new double[3]))).isOne();
    }

    @Test
    void aClosedModelAnswersNothing() {
        ForestModel model = new ForestModel("m", SMALL);
        model.close();

        assertThatThrownBy(() -> model.predict(List.of(request(new double[3]))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void aPredictionEndsWhenItsThreadIsToldTo() {
        ForestModel model = new ForestModel("m", SMALL);
        Tensor rows = new Tensor("point", TensorType.FP64, new long[] {1, 3}, new double[] {1, 2, 3});

        model.end(Thread.currentThread());

        try {
            assertThatThrownBy(() -> model.predict(List.of(List.of(rows))))
                    .isInstanceOf(InferenceException.class)
                    .hasMessageContaining("was told to end");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
