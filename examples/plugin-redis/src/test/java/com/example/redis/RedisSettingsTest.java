package com.example.redis;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.sdk.SerializerConfig;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a configuration is said when the store is opened. */
class RedisSettingsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "localhost:6379",
                "http://localhost:6379",
                "redis://localhost",
                "redis://localhost:port",
                "redis://localhost:65536",
                "redis://localhost:6379/first",
                "redis://localhost:6379?timeout=1",
                "redis://:hunter2@localhost:6379",
                "redis://me:hunter2@localhost:6379/1",
            })
    void aUrlThatIsNoneOrHasALoginIsRefusedAndNotShown(String url) {
        assertThatThrownBy(() -> open(Map.of("url", url)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "snapshot.redis.url must be redis://HOST:PORT or redis://HOST:PORT/DATABASE, or rediss:// for"
                                + " TLS, without a user or a password: set snapshot.redis.user, and the password by"
                                + " HOLDFAST_SNAPSHOT_REDIS_PASSWORD or snapshot.redis.password-file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "99ms", "61m", "9d", "soon"})
    void aTimeoutThatEndsNothingOrEverythingIsRefused(String timeout) {
        assertThatThrownBy(() -> open(Map.of("timeout", timeout)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("snapshot.redis.timeout");
    }

    @Test
    void aPasswordInThePropertiesIsRefused() {
        assertThatThrownBy(() -> open(Map.of("password", "hunter2")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HOLDFAST_SNAPSHOT_REDIS_PASSWORD")
                .hasMessageNotContaining("hunter2");
    }

    private static void open(Map<String, String> values) {
        new RedisSerializerFactory()
                .open(SerializerConfig.builder("redis", Path.of("target"))
                        .values(values)
                        .build())
                .close();
    }
}
