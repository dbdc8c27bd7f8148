package dev.holdfast.host.runtime;

/** Texts from archives and requests as they may stand in messages. */
final class Text {

    private Text() {}

    /** A value, bounded, on one line, without control characters. */
    static String printable(String value) {
        String cut = value.length() > 200 ? value.substring(0, 200) + "…" : value;
        return cut.replaceAll("[\\p{Cntrl}\\p{Cf}\\p{Zl}\\p{Zp}]", "?");
    }
}
