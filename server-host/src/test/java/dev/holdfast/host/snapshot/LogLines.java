package dev.holdfast.host.snapshot;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Catches what this package logs during a test, in place of printing it. */
final class LogLines extends AppenderBase<ILoggingEvent> implements BeforeEachCallback, AfterEachCallback {

    private record Line(Level level, String text, boolean hasTrace) {}

    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final Logger logger = (Logger) LoggerFactory.getLogger(LogLines.class.getPackageName());

    @Override
    public void beforeEach(ExtensionContext context) {
        setContext(logger.getLoggerContext());
        start();
        logger.setLevel(Level.DEBUG);
        logger.setAdditive(false);
        logger.addAppender(this);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        logger.detachAppender(this);
        logger.setAdditive(true);
        logger.setLevel(null);
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(new Line(event.getLevel(), event.getFormattedMessage(), event.getThrowableProxy() != null));
    }

    List<String> info() {
        return of(Level.INFO);
    }

    List<String> warnings() {
        return of(Level.WARN);
    }

    List<String> errors() {
        return of(Level.ERROR);
    }

    List<String> debug() {
        return of(Level.DEBUG);
    }

    private List<String> of(Level level) {
        return lines.stream()
                .filter(line -> line.level().equals(level))
                .map(Line::text)
                .toList();
    }

    /** Whether a stack trace stands at INFO or above. */
    boolean showStackTraces() {
        return lines.stream().anyMatch(line -> line.hasTrace() && line.level().isGreaterOrEqual(Level.INFO));
    }

    boolean haveStackTraceAtDebug() {
        return lines.stream().anyMatch(line -> line.hasTrace() && line.level().equals(Level.DEBUG));
    }
}
