package dev.holdfast.host.serving;

/** Text from outside, made fit for a log line and an answer: one line, of bounded length, without control characters. */
final class OneLine {

    private static final int LONGEST_NAME = 80;
    private static final int LONGEST_REASON = 1000;

    private OneLine() {}

    /** A name that a caller gave. */
    static String name(String text) {
        return of(text, LONGEST_NAME);
    }

    /** What a failure says of itself; with its class where that may say nothing to the reader. */
    static String of(Throwable failure) {
        String message = failure.getMessage();
        if (message == null || message.isBlank() || !(failure instanceof RuntimeException)) {
            return reason(failure.toString());
        }
        return reason(message);
    }

    /** Why something failed. */
    static String reason(String text) {
        return of(text, LONGEST_REASON);
    }

    private static String of(String text, int longest) {
        String cut = text.length() > longest ? text.substring(0, longest) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}+", " ").strip();
    }
}
