package dev.holdfast.host.runtime.classifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.runtime.classifier.FeatureConverter.Found;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureConverterTest {

    private static List<Found> texts(String rules, String key, String value) {
        return converter("\"string_types\":{\"two\":{\"method\":\"ngram\",\"char_num\":\"2\"}},\"string_rules\":"
                        + rules)
                .convert(new Datum(List.of(new Datum.Text(key, value)), List.of()));
    }

    private static FeatureConverter converter(String converter) {
        return ClassifierConfig.of("test", "{\"method\":\"PA\",\"converter\":{" + converter + "}}")
                .converter();
    }

    @Test
    void aWholeValueIsAFeature() {
        assertThat(texts(
                        "[{\"key\":\"*\",\"type\":\"str\",\"sample_weight\":\"tf\",\"global_weight\":\"idf\"}]",
                        "k",
                        "a b"))
                .containsExactly(new Found("k$a b@str#tf/idf", 1, true));
    }

    @Test
    void wordsAreCounted() {
        assertThat(texts(
                        "[{\"key\":\"\",\"type\":\"space\",\"sample_weight\":\"tf\",\"global_weight\":\"bin\"}]",
                        "k",
                        " a\tb \na "))
                .containsExactly(new Found("k$a@space#tf/bin", 2, false), new Found("k$b@space#tf/bin", 1, false));
    }

    @Test
    void charactersOfAnyLanguageAreCountedOneByOne() {
        assertThat(texts(
                        "[{\"key\":\"k\",\"type\":\"two\",\"sample_weight\":\"log_tf\",\"global_weight\":\"bin\"}]",
                        "k",
                        "日本😀日本"))
                .containsExactly(
                        new Found("k$日本@two#log_tf/bin", Math.log(3), false),
                        new Found("k$本😀@two#log_tf/bin", Math.log(2), false),
                        new Found("k$😀日@two#log_tf/bin", Math.log(2), false));
        assertThat(texts("[{\"key\":\"k\",\"type\":\"two\"}]", "k", "x")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "*, '', abc, true",
        "'', '', abc, true",
        "ab*, '', abc, true",
        "ab*, '', xab, false",
        "*bc, '', abc, true",
        "*bc, '', bcd, false",
        "abc, '', abc, true",
        "abc, '', abcd, false",
        "/a.c/, '', abc, true",
        "/b/, '', abc, false",
        "*, abc, abc, false",
        "*, b*, abc, true",
        "*, /.*c/, abc, false"
    })
    void rulesAreForTheKeysThatTheyMatch(String key, String except, String candidate, boolean expected) {
        String more = except.isEmpty() ? "" : ",\"except\":\"" + except + "\"";

        List<Found> found = texts("[{\"key\":\"" + key + "\",\"type\":\"str\"" + more + "}]", candidate, "v");

        assertThat(!found.isEmpty()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "12345, 12345",
        "-1, -1",
        "0, 0",
        "-0.0, -0",
        "40.5, 40.5",
        "1234567, 1.23457e+06",
        "999999.5, 1e+06",
        "100000, 100000",
        "0.0001, 0.0001",
        "0.00001234, 1.234e-05",
        "1e100, 1e+100",
        "3.14159265, 3.14159"
    })
    void aNumberThatIsAFeatureIsWrittenWithSixDigits(double number, String expected) {
        List<Found> found = converter("\"num_rules\":[{\"key\":\"n\",\"type\":\"str\"}]")
                .convert(new Datum(List.of(), List.of(new Datum.Num("n", number))));

        assertThat(found).containsExactly(new Found("n@str$" + expected, 1, false));
    }

    @Test
    void theLogarithmOfSmallNumbersIsNothing() {
        FeatureConverter converter = converter("\"num_rules\":[{\"key\":\"*\",\"type\":\"log\"}]");

        assertThat(converter.convert(new Datum(List.of(), List.of(new Datum.Num("a", -3), new Datum.Num("b", Math.E)))))
                .containsExactly(new Found("a@log", 0, false), new Found("b@log", 1, false));
    }
}
