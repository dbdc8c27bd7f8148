package dev.holdfast.host.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.common.UnsafePlaceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** The places that log lines go to, each with TorchServe's form of a line. */
record Appenders(LoggerContext context, LogFormat format) {

    private static final String PATTERN = "%d{\"yyyy-MM-dd HH:mm:ss,SSS\"} [%-5level] %thread %logger - %line%n";
    private static final String BARE_PATTERN = "%d{\"yyyy-MM-dd'T'HH:mm:ss,SSS\"} - %line%n";
    private static final int KEPT_FILES = 5;
    private static final String LARGEST_FILE = "50MB";

    /** These libraries log each of their steps at INFO; the host itself logs what an operator needs. */
    static void quietLibraries(LoggerContext context) {
        for (String library : List.of("org.eclipse.jetty", "io.javalin", "org.pf4j", "com.zaxxer.hikari")) {
            context.getLogger(library).setLevel(Level.WARN);
        }
        // Warns of each attempt to reach a peer that is down.
        context.getLogger("org.apache.ratis").setLevel(Level.ERROR);
    }

    /** @param target {@code System.out} or {@code System.err} */
    Appender<ILoggingEvent> console(String target) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setName("console");
        appender.setTarget(target);
        appender.setEncoder(encoder(PATTERN));
        appender.start();
        return appender;
    }

    /**
     * The further files that TorchServe has, each for a logger of its own; they are rotated as {@code holdfast.log} is. Beside
     * them {@code ts_log.log} is another name of that one.
     */
    void torchServeFiles(Path directory, Path metrics, boolean console) {
        own(directory, "ACCESS_LOG", "access_log", BARE_PATTERN);
        own(metrics, "MODEL_METRICS", "model_metrics", BARE_PATTERN);
        own(metrics, "TS_METRICS", "ts_metrics", BARE_PATTERN);
        Logger models = own(directory, "model", "model_log", PATTERN);
        if (console) {
            models.addAppender(console("System.out"));
        }
        Path link = directory.resolve("ts_log.log");
        try {
            if (!Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
                Files.createSymbolicLink(link, Path.of("holdfast.log"));
            }
        } catch (IOException | UnsupportedOperationException e) {
            context.getLogger(Appenders.class).debug("There is no ts_log.log beside holdfast.log", e);
        }
    }

    private Logger own(Path directory, String name, String file, String pattern) {
        Logger logger = context.getLogger(name);
        logger.setAdditive(false);
        logger.addAppender(file(directory, file, pattern));
        return logger;
    }

    /**
     * {@code holdfast.log}, and up to five older ones beside it, of 50 MB each; standard error if it cannot be written.
     *
     * @throws IllegalArgumentException if something else than a file lies in its place
     */
    Appender<ILoggingEvent> file(Path directory) {
        return file(directory, "holdfast", PATTERN);
    }

    private Appender<ILoggingEvent> file(Path directory, String name, String pattern) {
        OwnLogFile<ILoggingEvent> appender = new OwnLogFile<>();
        appender.setContext(context);
        appender.setName(name);
        appender.setFile(directory.resolve(name + ".log").toString());
        appender.setEncoder(encoder(pattern));

        NumberedFiles rolling = new NumberedFiles(directory, name, KEPT_FILES);
        rolling.setContext(context);
        rolling.start();

        SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(FileSize.valueOf(LARGEST_FILE));
        trigger.start();

        appender.setRollingPolicy(rolling);
        appender.setTriggeringPolicy(trigger);
        try {
            OwnFiles.create(directory.resolve(name + ".log"));
            appender.start();
        } catch (UnsafePlaceException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        } catch (IOException e) {
            context.getLogger(Appenders.class)
                    .warn("{}.log goes to standard error, as it cannot be written: {}", name, e.toString());
        }
        return appender.isStarted() ? appender : console("System.err");
    }

    private Encoder<ILoggingEvent> encoder(String pattern) {
        if (format == LogFormat.JSON) {
            JsonLineEncoder json = new JsonLineEncoder();
            json.setContext(context);
            json.start();
            return json;
        }
        PatternLayout layout = new PatternLayout();
        layout.setContext(context);
        layout.getInstanceConverterMap().put("line", OneLineMessage::new);
        layout.setPattern(pattern);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(layout);
        encoder.start();
        return encoder;
    }
}
