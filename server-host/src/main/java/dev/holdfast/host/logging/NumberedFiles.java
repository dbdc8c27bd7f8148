package dev.holdfast.host.logging;

import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.rolling.RollingPolicy;
import ch.qos.logback.core.rolling.RolloverFailure;
import ch.qos.logback.core.rolling.helper.CompressionMode;
import ch.qos.logback.core.spi.ContextAwareBase;
import dev.holdfast.host.common.OlderFiles;
import java.io.IOException;
import java.nio.file.Path;

/**
 * {@code name.log}, and up to {@code name.5.log} beside it, the higher the older.
 *
 * <p>Logback's own policy takes the whole path for a pattern, so that a percent sign in the name of a directory means
 * something to it, and some directories stop the start.
 */
final class NumberedFiles extends ContextAwareBase implements RollingPolicy {

    private final Path file;
    private final int kept;
    private boolean started;

    NumberedFiles(Path directory, String name, int kept) {
        this.file = directory.resolve(name + ".log");
        this.kept = kept;
    }

    @Override
    public void rollover() {
        try {
            OlderFiles.push(file, kept);
        } catch (IOException e) {
            throw new RolloverFailure("The log files in " + file.getParent() + " cannot be renamed", e);
        }
    }

    @Override
    public String getActiveFileName() {
        return file.toString();
    }

    @Override
    public CompressionMode getCompressionMode() {
        return CompressionMode.NONE;
    }

    @Override
    public void setParent(FileAppender<?> appender) {}

    @Override
    public void start() {
        started = true;
    }

    @Override
    public void stop() {
        started = false;
    }

    @Override
    public boolean isStarted() {
        return started;
    }
}
