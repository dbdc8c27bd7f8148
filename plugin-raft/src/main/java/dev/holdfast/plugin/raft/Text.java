package dev.holdfast.plugin.raft;

import org.jspecify.annotations.Nullable;

/** Values as they may stand in messages. */
final class Text {

    private static final int LONGEST = 300;

    private Text() {}

    static String printable(@Nullable String value) {
        String text = String.valueOf(value);
        String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}+", " ");
    }

    /** What a failure says, with the last of its causes, which is the one nearest to the fault. */
    static String reason(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return printable(last.toString());
    }
}
