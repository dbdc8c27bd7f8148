package dev.holdfast.plugin.jdbc;

/** Foreign text as it may stand in a message. */
final class Text {

    private Text() {}

    /** Bounded, on one line, without control characters. */
    static String printable(String value) {
        return (value.length() > 80 ? value.substring(0, 80) + "…" : value).replaceAll("\\p{Cntrl}", "?");
    }

    /** What a driver said, on one line. */
    static String oneLine(String value) {
        String line = value.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return line.length() > 400 ? line.substring(0, 400) + "…" : line;
    }
}
