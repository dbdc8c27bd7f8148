package dev.holdfast.host.runtime.process;

import dev.holdfast.host.common.DaemonThreads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Takes what a worker prints, line by line, for as long as somebody has the stream open: a worker that nobody listens to
 * stops at a full pipe. A line that does not end is taken in pieces.
 */
public final class OutputLines {

    private static final int LONGEST_LINE = 8192;

    private OutputLines() {}

    /**
     * Reads a stream to its end, on a thread of its own.
     *
     * @param ended completes then, which may be long after the end of the process: its children have the stream too
     */
    public static void drain(InputStream stream, String name, CompletableFuture<Void> ended, Consumer<String> lines) {
        DaemonThreads.start(name, () -> {
            try {
                drain(stream, lines);
            } finally {
                ended.complete(null);
            }
        });
    }

    private static void drain(InputStream stream, Consumer<String> lines) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        byte[] buffer = new byte[LONGEST_LINE];
        try (stream) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                for (int i = 0; i < count; i++) {
                    if (buffer[i] == '\n' || line.size() == LONGEST_LINE) {
                        give(line, lines);
                    }
                    if (buffer[i] != '\n') {
                        line.write(buffer[i]);
                    }
                }
            }
        } catch (IOException e) {
            // The process has ended, and its streams with it.
        }
        if (line.size() > 0) {
            give(line, lines);
        }
    }

    private static void give(ByteArrayOutputStream line, Consumer<String> lines) {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        lines.accept(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
    }
}
