package dev.holdfast.sdk;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which snapshots to list, and which page of them. Start from {@link #firstPage(int)} and narrow it. */
public final class ListRequest {

    /** The most headers that one page may have. */
    public static final int MOST = 1000;

    private final int limit;
    private final @Nullable String pageToken;
    private final @Nullable Instant from;
    private final @Nullable Instant until;
    private final @Nullable SnapshotKind kind;

    private ListRequest(
            int limit,
            @Nullable String pageToken,
            @Nullable Instant from,
            @Nullable Instant until,
            @Nullable SnapshotKind kind) {
        if (limit < 1 || limit > MOST) {
            throw new IllegalArgumentException("List limit " + limit + " must be 1 to " + MOST);
        }
        this.limit = limit;
        this.pageToken = pageToken;
        this.from = from;
        this.until = until;
        this.kind = kind;
    }

    /**
     * The newest snapshots, of any kind and time.
     *
     * @param limit 1 to {@link #MOST}
     */
    public static ListRequest firstPage(int limit) {
        return new ListRequest(limit, null, null, null, null);
    }

    /** The page after the one that gave {@code token}; all else must stay the same from page to page. */
    public ListRequest page(String token) {
        return new ListRequest(limit, token, from, until, kind);
    }

    /** Only those created at this time or later. */
    public ListRequest from(Instant earliest) {
        return new ListRequest(limit, pageToken, earliest, until, kind);
    }

    /** Only those created before this time. */
    public ListRequest until(Instant end) {
        return new ListRequest(limit, pageToken, from, end, kind);
    }

    /** Only those of this kind. */
    public ListRequest kind(SnapshotKind only) {
        return new ListRequest(limit, pageToken, from, until, only);
    }

    public int limit() {
        return limit;
    }

    public Optional<String> pageToken() {
        return Optional.ofNullable(pageToken);
    }

    public Optional<Instant> from() {
        return Optional.ofNullable(from);
    }

    public Optional<Instant> until() {
        return Optional.ofNullable(until);
    }

    public Optional<SnapshotKind> kind() {
        return Optional.ofNullable(kind);
    }

    /** Whether a header passes the filters of time and kind; the limit and the page are the serializer's. */
    public boolean accepts(SnapshotHeader header) {
        return (from == null || !header.createdOn().isBefore(from))
                && (until == null || header.createdOn().isBefore(until))
                && (kind == null || header.kind() == kind);
    }
}
