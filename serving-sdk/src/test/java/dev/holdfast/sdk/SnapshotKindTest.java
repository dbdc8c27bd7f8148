package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotKindTest {

    /** Stores have these words in them; a constant that is renamed may not change its word. */
    @Test
    void theWordsAreThoseThatStoresHave() {
        assertThat(SnapshotKind.values())
                .extracting(SnapshotKind::word)
                .containsExactly("startup", "snapshot", "shutdown", "save");
    }

    @ParameterizedTest
    @EnumSource
    void aWordGivesItsKindBack(SnapshotKind kind) {
        assertThat(SnapshotKind.of(kind.word())).isEqualTo(kind);
    }

    @Test
    void theWordsAreTheSameInTurkey() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("tr-TR"));
        try {
            assertThat(SnapshotKind.values()).extracting(SnapshotKind::word).allMatch(word -> word.matches("[a-z]+"));
        } finally {
            Locale.setDefault(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Startup", "STARTUP", "save ", "stop"})
    void anotherWordIsRefusedWithTheFour(String word) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SnapshotKind.of(word))
                .withMessage("Snapshot kind '%s' must be one of startup, snapshot, shutdown, save", word);
    }
}
