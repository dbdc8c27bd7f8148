package dev.holdfast.plugin.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.testsupport.KeyTable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

    private static Settings settings(Map<String, String> values) {
        return Settings.of(SerializerConfig.builder("jdbc", Path.of("/var/log/holdfast"))
                .values(values)
                .build());
    }

    @Test
    void nothingHasToBeSet() {
        Settings settings = settings(Map.of());

        assertThat(settings.url()).hasToString("jdbc:sqlite:/var/log/holdfast/snapshots.db");
        assertThat(settings.table().snapshots()).isEqualTo("holdfast_snapshots");
        assertThat(settings.codec().name()).isEqualTo("gz");
        assertThat(settings.timeouts())
                .isEqualTo(
                        new Settings.Timeouts(Duration.ofSeconds(3), Duration.ofSeconds(10), Duration.ofSeconds(30)));
        assertThat(settings.poolSize()).isEqualTo(4);
        assertThat(settings.keep().removesNothing()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "x;drop table y", "1x", "a.b.c", "\"x\"", "ä", "x'", "-", ".x", "x.", "x--", "x\n"})
    void aTableIsAnIdentifierAndNothingElse(String name) {
        if (name.strip().equals("x")) {
            assertThat(settings(Map.of("table", name)).table().name()).isEqualTo("x");
            return;
        }
        assertThatThrownBy(() -> settings(Map.of("table", name)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("snapshot.jdbc.table '")
                .hasMessageContaining("must match [A-Za-z_][A-Za-z0-9_]{0,49}");
    }

    @Test
    void aTableMayHaveASchema() {
        TableName table = settings(Map.of("table", "ops.Veles")).table();

        assertThat(table.parts()).isEqualTo("ops.Veles_parts");
        assertThat(table.schema()).isEqualTo("ops");
        assertThatThrownBy(() -> settings(Map.of("table", "x".repeat(51))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void timesAreNeverEndless() {
        for (String key : new String[] {"connect-timeout", "query-timeout", "total-timeout"}) {
            for (String value : new String[] {"0", "249ms", "2h"}) {
                assertThatThrownBy(() -> settings(Map.of(key, value)))
                        .hasMessage("snapshot.jdbc." + key + " '" + value + "' must be a time from 250ms to 1h");
            }
        }
    }

    @Test
    void aPasswordComesFromTheEnvironmentOrAFileAlone() {
        assertThatThrownBy(() -> settings(Map.of("password", "canary")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HOLDFAST_SNAPSHOT_JDBC_PASSWORD", "snapshot.jdbc.password-file")
                .hasMessageNotContaining("canary");
    }

    @Test
    void noTextOfTheSettingsShowsThePassword() {
        Settings settings = Settings.of(SerializerConfig.builder("jdbc", Path.of("logs"))
                .values(Map.of("user", "me"))
                .environment(Map.of("HOLDFAST_SNAPSHOT_JDBC_PASSWORD", "canary"))
                .build());
        Properties given = new Properties();

        settings.login().addTo(given);

        assertThat(given).containsEntry("user", "me").containsEntry("password", "canary");
        assertThat(settings.toString()).contains("user me").doesNotContain("canary");
        assertThat(settings.login().mask("who is canary?")).isEqualTo("who is ***?");
    }

    @Test
    void aCodecThatTheHostHasNotIsNamed() {
        assertThatThrownBy(() -> settings(Map.of("codec", "rar")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Codec 'rar' is not one of gz, none");
        assertThatThrownBy(() -> settings(Map.of("codec", "gz:11"))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theManualHasEveryKeyInItsOrderWithItsDefault() throws IOException {
        assertThat(KeyTable.ofManual("serializer-jdbc.md", "jdbc"))
                .isNotEmpty()
                .isEqualTo(KeyTable.of(new JdbcSnapshotSerializerFactory()));
    }
}
