package dev.holdfast.host.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.joran.spi.JoranException;
import ch.qos.logback.core.spi.FilterReply;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/** The logging of a host: to a file, to the console beside it, or as a Logback file says. */
public final class HostLogging {

    private HostLogging() {}

    /** Whether log lines go to standard output as well. */
    public enum Console {
        YES,
        NO
    }

    /**
     * Sends log lines to {@code holdfast.log} in a directory, or wherever {@code --log-config} sends them; such a file may
     * use <code>${LOG_LOCATION}</code>.
     *
     * @throws IllegalArgumentException if the Logback file cannot be used
     */
    public static void start(Path directory, Console console, Optional<Path> logConfig) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        context.putProperty("LOG_LOCATION", directory.toString());
        if (logConfig.isPresent()) {
            read(logConfig.get(), context);
            return;
        }
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        Appenders.quietLibraries(context);
        root.addAppender(Appenders.file(context, directory));
        if (console == Console.YES) {
            root.addAppender(Appenders.console(context, "System.out"));
        }
    }

    private static void read(Path file, LoggerContext context) {
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(file.toFile());
        } catch (JoranException e) {
            // Logback's own message refers to an earlier one; its cause has the line and the reason.
            Throwable reason = e.getCause() == null ? e : e.getCause();
            throw new IllegalArgumentException(
                    "--log-config " + file + " is no Logback configuration: " + reason.getMessage(), e);
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
