package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.SnapshotKind;
import java.time.Instant;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a page ended: {@code <revision>:<name>:<checksum>}. It names a place in the order, so it never grows stale. */
final class PageToken {

    private static final Pattern TOKEN = Pattern.compile("(([0-9]{1,19}):([A-Za-z0-9._-]{1,128})):([0-9a-f]{8})");

    private PageToken() {}

    static String after(Entry last) {
        String place = last.revision() + ":" + last.name();
        return place + ":" + SnapshotFile.crc32c(place);
    }

    /** The entry that the page ended with; its time and kind are not known. */
    static Entry parse(String token) {
        Matcher parts = TOKEN.matcher(token);
        if (!parts.matches() || !SnapshotFile.crc32c(parts.group(1)).equals(parts.group(4))) {
            throw new IllegalArgumentException("Page token '"
                    + (token.length() > 200 ? token.substring(0, 200) + "…" : token).replaceAll("\\p{Cntrl}", "?")
                    + "' is not one that serializer fs gave");
        }
        return new Entry(Long.parseLong(parts.group(2)), parts.group(3), Instant.EPOCH, SnapshotKind.SAVE);
    }
}
