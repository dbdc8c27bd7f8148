package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotPageTest {

    private final SnapshotHeader header = Headers.complete().build();

    @Test
    void aPageNamesTheNextOneAndTheLastPageNone() {
        assertThat(SnapshotPage.of(List.of(header), "6").nextPageToken()).hasValue("6");
        assertThat(SnapshotPage.last(List.of(header)).nextPageToken()).isEmpty();
    }

    @Test
    void aPageMayBeEmptyAndStillNameANextOne() {
        SnapshotPage page = SnapshotPage.of(List.of(), "6");

        assertThat(page.headers()).isEmpty();
        assertThat(page.nextPageToken()).hasValue("6");
    }

    @Test
    void aPageKeepsTheOrderInACopyThatCannotBeChanged() {
        SnapshotHeader older = Headers.complete().name("older").revision(6).build();
        List<SnapshotHeader> headers = new ArrayList<>(List.of(header, older));
        SnapshotPage page = SnapshotPage.last(headers);

        headers.clear();

        assertThat(page.headers()).containsExactly(header, older).isUnmodifiable();
    }
}
