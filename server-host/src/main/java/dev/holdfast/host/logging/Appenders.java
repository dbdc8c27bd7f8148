package dev.holdfast.host.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.common.UnsafePlaceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** The places that log lines go to, each with TorchServe's form of a line. */
final class Appenders {

    private static final String PATTERN = "%d{\"yyyy-MM-dd HH:mm:ss,SSS\"} [%-5level] %thread %logger - %line%n";
    private static final int KEPT_FILES = 5;
    private static final String LARGEST_FILE = "50MB";

    private Appenders() {}

    /** These tell of each of their steps at INFO; the host says what an operator needs of it. */
    static void quietLibraries(LoggerContext context) {
        for (String library : List.of("org.eclipse.jetty", "io.javalin", "org.pf4j", "com.zaxxer.hikari")) {
            context.getLogger(library).setLevel(Level.WARN);
        }
    }

    /** @param target {@code System.out} or {@code System.err} */
    static Appender<ILoggingEvent> console(LoggerContext context, String target) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setName("console");
        appender.setTarget(target);
        appender.setEncoder(encoder(context));
        appender.start();
        return appender;
    }

    /**
     * {@code holdfast.log}, and up to five older ones beside it, of 50 MB each; standard error if it cannot be written.
     *
     * @throws IllegalArgumentException if something else than a file lies in its place
     */
    static Appender<ILoggingEvent> file(LoggerContext context, Path directory) {
        OwnLogFile<ILoggingEvent> appender = new OwnLogFile<>();
        appender.setContext(context);
        appender.setName("file");
        appender.setFile(directory.resolve("holdfast.log").toString());
        appender.setEncoder(encoder(context));

        NumberedFiles rolling = new NumberedFiles(directory, "holdfast", KEPT_FILES);
        rolling.setContext(context);
        rolling.start();

        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(FileSize.valueOf(LARGEST_FILE));
        trigger.start();

        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(trigger);
        try {
            OwnFiles.create(directory.resolve("holdfast.log"));
            appender.start();
        } catch (UnsafePlaceException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (IOException e) {
            context.getLogger(Appenders.class)
                    .warn("The log goes to standard error, as it cannot be written: {}", e.toString());
        }
        return appender.isStarted() ? appender : console(context, "System.err");
    }

    private static LayoutWrappingEncoder<ILoggingEvent> encoder(LoggerContext context) {
        PatternLayout layout = new PatternLayout();
        layout.setContext(context);
        layout.getInstanceConverterMap().put("line", OneLineMessage::new);
        layout.setPattern(PATTERN);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(layout);
        encoder.start();
        return encoder;
    }
}
