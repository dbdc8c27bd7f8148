package dev.holdfast.host.operate;

import java.util.Locale;

/** How large something is, in words. */
public final class Sizes {

    private Sizes() {}

    /** As {@code 9.4 KiB}; bytes below 1,024 as they are. */
    public static String of(long bytes) {
        if (bytes < 1024) {
            return bytes + " B";
        }
        double size = bytes;
        String unit = "";
        for (String next : new String[] {"KiB", "MiB", "GiB", "TiB"}) {
            if (size < 1024) {
                break;
            }
            size /= 1024;
            unit = next;
        }
        return String.format(Locale.ROOT, "%.1f %s", size, unit);
    }

    /** A number of things, as {@code 1 chunk} and {@code 1,200 chunks}. */
    public static String count(long number, String thing) {
        return String.format(Locale.ROOT, "%,d %s%s", number, thing, number == 1 ? "" : "s");
    }
}
