package dev.holdfast.host.logging;

import ch.qos.logback.core.FileAppender;
import ch.qos.logback.core.rolling.RollingPolicy;
import ch.qos.logback.core.rolling.RolloverFailure;
import ch.qos.logback.core.rolling.helper.CompressionMode;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * {@code name.log}, and up to {@code name.5.log} beside it, the higher the older.
 *
 * <p>Logback's own policy takes the whole path for a pattern, so that a percent sign in the name of a directory means
 * something to it, and some directories stop the start.
 */
final class NumberedFiles extends ContextAwareBase implements RollingPolicy {

    private final Path directory;
    private final String name;
    private final int kept;
    private boolean started;

    NumberedFiles(Path directory, String name, int kept) {
        this.directory = directory;
        this.name = name;
        this.kept = kept;
    }

    @Override
    public void rollover() {
        try {
            for (int number = kept - 1; number >= 1; number--) {
                move(numbered(number), numbered(number + 1));
            }
            move(directory.resolve(getActiveFileName()), numbered(1));
        } catch (IOException e) {
            throw new RolloverFailure("The log files in " + directory + " cannot be renamed", e);
        }
    }

    private Path numbered(int number) {
        return directory.resolve(name + "." + number + ".log");
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (NoSuchFileException e) {
            // There have not been so many yet.
        }
    }

    @Override
    public String getActiveFileName() {
        return directory.resolve(name + ".log").toString();
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
