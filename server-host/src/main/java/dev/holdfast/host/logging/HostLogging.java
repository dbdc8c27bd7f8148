package dev.holdfast.host.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.joran.spi.JoranException;
import ch.qos.logback.core.spi.FilterReply;
import ch.qos.logback.core.status.Status;
import dev.holdfast.host.common.OwnFiles;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/** The logging of a host: to a file, to the console beside it, or as a Logback file says. */
public final class HostLogging {

    private static final String CURE = "begin with conf/logback.xml of the distribution, or leave --log-config away";
    /** What stands in its files of either version, as XML, properties, JSON or YAML, and in no file of Logback's. */
    private static final Pattern LOG4J = Pattern.compile("log4j|<(Appenders|Loggers)[\\s/>]"
            + "|(?m)^[ \\t]*(rootLogger|appenders?|loggers?|status)\\b[.\\w]*[ \\t]*[=:]"
            + "|^[ \\t]*(Configuration|\"[Cc]onfiguration\")[ \\t]*:");

    private HostLogging() {}

    /** Whether log lines go to standard output as well. */
    public enum Console {
        YES,
        NO
    }

    /**
     * Sends log lines to {@code holdfast.log} in a directory, or wherever {@code --log-config} sends them; such a file may
     * use <code>${LOG_LOCATION}</code> and <code>${METRICS_LOCATION}</code>.
     *
     * @param metrics where the two files of metrics lie; empty for the same directory
     * @throws IllegalArgumentException if the file cannot be used, or would have nothing logged
     */
    public static void start(Path directory, Optional<Path> metrics, Console console, Optional<Path> logConfig) {
        start(directory, metrics, console, logConfig, LogFormat.TEXT);
    }

    /** The same in a format, which such a file does not go by. */
    public static void start(
            Path directory, Optional<Path> metrics, Console console, Optional<Path> logConfig, LogFormat format) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        Path ofMetrics = metrics.orElse(directory);
        try {
            OwnFiles.createDirectories(ofMetrics);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "The directory " + ofMetrics + " cannot be made: " + e + "; name another one", e);
        }
        context.putProperty("LOG_LOCATION", directory.toString());
        context.putProperty("METRICS_LOCATION", ofMetrics.toString());
        if (logConfig.isPresent()) {
            read(logConfig.get(), context);
            return;
        }
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        Appenders.quietLibraries(context);
        Appenders appenders = new Appenders(context, format);
        root.addAppender(appenders.file(directory));
        appenders.torchServeFiles(directory, ofMetrics, console == Console.YES);
        if (console == Console.YES) {
            root.addAppender(appenders.console("System.out"));
        }
    }

    private static void read(Path file, LoggerContext context) {
        requireLogback(file);
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        context.getStatusManager().clear();
        try {
            configurator.doConfigure(file.toFile());
        } catch (JoranException e) {
            // Logback's own message refers to an earlier one; its cause has the line and the reason.
            Throwable reason = e.getCause() == null ? e : e.getCause();
            throw new IllegalArgumentException(
                    "--log-config " + file + " is no Logback configuration: " + reason.getMessage(), e);
        }
        List<Status> said = context.getStatusManager().getCopyOfStatusList();
        said.stream()
                .filter(status -> status.getLevel() == Status.ERROR)
                .findFirst()
                .ifPresent(error -> {
                    throw new IllegalArgumentException(
                            "--log-config " + file + " cannot be used: " + OneLine.of((Object) error.getMessage()));
                });
        if (context.getLoggerList().stream()
                .noneMatch(logger -> logger.iteratorForAppenders().hasNext())) {
            throw new IllegalArgumentException(
                    "--log-config " + file + " gives no logger an appender, so that nothing would be logged; " + CURE);
        }
        said.stream()
                .filter(status -> status.getLevel() == Status.WARN)
                .forEach(warning -> context.getLogger(HostLogging.class)
                        .warn("--log-config {}: {}", file, OneLine.of((Object) warning.getMessage())));
    }

    /** TorchServe logs with Log4j; Logback finds nothing in such a file, and would log nothing. */
    private static void requireLogback(Path file) {
        try {
            if (LOG4J.matcher(Files.readString(file, StandardCharsets.ISO_8859_1))
                    .find()) {
                throw new IllegalArgumentException("--log-config " + file
                        + " is a configuration of Log4j, and this host logs with Logback; " + CURE);
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("--log-config " + file + " cannot be read: " + e, e);
        }
    }

    /** Runs something while nothing is logged, because its own answer says it all. */
    public static <T> T silently(Supplier<T> body) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        TurboFilter nothing = new Nothing();
        context.addTurboFilter(nothing);
        try {
            return body.get();
        } finally {
            context.getTurboFilterList().remove(nothing);
        }
    }

    private static final class Nothing extends TurboFilter {

        @Override
        public FilterReply decide(
                @Nullable Marker marker,
                Logger logger,
                Level level,
                @Nullable String format,
                Object @Nullable [] arguments,
                @Nullable Throwable failure) {
            return FilterReply.DENY;
        }
    }

    /** Writes out what is buffered and closes the files. */
    public static void stop() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }
}
