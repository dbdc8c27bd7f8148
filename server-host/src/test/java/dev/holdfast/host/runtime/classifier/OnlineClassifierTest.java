package dev.holdfast.host.runtime.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.ModelLoadException;
import dev.holdfast.host.runtime.StoredParts;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateMismatchException;
import dev.holdfast.host.state.StatePart;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnlineClassifierTest {

    private static final String WORDS =
            "{\"method\":\"%s\",\"parameter\":{\"regularization_weight\":0.5},\"converter\":{\"string_rules\":"
                    + "[{\"key\":\"*\",\"type\":\"space\",\"sample_weight\":\"bin\",\"global_weight\":\"bin\"}],"
                    + "\"num_rules\":[{\"key\":\"*\",\"type\":\"num\"}]}}";

    private static OnlineClassifier words(String method) {
        return ClassifierVectors.model(WORDS.formatted(method));
    }

    private static Datum text(String text) {
        return new Datum(List.of(new Datum.Text("t", text)), List.of());
    }

    private static Datum number(double value) {
        return new Datum(List.of(), List.of(new Datum.Num("n", value)));
    }

    private static Datum.Labelled example(String label, String text) {
        return new Datum.Labelled(label, text(text));
    }

    static void assertScores(List<Map<String, Double>> actual, List<Map<String, Double>> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            Map<String, Double> scores = actual.get(i);
            assertThat(scores.keySet()).isEqualTo(expected.get(i).keySet());
            expected.get(i)
                    .forEach((label, score) -> assertThat(scores.get(label))
                            .as(label)
                            .isCloseTo(score, within(1e-9 * Math.max(1, Math.abs(score)))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"perceptron", "PA", "AROW"})
    void scoresAreThoseOfTheOriginalAfterEachExample(String method) {
        OnlineClassifier model = ClassifierVectors.model(ClassifierVectors.config(method));
        JsonNode results = ClassifierVectors.results(method);
        List<Datum.Labelled> examples = ClassifierVectors.examples();

        for (int i = 0; i < examples.size(); i++) {
            model.learn(List.of(examples.get(i)));
            assertScores(
                    model.classify(ClassifierVectors.queries()),
                    ClassifierVectors.scores(results.path("after_each").get(i)));
        }

        results.path("labels")
                .properties()
                .forEach(label -> assertThat(model.labels())
                        .containsEntry(label.getKey(), label.getValue().longValue()));
        assertThat(model.featureCount())
                .hasToString(results.path("num_features").textValue());
        assertThat(model.deleteLabel("tech")).isTrue();
        assertScores(
                model.classify(ClassifierVectors.queries()),
                ClassifierVectors.scores(results.path("after_delete_tech")));
    }

    /** One feature, so that each step can be followed by hand: C = 0.5, first x = 2 for a, then x = 1 for b. */
    @ParameterizedTest
    @CsvSource({
        // PA: tau = 1/8, w_a = 1/4; then m = -1/4, tau = 5/8.
        "PA, -0.375, 0.625",
        // PA1: tau = min(1/2, …): 1/8, then 1/2.
        "PA1, -0.25, 0.5",
        // PA2: tau = 1/(8 + 1) = 1/9, w_a = 2/9; then m = -2/9, tau = (11/9)/(2 + 1) = 11/27.
        "PA2, -0.18518518518518518, 0.4074074074074074",
        // AROW: V = 8, beta = 1/10, w_a = 1/5, cov_a = 1 - 4/10; then m = -1/5, V = 1.6, beta = 1/3.6, alpha = 1/3.
        "AROW, 0.0, 0.3333333333333333",
        // NHERD: V = 8, w_a = 2/10, cov_a = 1/(1 + (1 + 2) 4) = 1/13; then V = 14/13, step = 1.2/(14/13 + 2) = 0.39.
        "NHERD, 0.17, 0.39"
    })
    void eachMethodLearnsByItsFormula(String method, double a, double b) {
        OnlineClassifier model = words(method);

        model.learn(List.of(new Datum.Labelled("a", number(2)), new Datum.Labelled("b", number(1))));

        assertScores(model.classify(List.of(number(1))), List.of(Map.of("a", a, "b", b)));
    }

    @Test
    void confidenceWeightedLearnsByItsFormula() {
        OnlineClassifier model = words("CW");

        model.learn(List.of(new Datum.Labelled("a", number(2)), new Datum.Labelled("b", number(1))));

        // b = 1, V = 8: gamma = (-1 + sqrt(1 + 8/2 * 8/2)) / (2 * 8).
        double gamma = (-1 + Math.sqrt(17)) / 16;
        double cov = 1 / (1 + 4 * gamma);
        double m = -2 * gamma;
        double v = 1 + cov;
        double next = (-(1 + m) + Math.sqrt((1 + m) * (1 + m) - 4 * (m - v / 2))) / (2 * v);
        assertScores(model.classify(List.of(number(1))), List.of(Map.of("a", 2 * gamma - next * cov, "b", next)));
    }

    @Test
    void labelsAreSetCountedAndDeletedWithTheirWeights() {
        OnlineClassifier model = words("AROW");

        assertThat(model.setLabel("new")).isTrue();
        assertThat(model.setLabel("new")).isFalse();
        model.learn(List.of(example("a", "x y"), example("b", "x z"), example("b", "y z")));

        assertThat(model.labels()).isEqualTo(Map.of("new", 0L, "a", 1L, "b", 2L));
        assertThat(model.deleteLabel("b")).isTrue();
        assertThat(model.deleteLabel("b")).isFalse();
        assertThat(model.deleteLabel("a")).isTrue();
        assertThat(model.deleteLabel("new")).isTrue();
        assertThat(model.featureCount()).isZero();
        assertThat(model.classify(List.of(text("x")))).isEqualTo(List.of(Map.of()));
    }

    @Test
    void labelsThatComeAndGoDoNotMakeScoresLonger() {
        OnlineClassifier model = words("PA");
        model.learn(List.of(example("a", "x"), example("b", "y")));
        List<Map<String, Double>> before = model.classify(List.of(text("x"), text("y")));

        for (int i = 0; i < 3000; i++) {
            model.setLabel("label " + i);
            model.deleteLabel("label " + i);
        }

        assertThat(model.classify(List.of(text("x"), text("y")))).isEqualTo(before);
        assertThat(StoredParts.of(model).bytes().get("labels").length).isLessThan(200);
    }

    @Test
    void aBadExampleTeachesNothingOfItsRequest() {
        OnlineClassifier model = words("AROW");
        Datum bad = new Datum(List.of(new Datum.Text("a$b", "x")), List.of());

        assertThatThrownBy(() -> model.learn(List.of(example("a", "x"), new Datum.Labelled("a", bad))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage("feature key cannot contain '$': a$b");
        assertThatThrownBy(() -> model.learn(List.of(new Datum.Labelled("a", number(Double.NaN)))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("number 'n' is NaN");
        assertThat(model.labels()).isEmpty();
        assertThat(model.updates()).isZero();
    }

    @Test
    void whatWasLearnedComesBackToTheLastBit() {
        for (String method : List.of("perceptron", "PA", "PA1", "PA2", "CW", "AROW", "NHERD")) {
            OnlineClassifier model = ClassifierVectors.model(ClassifierVectors.config(method, 0.25));
            model.learn(ClassifierVectors.examples());
            StoredParts.of(model);
            model.learn(ClassifierVectors.examples().subList(1, 4));
            model.setLabel("never taught");

            OnlineClassifier other = ClassifierVectors.model(ClassifierVectors.config(method, 0.25));
            other.restore(StoredParts.of(model));

            assertThat(other.classify(ClassifierVectors.queries()))
                    .isEqualTo(model.classify(ClassifierVectors.queries()));
            assertThat(other.labels()).isEqualTo(model.labels());
            other.learn(ClassifierVectors.examples());
            model.learn(ClassifierVectors.examples());
            assertThat(other.classify(ClassifierVectors.queries()))
                    .isEqualTo(model.classify(ClassifierVectors.queries()));
        }
    }

    @Test
    void aStateGrowsByWhatChanged() {
        OnlineClassifier model = words("AROW");
        for (int i = 0; i < 20_000; i++) {
            model.learn(List.of(example("label" + i % 10, "word" + i + " and" + i)));
        }
        long before;
        try (StateCapture capture = model.capture()) {
            before = capture.parts().get(1).size();
        }
        for (int i = 0; i < 200; i++) {
            model.learn(List.of(example("label" + i % 7, "word" + i * 97 + " and" + i * 97)));
        }
        try (StateCapture capture = model.capture()) {
            StatePart features = capture.parts().get(1);

            assertThat(features.size() - before).isBetween(1L, before / 50);
            assertThat(features.unchangedSince(1, 0, before)).isTrue();
            assertThat(features.unchangedSince(1, 0, before + 1)).isFalse();
        }
    }

    @Test
    void aLogIsWrittenAnewBeforeItIsThreeTimesWhatItHolds() {
        OnlineClassifier model = words("AROW");
        List<Datum.Labelled> examples = new ArrayList<>();
        for (int i = 0; i < 4000; i++) {
            examples.add(example("label" + i % 3, "word" + i));
        }
        model.learn(examples);
        long first = StoredParts.of(model).bytes().get("features").length;
        long most = 0;
        for (int i = 0; i < 40; i++) {
            model.learn(examples.subList(i * 50, i * 50 + 1000));
            most = Math.max(most, StoredParts.of(model).bytes().get("features").length);
        }

        assertThat(most).isLessThan(3 * first + (1 << 18));
        OnlineClassifier other = words("AROW");
        other.restore(StoredParts.of(model));
        assertThat(other.classify(List.of(text("word7 word11"))))
                .isEqualTo(model.classify(List.of(text("word7 word11"))));
    }

    @Test
    void aViewStaysAsItWasWhileTheModelLearnsOn() {
        OnlineClassifier model = words("AROW");
        model.learn(List.of(example("a", "x y"), example("b", "y z")));
        try (StateCapture capture = model.capture()) {
            StatePart part = capture.parts().get(1);
            byte[] first = new byte[(int) part.size()];
            part.read(0, first, first.length);

            model.learn(List.of(example("b", "x q r s t")));
            StoredParts.of(model);
            model.clear();
            model.learn(List.of(example("c", "entirely other")));
            StoredParts.of(model);

            byte[] again = new byte[(int) part.size()];
            part.read(0, again, again.length);
            assertThat(again).isEqualTo(first);
        }
    }

    @Test
    void aStateThatIsDamagedOrForgedNeverTouchesTheModel() {
        OnlineClassifier model = ClassifierVectors.model(ClassifierVectors.config("AROW"));
        model.learn(ClassifierVectors.examples());
        StoredParts whole = StoredParts.of(model);
        List<Map<String, Double>> scores = model.classify(ClassifierVectors.queries());
        Random random = new Random(19);
        for (int i = 0; i < 2000; i++) {
            StoredParts damaged = whole.damaged(random);
            assertThatThrownBy(() -> model.restore(damaged)).isInstanceOf(StateDamagedException.class);
        }
        assertThatThrownBy(() -> model.restore(whole.without("labels"))).isInstanceOf(StateDamagedException.class);
        assertThat(model.classify(ClassifierVectors.queries())).isEqualTo(scores);
    }

    @Test
    void aStateOfAnotherConfigurationIsRefused() {
        OnlineClassifier arow = words("AROW");
        OnlineClassifier other = words("NHERD");

        assertThatThrownBy(() -> other.restore(StoredParts.of(arow)))
                .isInstanceOf(StateMismatchException.class)
                .hasMessageContaining("method=arow")
                .hasMessageContaining("method=nherd");
    }

    @Test
    void aRequestForTooManyScoresIsRefusedBeforeTheyTakeMemory() {
        OnlineClassifier model = words("PA");
        for (int i = 0; i < 2001; i++) {
            model.setLabel("label " + i);
        }

        assertThatThrownBy(() -> model.classify(java.util.Collections.nCopies(2000, text(""))))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("asks for 4002000 scores");
    }

    @Test
    void othersClassifyWhileOneTeaches() throws Exception {
        OnlineClassifier model = words("PA");
        model.learn(List.of(example("a", "x"), example("b", "y")));
        double sum = model.classify(List.of(text("x"))).get(0).values().stream()
                .mapToDouble(score -> score)
                .sum();
        AtomicBoolean over = new AtomicBoolean();
        List<CompletableFuture<Integer>> readers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            readers.add(CompletableFuture.supplyAsync(() -> {
                int asked = 0;
                do {
                    Map<String, Double> scores =
                            model.classify(List.of(text("x"))).get(0);
                    assertThat(scores).containsOnlyKeys("a", "b");
                    // Both labels go as far, in one step that nobody sees half of.
                    assertThat(scores.get("a") + scores.get("b")).isCloseTo(sum, within(1e-9));
                    asked++;
                } while (!over.get());
                return asked;
            }));
        }
        for (int i = 0; i < 5000; i++) {
            model.learn(List.of(example("a", "x"), example("b", "x")));
            if (i % 100 == 0) {
                StoredParts.of(model);
            }
        }
        over.set(true);
        for (CompletableFuture<Integer> reader : readers) {
            assertThat(reader.get()).isPositive();
        }
    }

    private static List<Tensor> body(String json) {
        return List.of(new Tensor(
                "body", TensorType.BYTES, new long[] {1}, new byte[][] {json.getBytes(StandardCharsets.UTF_8)}));
    }

    private static String answer(OnlineClassifier model, String json) {
        model.check(body(json));
        List<Tensor> answer = model.predict(List.of(body(json))).get(0);
        return new String(((byte[][]) answer.get(0).elements())[0], StandardCharsets.UTF_8);
    }

    @Test
    void jsonTeachesAndAsks() {
        OnlineClassifier model = words("PA");

        assertThat(answer(model, "{\"t\": \"x\"}")).isEqualTo("{\"label\":null,\"scores\":{}}");
        model.checkTraining(body("[]"));
        assertThat(model.train(body("{\"label\":\"a\",\"data\":{\"t\":\"x\"}}")))
                .isEqualTo(1);
        assertThat(model.train(body("[{\"label\":\"b\",\"data\":{\"t\":\"y\",\"n\":1}}]")))
                .isEqualTo(1);

        assertThat(answer(model, "{\"t\": \"x\"}")).isEqualTo("{\"label\":\"a\",\"scores\":{\"a\":0.5,\"b\":0.0}}");
        assertThat(answer(model, "[{\"label\":\"b\",\"data\":{\"t\":\"x\"}}, {\"data\": {\"t\":\"x\"}}]"))
                .isEqualTo("[{\"label\":\"a\",\"scores\":{\"a\":0.5,\"b\":0.0}},"
                        + "{\"label\":\"a\",\"scores\":{\"a\":0.5,\"b\":0.0}}]");
        assertThat(answer(model, "{\"instances\":[{\"t\":\"z\"}]}")).startsWith("{\"predictions\":[{\"label\":");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "{", "1", "[1]", "{\"t\":[1]}", "{\"t\":null}", "{\"t\":1,\"t\":2}", "{\"a$\":1}", "[] []"})
    void otherJsonIsRefused(String json) {
        OnlineClassifier model = words("PA");

        assertThatThrownBy(() -> model.check(body(json))).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> model.checkTraining(body("{\"label\":\"a\",\"data\":" + json + "}")))
                .isInstanceOf(InvalidInputException.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}                                                     | 'method' is missing",
                "{\"method\":\"AROW\",\"converter\":{}}                 | 'regularization_weight' of 'parameter' is missing",
                "{\"method\":\"AROW\",\"parameter\":{\"regularization_weight\":0},\"converter\":{}} | is 0; with the method AROW",
                "{\"method\":\"NN\",\"converter\":{}}                   | must be one of perceptron, PA, PA1, PA2, CW, AROW, NHERD",
                "{\"method\":\"PA\"}                                    | 'converter' is missing",
                "{\"method\":\"PA\",\"converter\":{\"string_rules\":[{\"key\":\"*\",\"type\":\"mecab\"}]}} | must be one of space, str",
                "{\"method\":\"PA\",\"converter\":{\"num_rules\":[{\"key\":\"*\",\"type\":\"x\"}]}} | must be one of num, log, str",
                "{\"method\":\"PA\",\"converter\":{\"binary_rules\":[{\"key\":\"*\"}]}} | 'binary_rules' is not empty",
                "{\"method\":\"PA\",\"converter\":{\"string_types\":{\"b\":{\"method\":\"ngram\",\"char_num\":\"0\"}}}} | 'char_num'",
            })
    void aConfigurationThatIsNotProvidedIsRefused(String config, String why) {
        assertThatThrownBy(() -> ClassifierVectors.model(config))
                .isInstanceOf(ModelLoadException.class)
                .hasMessageContaining(why);
    }
}
