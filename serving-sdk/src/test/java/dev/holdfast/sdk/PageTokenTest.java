package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class PageTokenTest {

    @Test
    void aTokenGivesItsPlaceBack() {
        for (String place : List.of("", "7", "2026-11|a_b|c", "größer 🦀\n", "x".repeat(5000))) {
            String token = PageToken.of(place);

            assertThat(token).matches("[A-Za-z0-9_-]+");
            assertThat(PageToken.place(token)).isEqualTo(place);
        }
    }

    @Test
    void aTokenThatWasCutOrMistypedIsRefused() {
        String token = PageToken.of("42");

        assertThat(PageToken.place(token)).isEqualTo("42");
        for (int i = 0; i < token.length(); i++) {
            char other = token.charAt(i) == 'A' ? 'B' : 'A';
            refuses(token.substring(0, i));
            refuses(token.substring(0, i) + other + token.substring(i + 1));
        }
        List.of("42", "?", "a b", "%00", token + token).forEach(PageTokenTest::refuses);
    }

    @Test
    void theMessageShowsAForeignTokenBoundedAndOnOneLine() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PageToken.place("a\n" + "b".repeat(500)))
                .withMessage("Page token 'a?" + "b".repeat(78) + "…' is not one that this serializer gave");
    }

    private static void refuses(String token) {
        assertThatIllegalArgumentException().as(token).isThrownBy(() -> PageToken.place(token));
    }
}
