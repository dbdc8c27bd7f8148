package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import java.util.ArrayList;
import java.util.List;

/** All pages of a list. */
final class Listing {

    private Listing() {}

    static List<SnapshotHeader> of(Store store, int limit) {
        return of(store, ListRequest.firstPage(limit));
    }

    static List<SnapshotHeader> of(Store store, ListRequest request) {
        List<SnapshotHeader> all = new ArrayList<>();
        SnapshotPage page = store.serializer().list(request);
        all.addAll(page.headers());
        while (page.nextPageToken().isPresent()) {
            page = store.serializer().list(request.page(page.nextPageToken().get()));
            all.addAll(page.headers());
        }
        return all;
    }
}
