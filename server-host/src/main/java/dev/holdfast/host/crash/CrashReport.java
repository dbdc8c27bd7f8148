package dev.holdfast.host.crash;

import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The JVM's report of a crash of native code or of itself: {@code hs_err_pid<pid>.log}.
 *
 * @param file where it lies
 * @param fault the signal and the library, such as {@code SIGFPE in libonnxruntime.so}; empty if the JVM only ran out of
 *     memory
 * @param thread the name of the thread that crashed, if it is a Java thread
 */
record CrashReport(Path file, Optional<String> fault, Optional<String> thread) {

    private static final Logger log = LoggerFactory.getLogger(CrashReport.class);
    private static final int MOST_READ = 256 << 10;
    private static final Pattern FAULT = Pattern.compile("(?m)^#\\s+(SIG[A-Z]+|EXCEPTION_\\w+|Internal Error)\\b");
    private static final Pattern FRAME =
            Pattern.compile("(?m)^# Problematic frame:\\s*\\R#\\s+[A-Za-z]\\s+\\[([^\\]+]+)");
    private static final Pattern THREAD =
            Pattern.compile("(?m)^Current thread \\(0x\\p{XDigit}+\\):\\s+(?:\\w+ )?\"(.*)\" .*$");

    static String name(long pid) {
        return "hs_err_pid" + pid + ".log";
    }

    /** Reads a report; empty if it cannot be read. */
    static Optional<CrashReport> read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return Optional.of(of(file, new String(in.readNBytes(MOST_READ), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            log.warn("The crash report {} cannot be read: {}", file, e.toString());
            return Optional.empty();
        }
    }

    static CrashReport of(Path file, String text) {
        Matcher fault = FAULT.matcher(text);
        Matcher frame = FRAME.matcher(text);
        String library = frame.find() ? " in " + OneLine.name(frame.group(1)) : "";
        Optional<String> what = text.contains("insufficient memory for the Java Runtime") || !fault.find()
                ? Optional.empty()
                : Optional.of(fault.group(1) + library);
        Matcher thread = THREAD.matcher(text);
        return new CrashReport(file, what, thread.find() ? Optional.of(thread.group(1)) : Optional.empty());
    }

    boolean isFault() {
        return fault.isPresent();
    }

    @Override
    public String toString() {
        return fault.orElse("out of memory") + ", crash report " + file;
    }
}
