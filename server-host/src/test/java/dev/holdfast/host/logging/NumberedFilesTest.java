package dev.holdfast.host.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.rolling.RollingFileAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NumberedFilesTest {

    @TempDir
    private Path temp;

    @ParameterizedTest
    @ValueSource(strings = {"usual", "100%", "%", "%i", "%d{yyyy}", "a%b c", "x%n", "%{"})
    void aDirectoryMayBeCalledAnything(String name) throws IOException {
        Path directory = Files.createDirectories(temp.resolve(name).resolve("logs"));
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(new LogbackMDCAdapter());
        RollingFileAppender<ILoggingEvent> appender =
                (RollingFileAppender<ILoggingEvent>) new Appenders(context, LogFormat.TEXT).file(directory);
        context.getLogger("test").addAppender(appender);
        try {
            for (int file = 1; file <= 8; file++) {
                context.getLogger("test").info("line {}", file);
                appender.rollover();
            }
            context.getLogger("test").info("the newest");
        } finally {
            context.stop();
        }

        assertThat(context.getStatusManager().getCopyOfStatusList()).noneMatch(status -> status.getThrowable() != null);
        assertThat(directory)
                .isDirectoryContaining("glob:**holdfast.log")
                .isDirectoryNotContaining("glob:**holdfast.6.log");
        assertThat(Files.readString(directory.resolve("holdfast.log"))).contains("the newest");
        for (int number = 1; number <= 5; number++) {
            assertThat(Files.readString(directory.resolve("holdfast." + number + ".log")))
                    .contains("line " + (9 - number));
        }
    }

    @Test
    void aFirstRolloverHasNothingToMoveButTheNewest() throws IOException {
        Files.writeString(temp.resolve("x.log"), "one");

        new NumberedFiles(temp, "x", 5).rollover();

        assertThat(temp.resolve("x.1.log")).hasContent("one");
        assertThat(temp.resolve("x.log")).doesNotExist();
    }
}
