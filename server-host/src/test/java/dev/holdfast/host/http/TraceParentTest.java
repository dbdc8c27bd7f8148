package dev.holdfast.host.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.holdfast.host.wire.TraceParent;
import dev.holdfast.testsupport.LogLines;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A caller's trace goes over into answers and log lines. */
class TraceParentTest {

    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @TempDir
    private Path directory;

    @Test
    void theTraceOfACallIsInItsAnswerItsLineOfTheRequestLogAndTheAudit() throws Exception {
        try (LogLines lines = LogLines.of(Level.INFO, "ACCESS_LOG");
                HostUnderTest host = new HostUnderTest(directory, Map.of("access_log", "true")).with("noop.mar")) {
            HttpResponse<String> answer =
                    host.management("PUT", "/models/noop?min_worker=2&synchronous=true", "traceparent", TRACE);
            String id = answer.headers().firstValue("x-request-id").orElseThrow();

            assertThat(answer.headers().firstValue("traceparent")).hasValue(TRACE);
            Awaitility.await().until(() -> !lines.events().isEmpty());
            Map<String, Object> line = new TreeMap<>();
            lines.events().get(0).getKeyValuePairs().forEach(pair -> {
                if (pair.value != null) {
                    line.put(pair.key, pair.value);
                }
            });
            assertThat(line)
                    .containsEntry("request", id)
                    .containsEntry("traceparent", TRACE)
                    .containsEntry("method", "PUT")
                    .containsEntry("status", 200)
                    .containsEntry("path", "/models/noop?min_worker=2&synchronous=true");
            JsonNode audit = new ObjectMapper().readTree(Files.readString(directory.resolve("audit.log")));
            assertThat(audit.path("traceparent").asText()).isEqualTo(TRACE);
            assertThat(audit.path("request").asText()).isEqualTo(id);

            HttpResponse<String> prediction = host.inference("POST", "/predictions/noop", "x", "traceparent", TRACE);
            assertThat(prediction.headers().firstValue("traceparent")).hasValue(TRACE);
            assertThat(host.management("GET", "/models/none", "traceparent", TRACE)
                            .headers()
                            .firstValue("traceparent"))
                    .hasValue(TRACE);
            assertThat(host.management("GET", "/models").headers().firstValue("traceparent"))
                    .isEmpty();
        }
    }

    @Test
    void whatTheHostLogsForAManagementCallSaysForWhich() throws Exception {
        try (LogLines lines = LogLines.of(Level.INFO, "dev.holdfast.host.serving");
                HostUnderTest host = new HostUnderTest(directory, Map.of())) {
            HttpResponse<String> answer = host.management(
                    "POST", "/models?url=noop.mar&initial_workers=1&synchronous=true", "traceparent", TRACE);

            assertThat(lines.events())
                    .filteredOn(line -> line.getFormattedMessage().contains("loaded"))
                    .isNotEmpty()
                    .allSatisfy(line -> assertThat(line.getMDCPropertyMap())
                            .containsEntry(
                                    "request",
                                    answer.headers().firstValue("x-request-id").orElseThrow())
                            .containsEntry("traceparent", TRACE));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                TRACE,
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes-later"
            })
    void whatTheStandardAllowsIsTaken(String header) {
        assertThat(TraceParent.of(header)).hasValue(header);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\nSet-Cookie: a=b",
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 more"
            })
    void whatItDoesNotAllowIsAsGoodAsNone(String header) {
        assertThat(TraceParent.of(header)).isEmpty();
    }
}
