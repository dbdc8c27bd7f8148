package dev.holdfast.host.grpc;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/** Brings what gRPC says to the log of the host: it uses the JDK's, which would write to standard error. */
final class LibraryLog extends Handler {

    /** Kept, for the JDK forgets the settings of a logger that nobody holds. */
    private static final Logger LIBRARY = Logger.getLogger("io.grpc");

    private LibraryLog() {}

    static synchronized void install() {
        if (LIBRARY.getUseParentHandlers()) {
            LIBRARY.setUseParentHandlers(false);
            LIBRARY.addHandler(new LibraryLog());
        }
    }

    @Override
    public void publish(LogRecord record) {
        org.slf4j.Logger log = LoggerFactory.getLogger("io.grpc");
        String text = record.getLoggerName() + ": " + record.getMessage();
        // One that a caller can bring about is no reason to wake somebody; what is a defect of ours is said where it
        // happens.
        if (record.getLevel().intValue() >= Level.SEVERE.intValue()) {
            log.warn("{}", text, record.getThrown());
        } else {
            log.debug("{}", text, record.getThrown());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
