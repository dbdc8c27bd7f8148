package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.ManualClock;
import dev.holdfast.host.wire.Refusals;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What calls without a good token leave behind. */
class RefusalsTest {

    @TempDir
    private Path directory;

    @RegisterExtension
    private final LogLines log = new LogLines(Refusals.class);

    private final ManualClock clock = new ManualClock();

    private HostUnderTest start(String... settings) {
        return new HostUnderTest(
                directory,
                settings.length == 0
                        ? Map.of("disable_token_authorization", "false")
                        : Map.of("disable_token_authorization", "false", settings[0], settings[1]),
                clock);
    }

    private String key(String scope) throws IOException {
        return new ObjectMapper()
                .readTree(directory.resolve("key_file.json").toFile())
                .path(scope)
                .path("key")
                .asText();
    }

    private static HttpResponse<String> get(HostUnderTest host, String authorization) {
        return authorization.isEmpty()
                ? host.management("GET", "/models")
                : host.management("GET", "/models", "Authorization", authorization);
    }

    @Test
    void theMetricsCountThemByTheirReason() throws IOException {
        try (HostUnderTest host = start("token_expiration_min", "1")) {
            get(host, "");
            get(host, "Basic x");
            get(host, "Bearer wrong");
            get(host, "Bearer " + key("inference"));
            get(host, "Bearer " + key("management"));
            host.management("GET", "/nothing");
            clock.set(clock.instant().plus(Duration.ofMinutes(2)));
            get(host, "Bearer " + key("management"));

            assertThat(host.metrics("/metrics").body())
                    .contains(
                            "holdfast_refused_calls_total{reason=\"no_token\"} 3.0",
                            "holdfast_refused_calls_total{reason=\"unknown_token\"} 1.0",
                            "holdfast_refused_calls_total{reason=\"other_scope\"} 1.0",
                            "holdfast_refused_calls_total{reason=\"expired_token\"} 1.0");
        }
    }

    @Test
    void theLogTellsTheFirstAtOnceAndTheOthersInOneLine() {
        try (Refusals refusals = new Refusals(clock)) {
            refusals.refused(Refusals.Reason.NO_TOKEN, "10.0.0.1", "GET /models");
            assertThat(log.warnings())
                    .containsExactly("Calls turned away: 1 without a token; the last was GET /models from 10.0.0.1");
            for (int i = 0; i < 1000; i++) {
                refusals.refused(Refusals.Reason.UNKNOWN_TOKEN, "10.0.0.2", "PUT /models/x\nforged line");
                refusals.refused(Refusals.Reason.NO_TOKEN, "10.0.0.3", "DELETE /models/y");
            }
            assertThat(log.warnings()).hasSize(1);

            refusals.close();

            assertThat(log.warnings())
                    .hasSize(2)
                    .last()
                    .isEqualTo("Calls turned away: 1000 without a token, 1000 with an unknown token; the last was"
                            + " DELETE /models/y from 10.0.0.3");
        }
    }

    @Test
    void afterAMinuteTheNextLineIsWritten() {
        try (Refusals refusals = new Refusals(clock)) {
            for (int minute = 0; minute < 5; minute++) {
                refusals.refused(Refusals.Reason.NO_TOKEN, "10.0.0.1", "GET /models");
                clock.set(clock.instant().plus(Duration.ofMinutes(1)));
            }
            assertThat(log.warnings()).hasSize(5);
        }
    }

    @Test
    void whoTriesKeysIsLimitedAndTheRightKeyIsNot() throws IOException {
        try (HostUnderTest host = start()) {
            for (int i = 0; i < Refusals.ATTEMPTS; i++) {
                assertThat(get(host, "Bearer wrong" + i).statusCode()).isEqualTo(401);
            }
            HttpResponse<String> limited = get(host, "Bearer wrong");

            assertThat(limited.statusCode()).isEqualTo(429);
            assertThat(limited.body()).contains("InvalidKeyException", "more than 60 unknown tokens in a minute");
            assertThat(limited.headers().firstValue("retry-after")).hasValue("60");
            assertThat(get(host, "Bearer " + key("management")).statusCode()).isEqualTo(200);
            assertThat(get(host, "").statusCode()).isEqualTo(401);
            assertThat(get(host, "Bearer " + key("inference")).statusCode()).isEqualTo(403);

            clock.set(clock.instant().plus(Duration.ofMinutes(1)));
            assertThat(get(host, "Bearer wrong").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void anAddressThatTriesDoesNotLimitAnother() {
        try (Refusals refusals = new Refusals(clock)) {
            boolean last = true;
            for (int i = 0; i <= Refusals.ATTEMPTS; i++) {
                last = refusals.refused(Refusals.Reason.UNKNOWN_TOKEN, "10.0.0.1", "GET /models");
            }
            assertThat(last).isFalse();
            assertThat(refusals.refused(Refusals.Reason.UNKNOWN_TOKEN, "10.0.0.2", "GET /models"))
                    .isTrue();
        }
    }
}
