package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.Optional;

/**
 * A snapshot as the index shows it.
 *
 * @param month in which it stands
 * @param name of the snapshot
 * @param place its {@code createdOn}
 * @param header empty where it cannot be read
 */
record Entry(String month, String name, String place, Optional<SnapshotHeader> header) {

    private static final String SEPARATOR = "|";

    /** The token of a page that ends with this entry. It names a place in the order, so it never grows stale. */
    String toToken() {
        return PageToken.of(month + SEPARATOR + name + SEPARATOR + place);
    }

    /**
     * The entry that a page ended with; its header is not known.
     *
     * @throws IllegalArgumentException if it is not a token of an entry
     */
    static Entry fromToken(String token) {
        String[] parts = PageToken.place(token).split("\\|", 3);
        if (parts.length < 3) {
            throw new IllegalArgumentException("Page token '" + token + "' is not one that serializer ddb gave");
        }
        return new Entry(parts[0], parts[1], parts[2], Optional.empty());
    }
}
