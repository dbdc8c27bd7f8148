package dev.holdfast.sdk;

import java.time.Instant;
import java.util.regex.Pattern;

/** The shapes that names of the SDK must have; narrow, so that every store can use them as keys and file names. */
final class Rules {

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

    /** The names of snapshots have four digits for the year. */
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999Z");

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

    static void sha256(String what, String value) {
        if (!isSha256(value)) {
            throw new IllegalArgumentException(
                    what + " '" + printable(value) + "' must be 64 lower-case hexadecimal digits");
        }
    }

    static void notNegative(String what, long value, String unit) {
        if (value < 0) {
            throw new IllegalArgumentException(what + " " + value + " must be 0 or more" + unit);
        }
    }

    static void year(String what, Instant time) {
        if (time.isBefore(Instant.EPOCH) || time.isAfter(LATEST)) {
            throw new IllegalArgumentException(what + " " + time + " must lie in the years 1970 to 9999");
        }
    }

    /** A value as it may stand in a message: bounded, on one line, without control characters. */
    static String printable(String value) {
        String cut = value.length() > 80 ? value.substring(0, 80) + "…" : value;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
