package dev.holdfast.host.text;

import java.util.regex.Pattern;

/**
 * Text from outside (a name in a request, a path, what a library's failure says) as it may stand in a message or a log
 * line: on one line, of bounded length, without control characters.
 */
public final class OneLine {

    private static final int LONGEST_NAME = 80;
    private static final Pattern BREAKS = Pattern.compile("[\\p{Cntrl}\\p{Zl}\\p{Zp}]+");
    private static final int LONGEST = 1000;
    private static final int LONGEST_REASON = 4000;
    private static final int HEAD_OF_REASON = 400;

    private OneLine() {}

    /** A name or a value that somebody gave. */
    public static String name(String text) {
        return of(text, LONGEST_NAME);
    }

    /** What a failure says of itself; with its class where that may say nothing to the reader. */
    public static String of(Throwable failure) {
        String message = failure.getMessage();
        if (message == null || message.isBlank() || !(failure instanceof RuntimeException)) {
            return reason(failure.toString());
        }
        return reason(message);
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
    public static String of(Object text) {
        return of(String.valueOf(text), LONGEST);
    }

    private static String of(String text, int longest) {
        String line = line(text);
        return line.length() > longest ? line.substring(0, longest) + "…" : line;
    }

    /** All of it, on one line. */
    public static String line(String text) {
        return BREAKS.matcher(text).replaceAll(" ").strip();
    }
}
