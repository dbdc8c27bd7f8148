package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.config.ConfigLayers;
import dev.holdfast.host.config.HostConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetentionRuleTest {

    private static HostConfig config(Map<String, String> keys) {
        return ConfigLayers.of(Map.of()).commandLine(keys).toConfig();
    }

    @ParameterizedTest
    @CsvSource({
        "   ,  ,  , 1000, 0, 30",
        "   ,  , 7, 1000, 0,  7",
        "   ,  , 0, 1000, 0,  0",
        "  5,  ,  ,    5, 0,  0",
        "  5,  , 7,    5, 0,  7",
        "   , 9,  ,    0, 9,  0",
        "   , 9, 7,    0, 9,  7",
        "   , 0,  ,    0, 0,  0",
        "  5, 9,  ,    5, 9,  0",
        "  0,  ,  ,    0, 0,  0",
        "  0, 9,  ,    0, 9,  0",
        "  0, 9, 7,    0, 9,  7",
    })
    void theDefaultHoldsWhereNothingIsAskedAndElseWhatIsAsked(
            String keep, String days, String daily, int newest, int age, int each) {
        Map<String, String> keys = new HashMap<>();
        put(keys, "snapshot_keep", keep);
        put(keys, "snapshot_keep_days", days);
        put(keys, "snapshot_keep_daily", daily);

        HostConfig config = config(keys);

        assertThat(RetentionRule.of(config)).isEqualTo(new RetentionRule(newest, Duration.ofDays(age), each));
        assertThat(config.snapshots().keepIsAsked()).isEqualTo(!keys.isEmpty());
    }

    private static void put(Map<String, String> keys, String key, String value) {
        if (value != null) {
            keys.put(key, value);
        }
    }

    @Test
    void aRuleWithoutANumberOrAnAgeKeepsAll() {
        assertThat(RetentionRule.of(config(Map.of("snapshot_keep", "0", "snapshot_keep_daily", "30")))
                        .keepsAll())
                .isTrue();
    }

    @Test
    void theLargerOfTwoRulesWinsPartByPart() {
        RetentionRule rule = new RetentionRule(1000, Duration.ofDays(1), 30);

        assertThat(rule.widenedBy(new RetentionRule(5, Duration.ofDays(90), 0)))
                .isEqualTo(new RetentionRule(1000, Duration.ofDays(90), 30));
        assertThat(rule.widenedBy(new RetentionRule(5000, Duration.ZERO, 0)))
                .isEqualTo(new RetentionRule(5000, Duration.ofDays(1), 30));
        assertThat(rule.widenedBy(RetentionRule.ALL)).isEqualTo(rule);
        assertThat(RetentionRule.ALL.widenedBy(rule)).isEqualTo(RetentionRule.ALL);
    }

    @Test
    void itIsSaidInWords() {
        assertThat(new RetentionRule(1000, Duration.ofDays(7), 30))
                .hasToString("the newest 1000, those younger than 7 days, the last of each day for 30 days");
        assertThat(new RetentionRule(0, Duration.ofMinutes(1), 0)).hasToString("those younger than 60 seconds");
        assertThat(RetentionRule.ALL).hasToString("all");
    }
}
