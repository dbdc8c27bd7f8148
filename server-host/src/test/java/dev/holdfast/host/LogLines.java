package dev.holdfast.host;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Catches what a room logs during a test, in place of printing it, and what a library warns of. */
public final class LogLines extends AppenderBase<ILoggingEvent> implements BeforeEachCallback, AfterEachCallback {

    private record Line(Level level, String text, boolean hasTrace) {}

    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final Logger logger;
    private final List<Logger> libraries;

    /** @param room a class of the room's package */
    public LogLines(Class<?> room, String... libraries) {
        this.logger = (Logger) LoggerFactory.getLogger(room.getPackageName());
        this.libraries = Stream.of(libraries)
                .map(library -> (Logger) LoggerFactory.getLogger(library))
                .toList();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        setContext(logger.getLoggerContext());
        start();
        logger.setLevel(Level.DEBUG);
        logger.setAdditive(false);
        logger.addAppender(this);
        libraries.forEach(library -> {
            library.setLevel(Level.WARN);
            library.addAppender(this);
        });
    }

    @Override
    public void afterEach(ExtensionContext context) {
        logger.detachAppender(this);
        logger.setAdditive(true);
        logger.setLevel(null);
        libraries.forEach(library -> {
            library.detachAppender(this);
            library.setLevel(null);
        });
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(new Line(event.getLevel(), event.getFormattedMessage(), event.getThrowableProxy() != null));
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
        return lines.stream()
                .filter(line -> line.level().equals(level))
                .map(Line::text)
                .toList();
    }

    /** Whether a stack trace stands at INFO or above. */
    public boolean showStackTraces() {
        return lines.stream().anyMatch(line -> line.hasTrace() && line.level().isGreaterOrEqual(Level.INFO));
    }

    public boolean haveStackTraceAtDebug() {
        return lines.stream().anyMatch(line -> line.hasTrace() && line.level().equals(Level.DEBUG));
    }
}
