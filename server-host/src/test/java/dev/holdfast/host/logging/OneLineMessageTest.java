package dev.holdfast.host.logging;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OneLineMessageTest {

    @ParameterizedTest
    @CsvSource({
        "plain text,plain text",
        "'a\nb','a\\nb'",
        "'\r\n','\\r\\n'",
        "'x\u001b[31m','x\\u001b[31m'",
        "'a\tb','a\tb'",
        "'\u2028','\\u2028'",
        "'Überlauf €','Überlauf €'",
    })
    void controlCharactersAreEscaped(String message, String escaped) {
        assertThat(OneLineMessage.escape(message)).isEqualTo(escaped);
    }
}
