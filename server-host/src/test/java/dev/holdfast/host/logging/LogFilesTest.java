package dev.holdfast.host.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Which file a line goes to. */
class LogFilesTest {

    @TempDir
    private Path directory;

    @BeforeEach
    void start() {
        HostLogging.start(directory, Optional.empty(), HostLogging.Console.NO, Optional.empty());
    }

    @AfterEach
    void logAsBefore() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        new LogbackDefaults().configure(context);
    }

    @Test
    void theFilesThatTorchServesUsersExpectAreThereWithTheLinesOfTheirLoggersAlone() throws Exception {
        LoggerFactory.getLogger("dev.holdfast.Any").info("of the host");
        LoggerFactory.getLogger("model.noop").warn("of a handler");
        LoggerFactory.getLogger("ACCESS_LOG").info("/127.0.0.1:1 \"GET /ping HTTP/1.1\" 200 0");
        LoggerFactory.getLogger("TS_METRICS").info("Requests2XX.Count:1.0|#Level:Host|#hostname:h,timestamp:1");
        LoggerFactory.getLogger("MODEL_METRICS").info("a\nb");

        String time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3} - ";
        assertThat(directory.resolve("holdfast.log"))
                .content()
                .contains("of the host")
                .hasLineCount(1);
        assertThat(directory.resolve("ts_log.log"))
                .content()
                .contains("of the host")
                .hasLineCount(1);
        assertThat(directory.resolve("model_log.log"))
                .content()
                .matches("\\d{4}-\\d\\d-\\d\\d .* \\[WARN \\] .* model.noop - of a handler\n");
        assertThat(directory.resolve("access_log.log"))
                .content()
                .matches(time + "/127.0.0.1:1 \"GET /ping HTTP/1.1\" 200 0\n");
        assertThat(directory.resolve("ts_metrics.log"))
                .content()
                .matches(time + "Requests2XX.Count:1.0\\|#Level:Host\\|#hostname:h,timestamp:1\n");
        assertThat(directory.resolve("model_metrics.log")).content().matches(time + "a\\\\nb\n");
    }

    @Test
    void metricsMayHaveAPlaceOfTheirOwn() {
        Path metrics = directory.resolve("elsewhere");
        HostLogging.start(directory, Optional.of(metrics), HostLogging.Console.NO, Optional.empty());

        LoggerFactory.getLogger("TS_METRICS").info("one");
        LoggerFactory.getLogger("MODEL_METRICS").info("two");

        assertThat(metrics.resolve("ts_metrics.log")).content().endsWith(" - one\n");
        assertThat(metrics.resolve("model_metrics.log")).content().endsWith(" - two\n");
    }

    @Test
    void whatLiesInThePlaceOfTheOtherNameStays() throws Exception {
        Files.delete(directory.resolve("ts_log.log"));
        Files.writeString(directory.resolve("ts_log.log"), "TorchServe's");

        HostLogging.start(directory, Optional.empty(), HostLogging.Console.NO, Optional.empty());

        assertThat(directory.resolve("ts_log.log")).hasContent("TorchServe's");
    }
}
