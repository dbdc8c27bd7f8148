package dev.holdfast.host.plugins;

/** Text from outside as it may stand in a log line: bounded, on one line, without control characters. */
final class OneLine {

    private static final int MOST = 500;

    private OneLine() {}

    static String of(Object text) {
        String line = String.valueOf(text)
                .replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ")
                .strip();
        return line.length() > MOST ? line.substring(0, MOST) + "…" : line;
    }
}
