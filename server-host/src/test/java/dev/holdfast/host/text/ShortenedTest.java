package dev.holdfast.host.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShortenedTest {

    @Test
    void whatIsShortEnoughStaysAsItIs() {
        String text = "x".repeat(512);

        assertThat(Shortened.forHeader(text)).isSameAs(text);
        assertThat(Shortened.forBody("ö".repeat(1024))).hasSize(1024);
        assertThat(Shortened.ofStore("ö".repeat(512))).hasSize(512);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "ö", "€", "😀", "x😀", "xy€", "aö"})
    void ofALongTextTheBeginningAndTheEndStayAndNoCharacterIsCut(String unit) {
        String text = "First what to do. " + unit.repeat(5000) + " the reason";

        for (String shortened : new String[] {Shortened.forBody(text), Shortened.ofStore(text)}) {
            assertThat(shortened)
                    .startsWith("First what to do. ")
                    .contains(" … ")
                    .endsWith(" the reason");
            assertThat(shortened).doesNotContain("\uFFFD");
        }
        assertThat(Shortened.forBody(text).getBytes(StandardCharsets.UTF_8).length)
                .isBetween(2030, 2048);
        assertThat(Shortened.ofStore(text).getBytes(StandardCharsets.UTF_8).length)
                .isBetween(1000, 1024);
    }

    @Test
    void aHeaderEndsBeforeAByteThatIsEncoded() {
        for (int before = 500; before < 512; before++) {
            String header = Shortened.forHeader("x".repeat(before) + "%C3%B6%C3%B6%C3%B6%C3%B6%C3%B6");

            assertThat(header).hasSizeLessThanOrEqualTo(512).matches("x+(%[0-9A-F]{2})*\\.\\.\\.");
        }
    }
}
