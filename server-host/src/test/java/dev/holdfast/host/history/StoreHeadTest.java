package dev.holdfast.host.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.keeper.FakeStore;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoreHeadTest {

    @Test
    void theFirstThatCanBeListedIsFoundBehindThoseThatCannot() {
        SnapshotHeader header = States.snapshot(41, "a").header();
        FakeStore store = new FakeStore(new FakeStore.Disk()) {
            @Override
            public SnapshotPage list(ListRequest request) {
                return request.pageToken().isEmpty()
                        ? SnapshotPage.of(List.of(), PageToken.of("behind-42"))
                        : SnapshotPage.last(List.of(header));
            }
        };

        assertThat(StoreHead.firstListed(store)).contains(header);
    }
}
