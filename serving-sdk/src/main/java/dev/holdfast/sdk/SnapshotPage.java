package dev.holdfast.sdk;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Some headers of a list, highest revision first, and the way to the next ones. */
public final class SnapshotPage {

    private final List<SnapshotHeader> headers;
    private final @Nullable String nextPageToken;

    private SnapshotPage(List<SnapshotHeader> headers, @Nullable String nextPageToken) {
        this.headers = List.copyOf(headers);
        this.nextPageToken = nextPageToken;
    }

    /** A page with others behind it. */
    public static SnapshotPage of(List<SnapshotHeader> headers, String nextPageToken) {
        return new SnapshotPage(headers, nextPageToken);
    }

    /** The last page. */
    public static SnapshotPage last(List<SnapshotHeader> headers) {
        return new SnapshotPage(headers, null);
    }

    /**
     * All headers of a list from the requested page on, highest revision first. Each page is asked for when the stream comes
     * to it, and fails then as {@link SnapshotSerializer#list} does; so a stream that ends early asks for no more.
     */
    public static Stream<SnapshotHeader> all(SnapshotSerializer serializer, ListRequest request) {
        return Stream.iterate(
                        Optional.of(serializer.list(request)),
                        Optional::isPresent,
                        page -> page.flatMap(SnapshotPage::nextPageToken)
                                .map(token -> serializer.list(request.page(token))))
                .flatMap(page -> page.get().headers().stream());
    }

    public List<SnapshotHeader> headers() {
        return headers;
    }

    /** What {@link ListRequest#page} takes; opaque, valid for the serializer that gave it. Empty on the last page. */
    public Optional<String> nextPageToken() {
        return Optional.ofNullable(nextPageToken);
    }
}
