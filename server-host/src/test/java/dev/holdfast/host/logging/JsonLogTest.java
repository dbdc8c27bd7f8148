package dev.holdfast.host.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** With {@code log_format=json} each line of each file is one JSON object. */
class JsonLogTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    @BeforeEach
    void start() {
        HostLogging.start(directory, Optional.empty(), HostLogging.Console.NO, Optional.empty(), LogFormat.JSON);
    }

    @AfterEach
    void logAsBefore() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        new LogbackDefaults().configure(context);
        MDC.clear();
    }

    private JsonNode only(String file) throws IOException {
        List<String> lines = Files.readAllLines(directory.resolve(file));
        assertThat(lines).hasSize(1);
        return JSON.readTree(lines.get(0));
    }

    @Test
    void aLineHasItsTimeLevelLoggerMessageAndWhatItsThreadDoes() throws Exception {
        MDC.put("request", "4711");
        LoggerFactory.getLogger("dev.holdfast.Any")
                .atWarn()
                .addKeyValue("status", 200)
                .addKeyValue("message", "not another one")
                .addKeyValue("trace", (Object) null)
                .log("a \"name\" with\na second line \u001b[31m");

        JsonNode line = only("holdfast.log");

        assertThat(line.fieldNames())
                .toIterable()
                .containsExactly("time", "level", "thread", "logger", "message", "status", "request");
        assertThat(Instant.parse(line.path("time").asText()))
                .isBefore(Instant.now().plusSeconds(60));
        assertThat(line.path("level").asText()).isEqualTo("WARN");
        assertThat(line.path("message").asText()).isEqualTo("a \"name\" with\na second line \u001b[31m");
        assertThat(line.path("status").isNumber()).isTrue();
        assertThat(line.path("request").asText()).isEqualTo("4711");
    }

    @Test
    void aFailureIsInItsLineWithItsStack() throws Exception {
        LoggerFactory.getLogger("dev.holdfast.Any")
                .error("failed", new IllegalStateException("why", new IOException("disk")));

        assertThat(only("holdfast.log").path("stack").asText())
                .contains("IllegalStateException: why", "Caused by: java.io.IOException: disk", "JsonLogTest");
    }

    @Test
    void theFilesOfTorchServeAreJsonToo() throws Exception {
        LoggerFactory.getLogger("model.noop").warn("of a handler");
        LoggerFactory.getLogger("TS_METRICS").info("Requests2XX.Count:1.0|#Level:Host");
        LoggerFactory.getLogger("MODEL_METRICS").info("a\nb");
        LoggerFactory.getLogger("ACCESS_LOG").info("GET /");

        assertThat(only("model_log.log").path("logger").asText()).isEqualTo("model.noop");
        assertThat(only("ts_metrics.log").path("message").asText()).startsWith("Requests2XX");
        assertThat(only("model_metrics.log").path("message").asText()).isEqualTo("a\nb");
        assertThat(only("access_log.log").path("message").asText()).isEqualTo("GET /");
    }
}
