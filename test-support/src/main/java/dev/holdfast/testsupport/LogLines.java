package dev.holdfast.testsupport;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Catches what is logged: during each test, where it is registered as an extension, or until it is closed. */
public final class LogLines extends AppenderBase<ILoggingEvent>
        implements BeforeEachCallback, AfterEachCallback, AutoCloseable {

    /** A logger that is listened to, and how it was before. */
    private static final class Source {

        private final Logger logger;
        private final Level level;
        private final boolean printed;
        private @Nullable Level before;

        Source(String name, Level level, boolean printed) {
            this.logger = (Logger) LoggerFactory.getLogger(name);
            this.level = level;
            this.printed = printed;
        }

        void begin(LogLines lines) {
            before = logger.getLevel();
            logger.setLevel(level);
            logger.setAdditive(printed);
            logger.addAppender(lines);
        }

        void end(LogLines lines) {
            logger.detachAppender(lines);
            logger.setAdditive(true);
            logger.setLevel(before);
        }
    }

    private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();
    private final List<Source> sources = new ArrayList<>();

    private LogLines() {}

    /**
     * What a room logs, in place of printing it, and what libraries warn of.
     *
     * @param room a class of the room's package
     */
    public LogLines(Class<?> room, String... libraries) {
        sources.add(new Source(room.getPackageName(), Level.DEBUG, false));
        for (String library : libraries) {
            sources.add(new Source(library, Level.WARN, true));
        }
    }

    /** What everything logs from now on, of every library, at this level and above. */
    public static LogLines ofAll(Level level) {
        LogLines all = new LogLines();
        all.sources.add(new Source(org.slf4j.Logger.ROOT_LOGGER_NAME, level, true));
        all.begin();
        return all;
    }

    /** What these loggers log from now on, whatever has been made of them before. */
    public static LogLines of(Level level, String... loggers) {
        LogLines some = new LogLines();
        for (String logger : loggers) {
            some.sources.add(new Source(logger, level, true));
        }
        some.begin();
        return some;
    }

    private void begin() {
        start();
        sources.forEach(source -> source.begin(this));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        begin();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        close();
    }

    @Override
    public void close() {
        sources.forEach(source -> source.end(this));
    }

    @Override
    protected void append(ILoggingEvent event) {
        event.prepareForDeferredProcessing();
        events.add(event);
    }

    /** Level, message and, where a failure is logged with it, the failure's message. */
    public List<String> lines() {
        return events.stream()
                .map(line -> line.getLevel() + " " + line.getFormattedMessage()
                        + (hasTrace(line) ? " " + line.getThrowableProxy().getMessage() : ""))
                .toList();
    }

    private static boolean hasTrace(ILoggingEvent event) {
        return event.getThrowableProxy() != null;
    }

    /** All of it, with what stands beside the message: the context and the key-value pairs. */
    public List<ILoggingEvent> events() {
        return List.copyOf(events);
    }

    public List<String> info() {
        return of(Level.INFO);
    }

    public List<String> warnings() {
        return of(Level.WARN);
    }

    public List<String> errors() {
        return of(Level.ERROR);
    }

    public List<String> debug() {
        return of(Level.DEBUG);
    }

    private List<String> of(Level level) {
        return events.stream()
                .filter(line -> line.getLevel().equals(level))
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    /** Whether a stack trace stands at INFO or above. */
    public boolean showStackTraces() {
        return events.stream()
                .anyMatch(line -> hasTrace(line) && line.getLevel().isGreaterOrEqual(Level.INFO));
    }

    public boolean haveStackTraceAtDebug() {
        return events.stream()
                .anyMatch(line -> hasTrace(line) && line.getLevel().equals(Level.DEBUG));
    }
}
