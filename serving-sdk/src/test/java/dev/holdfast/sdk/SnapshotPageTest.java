package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

    @Test
    void allHeadersComeInTheirOrderAcrossAnEmptyPageAndEveryPageIsAskedForOnce() {
        ThreePages serializer = new ThreePages();

        assertThat(SnapshotPage.all(serializer, ListRequest.firstPage(1)).map(SnapshotHeader::name))
                .containsExactly("newest", "oldest");
        assertThat(serializer.asked).containsExactly("", "1", "2");
    }

    @Test
    void aPageThatNobodyNeedsIsNotAskedFor() {
        ThreePages serializer = new ThreePages();

        assertThat(SnapshotPage.all(serializer, ListRequest.firstPage(1)).findFirst())
                .map(SnapshotHeader::name)
                .hasValue("newest");
        assertThat(serializer.asked).containsExactly("");
    }

    /** The second page is empty, as where nothing on it can be read. */
    private static final class ThreePages implements SnapshotSerializer {

        private final List<String> asked = new ArrayList<>();

        @Override
        public SnapshotPage list(ListRequest request) {
            asked.add(request.pageToken().orElse(""));
            return switch (asked.size()) {
                case 1 -> SnapshotPage.of(List.of(named("newest")), "1");
                case 2 -> SnapshotPage.of(List.of(), "2");
                default -> SnapshotPage.last(List.of(named("oldest")));
            };
        }

        private static SnapshotHeader named(String name) {
            return Headers.complete().name(name).build();
        }

        @Override
        public void save(Snapshot snapshot) {}

        @Override
        public Optional<Snapshot> getLast() {
            return Optional.empty();
        }

        @Override
        public Snapshot get(String name) {
            throw new SnapshotNotFoundException(name);
        }

        @Override
        public void close() {}
    }
}
