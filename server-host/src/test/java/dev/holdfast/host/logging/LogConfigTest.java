package dev.holdfast.host.logging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What {@code --log-config} may name. */
class LogConfigTest {

    @TempDir
    private Path directory;

    @AfterEach
    void logAsBefore() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        new LogbackDefaults().configure(context);
    }

    private void start(Path file) {
        HostLogging.start(directory, Optional.empty(), HostLogging.Console.NO, Optional.of(file));
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("log-config"), text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<?xml version=\"1.0\"?>\n<Configuration status=\"WARN\">\n<Appenders><Console name=\"c\"/></Appenders>\n"
                        + "<Loggers><Root level=\"info\"><AppenderRef ref=\"c\"/></Root></Loggers></Configuration>",
                "<configuration><appenders/><Loggers/></configuration>",
                "<log4j:configuration xmlns:log4j=\"x\"><root/></log4j:configuration>",
                "log4j.rootLogger=INFO, A\nlog4j.appender.A=org.apache.log4j.ConsoleAppender\n",
                "status = error\nappender.console.type = Console\nrootLogger.level = info\n",
                "Configuration:\n  status: warn\n",
                "{\n  \"configuration\": {\"status\": \"warn\"}\n}",
            })
    void aConfigurationOfLog4jIsRefusedByItsName(String text) throws IOException {
        Path file = file(text);

        assertThatThrownBy(() -> start(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "--log-config " + file + " is a configuration of Log4j, and this host logs with Logback; begin"
                                + " with conf/logback.xml of the distribution, or leave --log-config away");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<configuration/>",
                "<configuration><root level=\"INFO\"/></configuration>",
                "<configuration><appender name=\"a\" class=\"ch.qos.logback.core.ConsoleAppender\">"
                        + "<encoder><pattern>%msg</pattern></encoder></appender></configuration>",
            })
    void aConfigurationThatLogsNothingIsRefused(String text) throws IOException {
        Path file = file(text);

        assertThatThrownBy(() -> start(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--log-config " + file)
                .hasMessageContaining("nothing would be logged");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<configuration><appender name=\"a\" class=\"no.such.Appender\"/>"
                        + "<root><appender-ref ref=\"a\"/></root></configuration>",
                "<anything><root level=\"INFO\"/></anything>",
                "rubbish",
                "<configuration>",
                "",
            })
    void aConfigurationThatIsWrongIsRefused(String text) throws IOException {
        Path file = file(text);

        assertThatThrownBy(() -> start(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--log-config " + file);
    }

    @Test
    void whatIsMisspeltIsSaidInTheLogThatThereIs() throws IOException {
        start(file("<configuration><appender name=\"a\" class=\"ch.qos.logback.core.FileAppender\">"
                + "<file>${LOG_LOCATION}/mine.log</file><colour>red</colour>"
                + "<encoder><pattern>%msg%n</pattern></encoder></appender>"
                + "<root level=\"INFO\"><appender-ref ref=\"a\"/></root></configuration>"));

        assertThat(directory.resolve("mine.log")).content().contains("--log-config", "colour");
    }

    @Test
    void theOneOfTheDistributionIsTakenAsItIs() {
        start(Path.of("..", "plugins-dist", "src", "main", "dist", "conf", "logback.xml"));
        LoggerFactory.getLogger("dev.holdfast.test").info("hello");

        assertThat(directory.resolve("holdfast.log"))
                .content()
                .endsWith("dev.holdfast.test - hello\n")
                .hasLineCount(1);
    }
}
