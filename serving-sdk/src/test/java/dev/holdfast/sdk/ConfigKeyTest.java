package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigKeyTest {

    private static final ConfigKey<Duration> TIME = ConfigKey.time(
            "time", Duration.ofSeconds(5), Duration.ofMillis(100), Duration.ofMinutes(5), "how long it may take");
    private static final ConfigKey<Integer> NUMBER = ConfigKey.number("number", 3, 1, 9, "how many");
    private static final ConfigKey<Boolean> TRUTH = ConfigKey.truth("truth", true, "whether");
    private static final ConfigKey<String> WORD = ConfigKey.word("word", "red", List.of("red", "blue"), "which");
    private static final ConfigKey<String> PLACE = ConfigKey.text("place", "the directory of the snapshots");
    private static final List<ConfigKey<?>> ALL = List.of(TIME, NUMBER, TRUTH, WORD, PLACE);

    private static SerializerConfig config(Map<String, String> values) {
        return SerializerConfig.builder("store", Path.of("logs")).values(values).build();
    }

    @Test
    void whereNothingIsSetItIsTheDefault() {
        SerializerConfig nothing = config(Map.of());

        assertThat(TIME.in(nothing)).isEqualTo(Duration.ofSeconds(5));
        assertThat(NUMBER.in(nothing)).isEqualTo(3);
        assertThat(TRUTH.in(nothing)).isTrue();
        assertThat(WORD.in(nothing)).isEqualTo("red");
        assertThat(TIME.ifSet(nothing)).isEmpty();
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> PLACE.in(nothing))
                .withMessage("snapshot.store.place is not set; set it to the directory of the snapshots");
    }

    @Test
    void whatIsSetIsReadByItsKind() {
        SerializerConfig all =
                config(Map.of("time", "250ms", "number", "9", "truth", "FALSE", "word", "Blue", "place", " /data "));

        all.requireKnown(ALL);
        assertThat(TIME.in(all)).isEqualTo(Duration.ofMillis(250));
        assertThat(NUMBER.in(all)).isEqualTo(9);
        assertThat(TRUTH.in(all)).isFalse();
        assertThat(WORD.in(all)).isEqualTo("blue");
        assertThat(PLACE.in(all)).isEqualTo("/data");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "time   | 0   | snapshot.store.time '0' must be a time from 100ms to 5m",
                "number | 10  | snapshot.store.number '10' must be a whole number from 1 to 9",
                "truth  | yes | snapshot.store.truth 'yes' must be true or false",
                "word   | tan | snapshot.store.word 'tan' must be one of red, blue"
            })
    void aValueThatBreaksItsRuleIsToldWithTheRuleThatADescriptionHas(String name, String value, String message) {
        ConfigKey<?> key =
                ALL.stream().filter(one -> one.name().equals(name)).findFirst().orElseThrow();

        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> key.in(config(Map.of(name, value))))
                .withMessage(message);
        assertThat(message).endsWith("must be " + key.rule());
    }

    @Test
    void whatIsNotDeclaredIsRefused() {
        assertThatExceptionOfType(ConfigurationException.class)
                .isThrownBy(() -> config(Map.of("tiem", "1s")).requireKnown(ALL))
                .withMessage(
                        "snapshot.store.tiem is not a known key; the keys of store are number, place, time, truth, word");
    }

    @Test
    void aKeyThatNoOperatorCouldSetIsAFaultOfTheCode() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConfigKey.text("No Key", "what"))
                .isNotInstanceOf(ConfigurationException.class);
    }

    @Test
    void aDescriptionHasTheDefaultAsAnOperatorWouldWriteIt() {
        assertThat(ALL).extracting(ConfigKey::defaultValue).containsExactly("5s", "3", "true", "red", "");
        assertThat(PLACE.describedDefault("<logs>").defaultValue()).isEqualTo("<logs>");
    }
}
