package dev.holdfast.host.cli;

import dev.holdfast.host.operate.SnapshotSource;
import dev.holdfast.host.operate.SnapshotTags;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The newest snapshots of a list, and then how many there are, so that a list that is shortened says so. The count is asked
 * for after the list is there, for it may take longer.
 */
final class SnapshotListing {

    /** To count on would ask a large store for all of its headers. */
    private static final int MOST_COUNTED = 100_000;

    private final SnapshotSource source;
    private final ListRequest request;
    private final Predicate<SnapshotHeader> filter;
    private final boolean all;
    private final List<SnapshotHeader> newest = new ArrayList<>();
    private final Set<String> kept = new HashSet<>();
    private Optional<String> next = Optional.of("");
    private int seen;

    private SnapshotListing(SnapshotSource source, ListRequest request, Predicate<SnapshotHeader> filter, boolean all) {
        this.source = source;
        this.request = request;
        this.filter = filter;
        this.all = all;
    }

    /** @param limit 1 or more */
    static SnapshotListing of(SnapshotSource source, int limit) {
        return of(source, limit, ListRequest.firstPage(ListRequest.MOST), header -> true, true);
    }

    /**
     * Reads the first ones.
     *
     * @param limit how many, 1 or more
     * @param request the first page
     * @param all whether neither the request nor the filter leaves anything out
     */
    static SnapshotListing of(
            SnapshotSource source, int limit, ListRequest request, Predicate<SnapshotHeader> filter, boolean all) {
        SnapshotListing listing = new SnapshotListing(source, request, filter, all);
        while (listing.next.isPresent() && listing.newest.size() < limit) {
            listing.read(limit);
        }
        return listing;
    }

    private void read(int limit) {
        String token = next.orElse("");
        SnapshotPage page = source.list(token.isEmpty() ? request : request.page(token));
        for (SnapshotHeader header : page.headers()) {
            SnapshotTags.kept(header).ifPresent(kept::add);
            if (filter.test(header)) {
                seen++;
                if (newest.size() < limit) {
                    newest.add(header);
                }
            }
        }
        next = page.nextPageToken();
    }

    /** As many as were asked for. */
    List<SnapshotHeader> newest() {
        return newest;
    }

    /** Whether a snapshot is tagged to be kept, as far as was read: a tag is newer than what it keeps. */
    boolean isKept(SnapshotHeader header) {
        return kept.contains(header.name());
    }

    /** Whether there are more than the newest. */
    boolean isMore() {
        return next.isPresent() || seen > newest.size();
    }

    /** What is left out; empty for nothing. Counts to the end, where the store does not. */
    Optional<String> shortened() {
        if (!isMore()) {
            return Optional.empty();
        }
        OptionalLong counted = all ? source.count() : OptionalLong.empty();
        if (counted.isEmpty()) {
            while (next.isPresent() && seen < MOST_COUNTED) {
                read(newest.size());
            }
        }
        long count = counted.orElse(seen);
        boolean isMore = counted.isEmpty() && next.isPresent();
        return count == newest.size() && !isMore
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "These are the newest %,d of %,d%s; --limit N shows more.",
                        newest.size(),
                        count,
                        isMore ? " or more" : ""));
    }
}
