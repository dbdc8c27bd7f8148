package dev.holdfast.host.text;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Collection;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Text from outside (a name in a request, a path, what a library's failure says) as it may stand in a message or a log
 * line: on one line, of bounded length, without control characters.
 */
public final class OneLine {

    private static final int LONGEST_NAME = 80;
    /** Also characters that change the direction of a text, or cannot be seen. */
    private static final Pattern BREAK = Pattern.compile("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]");

    private static final Pattern BREAKS = Pattern.compile(BREAK + "+");

    private static final int LONGEST = 1000;
    private static final int LONGEST_REASON = 4000;
    private static final int HEAD_OF_REASON = 400;

    private OneLine() {}

    /** A name or a value that somebody gave; what it may not have in it is a question mark. */
    public static String name(String text) {
        String name = text.length() > LONGEST_NAME ? text.substring(0, LONGEST_NAME) + "…" : text;
        return BREAK.matcher(name).replaceAll("?");
    }

    /** A failure's message, with its class where the message alone may mean nothing to the reader. */
    public static String of(Throwable failure) {
        String message = failure.getMessage();
        if (failure instanceof FileSystemException file) {
            return reason(of(file));
        }
        if (failure.getClass() == IOException.class && message != null && !message.isBlank()) {
            return reason(message);
        }
        if (message == null || message.isBlank() || !(failure instanceof RuntimeException)) {
            return reason(failure.toString());
        }
        return reason(message);
    }

    /** These say nothing but a path, or say it by their class. */
    private static String of(FileSystemException failure) {
        String file = failure.getFile();
        String reason = failure.getReason();
        String other = failure.getOtherFile() == null ? "" : " to " + failure.getOtherFile();
        if (file == null || file.isBlank()) {
            return failure.toString();
        }
        if (failure instanceof NoSuchFileException) {
            return "there is no " + file;
        }
        if (failure instanceof FileAlreadyExistsException) {
            return file + " is there already";
        }
        if (failure instanceof AccessDeniedException) {
            return file + ": access is denied";
        }
        if (failure instanceof NotDirectoryException) {
            return file + " is no directory";
        }
        return reason == null ? failure.toString() : file + other + ": " + reason;
    }

    /** Why something failed. What is too long loses its middle: engines say the reason last. */
    public static String reason(String text) {
        String line = line(text);
        return line.length() > LONGEST_REASON
                ? line.substring(0, HEAD_OF_REASON)
                        + " … "
                        + line.substring(line.length() - LONGEST_REASON + HEAD_OF_REASON)
                : line;
    }

    /** Any other text, or what prints as one. */
    public static String of(@Nullable Object text) {
        String line = line(String.valueOf(text));
        return line.length() > LONGEST ? line.substring(0, LONGEST) + "…" : line;
    }

    /** Notices as sentences, one after the other. */
    public static String sentences(Collection<String> notices) {
        return notices.stream()
                .map(notice -> notice.endsWith(".") ? notice : notice + ".")
                .collect(Collectors.joining(" "));
    }

    /** All of it, on one line. */
    public static String line(String text) {
        return BREAKS.matcher(text).replaceAll(" ").strip();
    }
}
