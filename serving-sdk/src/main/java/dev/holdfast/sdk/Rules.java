package dev.holdfast.sdk;

import java.util.regex.Pattern;

/** The shapes that names of the SDK must have; narrow, so that every store can use them as keys and file names. */
final class Rules {

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    private Rules() {}

    static String word(String what, String value, int longest) {
        if (value.length() > longest || !isWord(value)) {
            throw new IllegalArgumentException(
                    what + " '" + printable(value) + "' must match [A-Za-z0-9][A-Za-z0-9._-]{0," + (longest - 1) + "}");
        }
        return value;
    }

    static boolean isWord(String value) {
        return WORD.matcher(value).matches();
    }

    static boolean isSha256(String value) {
        return SHA_256.matcher(value).matches();
    }

    /** A value as it may stand in a message: bounded, on one line, without control characters. */
    static String printable(String value) {
        String cut = value.length() > 80 ? value.substring(0, 80) + "…" : value;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
