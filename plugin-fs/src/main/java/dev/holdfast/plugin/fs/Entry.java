package dev.holdfast.plugin.fs;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the catalog keeps of a snapshot: enough to find its place in the order and to pass over it in a list. Its form in
 * the index is a line of fixed length, so that the n-th one is found without reading those before it.
 */
record Entry(long revision, String name, Instant createdOn, SnapshotKind kind) implements Comparable<Entry> {

    /** The length of a line: numbers, the longest name, the checksum, and spaces to fill. */
    static final int LENGTH = 192;

    private static final Pattern PLACE = Pattern.compile("([0-9]{1,19}):([A-Za-z0-9._-]{1,128})");

    private static final Comparator<Entry> ORDER =
            Comparator.comparingLong(Entry::revision).thenComparing(Entry::name);

    static Entry of(SnapshotHeader header) {
        return new Entry(header.revision(), header.name(), header.createdOn(), header.kind());
    }

    byte[] toLine() {
        String values = revision + " " + createdOn.toEpochMilli() + " " + kind.word() + " " + name;
        byte[] line = new byte[LENGTH];
        Arrays.fill(line, (byte) ' ');
        byte[] bytes = (SnapshotFile.crc32c(values) + " " + values).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, line, 0, bytes.length);
        line[LENGTH - 1] = '\n';
        return line;
    }

    /** Null if the line is damaged. */
    static @Nullable Entry fromLine(byte[] lines, int offset) {
        String line = new String(lines, offset, LENGTH, StandardCharsets.US_ASCII).stripTrailing();
        if (line.length() < 10 || !SnapshotFile.crc32c(line.substring(9)).equals(line.substring(0, 8))) {
            return null;
        }
        String[] values = line.substring(9).split(" ");
        return new Entry(
                Long.parseLong(values[0]),
                values[3],
                Instant.ofEpochMilli(Long.parseLong(values[1])),
                SnapshotKind.of(values[2]));
    }

    /** The token of a page that ends with this entry. It names a place in the order, so it never grows stale. */
    String toToken() {
        return PageToken.of(revision + ":" + name);
    }

    /**
     * The entry that a page ended with; its time and kind are not known.
     *
     * @throws IllegalArgumentException if it is not a token of an entry
     */
    static Entry fromToken(String token) {
        Matcher parts = PLACE.matcher(PageToken.place(token));
        try {
            if (parts.matches()) {
                return new Entry(Long.parseLong(parts.group(1)), parts.group(2), Instant.EPOCH, SnapshotKind.SAVE);
            }
        } catch (NumberFormatException e) {
            // More than a revision can be: the message below.
        }
        throw new IllegalArgumentException("Page token '" + token + "' is not one that serializer fs gave");
    }

    /** Whether a list may show it; never false where {@link ListRequest#accepts} is true. */
    boolean mayPass(ListRequest request) {
        return request.kind().map(only -> only == kind).orElse(true)
                && request.from().map(from -> !createdOn.isBefore(from)).orElse(true)
                && request.until().map(createdOn::isBefore).orElse(true);
    }

    @Override
    public int compareTo(Entry other) {
        return ORDER.compare(this, other);
    }
}
