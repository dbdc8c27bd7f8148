package dev.holdfast.host.logging;

import ch.qos.logback.core.rolling.RollingFileAppender;
import dev.holdfast.host.common.OwnFiles;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A log of the host's own, for Logback: a rolling file that is made for its owner alone, and is not opened where something else
 * than a file lies in its place.
 */
public final class OwnLogFile<E> extends RollingFileAppender<E> {

    /** Logback opens what it finds, so that is made, or looked at, before. */
    @Override
    public void openFile(String file) throws IOException {
        OwnFiles.create(Path.of(file));
        super.openFile(file);
    }
}
