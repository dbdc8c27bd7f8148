package dev.holdfast.host.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The newest snapshots of a host, page by page, and how many there are, so that a list that is shortened says so.
 *
 * @param newest as many as were asked for
 * @param all how many there are
 * @param isMore whether there are more than were counted
 */
record SnapshotListing(List<JsonNode> newest, int all, boolean isMore) {

    /** As many as a host gives at once. */
    private static final int PAGE = 1000;
    /** To count on would ask a large store for all of its headers. */
    private static final int MOST_COUNTED = 100_000;

    /** @param limit 1 or more */
    static SnapshotListing of(HostApi api, int limit) {
        List<JsonNode> newest = new ArrayList<>();
        int all = 0;
        String page = "";
        do {
            JsonNode answer = api.manage("GET", "/snapshots?limit=" + PAGE + page);
            for (JsonNode snapshot : answer.path("snapshots")) {
                all++;
                if (newest.size() < limit) {
                    newest.add(snapshot);
                }
            }
            String token = answer.path("nextPageToken").asText("");
            page = token.isEmpty() ? "" : "&next_page_token=" + HostApi.encode(token);
        } while (!page.isEmpty() && (all < MOST_COUNTED || newest.size() < limit));
        return new SnapshotListing(newest, all, !page.isEmpty());
    }

    /** What is left out; empty for nothing. */
    Optional<String> shortened() {
        return newest.size() == all && !isMore
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "These are the newest %,d of %,d%s; --limit N shows more.",
                        newest.size(),
                        all,
                        isMore ? " or more" : ""));
    }
}
