package dev.holdfast.plugin.ddb;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Where a page of a list ended, in Base64: the month, the name and the place of its last snapshot, and a checksum. It
 * names a place in the order, so it never grows stale.
 */
final class PageToken {

    private static final String SEPARATOR = "|";

    private PageToken() {}

    static String after(Entry last) {
        String where = last.month() + SEPARATOR + last.name() + SEPARATOR + last.place();
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((checksum(where) + SEPARATOR + where).getBytes(StandardCharsets.UTF_8));
    }

    /** The entry that the page ended with; its header is not known. */
    static Entry parse(String token) {
        try {
            String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            String[] parts = text.split("\\|", 4);
            if (parts.length == 4 && text.equals(checksum(text.substring(9)) + SEPARATOR + text.substring(9))) {
                return new Entry(parts[1], parts[2], parts[3], Optional.empty());
            }
        } catch (IllegalArgumentException e) {
            // The message below says all that the exception knows.
        }
        throw new IllegalArgumentException("Page token '"
                + (token.length() > 200 ? token.substring(0, 200) + "…" : token).replaceAll("\\p{Cntrl}", "?")
                + "' is not one that serializer ddb gave");
    }

    private static String checksum(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
