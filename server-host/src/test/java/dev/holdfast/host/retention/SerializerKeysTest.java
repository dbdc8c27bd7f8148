package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.sdk.SerializerConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SerializerKeysTest {

    private static SerializerKeys keys(Map<String, String> values) {
        return SerializerKeys.of(
                "jdbc",
                SerializerConfig.builder("jdbc", Path.of("logs")).values(values).build(),
                values);
    }

    @Test
    void theHostTakesThemAndTheSerializerGetsTheOthers() {
        SerializerKeys keys = keys(Map.of("keep", "5", "keep-for", "36h", "table", "t"));

        assertThat(keys.rule()).isEqualTo(new RetentionRule(5, Duration.ofHours(36), 0));
        assertThat(keys.taken()).containsExactly("snapshot.jdbc.keep=5", "snapshot.jdbc.keep-for=36h");
        assertThat(keys.others()).containsOnly(Map.entry("table", "t"));
    }

    @Test
    void withoutThemNothingIsTaken() {
        SerializerKeys keys = keys(Map.of("table", "t"));

        assertThat(keys.rule()).isEqualTo(RetentionRule.ALL);
        assertThat(keys.taken()).isEmpty();
        assertThat(keys.others()).containsOnly(Map.entry("table", "t"));
    }

    @Test
    void whatIsNotOfTheUsualFormIsLeftToTheSerializerWhichRefusesIt() {
        Map<String, String> values = Map.of("keep", "some", "keep-for", "36h");

        assertThat(keys(values).rule()).isEqualTo(RetentionRule.ALL);
        assertThat(keys(values).taken()).isEmpty();
        assertThat(keys(values).others()).isEqualTo(values);
    }
}
