package dev.holdfast.plugin.jdbc;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/** Where a page ended: {@code <revision>:<checksum>}. It names a place in the order, so it never grows stale. */
final class PageToken {

    private static final Pattern TOKEN = Pattern.compile("([0-9]{1,18}|[1-9][0-9]{18}):([0-9a-f]{8})");

    private PageToken() {}

    static String after(long revision) {
        return revision + ":" + checksum(Long.toString(revision));
    }

    /** The revision that the page ended with. */
    static long parse(String token) {
        Matcher parts = TOKEN.matcher(token);
        if (parts.matches() && checksum(parts.group(1)).equals(parts.group(2))) {
            try {
                return Long.parseLong(parts.group(1));
            } catch (NumberFormatException e) {
                // More than a revision can be: the message below.
            }
        }
        throw new IllegalArgumentException(
                "Page token '" + Text.printable(token) + "' is not one that serializer jdbc gave");
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }
}
