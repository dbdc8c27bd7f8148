package dev.holdfast.plugin.fs;

import java.text.MessageFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** The warnings of this plugin while it is open. */
final class Warnings implements AutoCloseable {

    private final Logger logger = Logger.getLogger("dev.holdfast.plugin.fs");
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<String> notes = new CopyOnWriteArrayList<>();
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord record) {
            String line = MessageFormat.format(record.getMessage(), record.getParameters());
            if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                lines.add(line);
            } else if (record.getLevel().equals(Level.INFO)) {
                notes.add(line);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    Warnings() {
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    List<String> lines() {
        return lines;
    }

    /** Lines of INFO. */
    List<String> notes() {
        return notes;
    }

    @Override
    public void close() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }
}
