package dev.holdfast.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListRequestTest {

    private static final Instant EARLIER = Headers.TIME.minusMillis(1);
    private static final Instant LATER = Headers.TIME.plusMillis(1);

    private final SnapshotHeader header = Headers.complete().build();

    @Test
    void aFirstPageNarrowsNothing() {
        ListRequest request = ListRequest.firstPage(10);

        assertThat(request.limit()).isEqualTo(10);
        assertThat(request.pageToken()).isEmpty();
        assertThat(request.from()).isEmpty();
        assertThat(request.until()).isEmpty();
        assertThat(request.kind()).isEmpty();
        assertThat(request.accepts(header)).isTrue();
    }

    @Test
    void aLimitIsOneToAThousand() {
        assertThat(ListRequest.firstPage(1).limit()).isEqualTo(1);
        assertThat(ListRequest.firstPage(ListRequest.MOST).limit()).isEqualTo(1000);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1001})
    void anotherLimitIsRefusedWithTheRule(int limit) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ListRequest.firstPage(limit))
                .withMessage("List limit %s must be 1 to 1000", limit);
    }

    @Test
    void eachStepKeepsWhatTheOthersSet() {
        ListRequest oneOrder =
                ListRequest.firstPage(10).page("t").from(EARLIER).until(LATER).kind(SnapshotKind.STARTUP);
        ListRequest otherOrder = ListRequest.firstPage(10)
                .kind(SnapshotKind.STARTUP)
                .until(LATER)
                .from(EARLIER)
                .page("t");

        assertThat(oneOrder).usingRecursiveComparison().isEqualTo(otherOrder);
        assertThat(oneOrder.pageToken()).hasValue("t");
        assertThat(oneOrder.from()).hasValue(EARLIER);
        assertThat(oneOrder.until()).hasValue(LATER);
        assertThat(oneOrder.kind()).hasValue(SnapshotKind.STARTUP);
    }

    @Test
    void narrowingLeavesTheRequestItStartsFromAlone() {
        ListRequest request = ListRequest.firstPage(10);

        request.page("t").from(LATER).until(EARLIER).kind(SnapshotKind.SAVE);

        assertThat(request).usingRecursiveComparison().isEqualTo(ListRequest.firstPage(10));
    }

    @Test
    void fromIsInclusiveAndUntilExclusive() {
        ListRequest all = ListRequest.firstPage(10);

        assertThat(all.from(Headers.TIME).accepts(header)).isTrue();
        assertThat(all.from(LATER).accepts(header)).isFalse();
        assertThat(all.until(Headers.TIME).accepts(header)).isFalse();
        assertThat(all.until(LATER).accepts(header)).isTrue();
        assertThat(all.from(Headers.TIME).until(Headers.TIME).accepts(header)).isFalse();
    }

    @Test
    void everyFilterHasToAccept() {
        ListRequest both = ListRequest.firstPage(10).from(EARLIER).until(LATER);

        assertThat(both.kind(SnapshotKind.STARTUP).accepts(header)).isTrue();
        assertThat(both.kind(SnapshotKind.SAVE).accepts(header)).isFalse();
        assertThat(both.until(EARLIER).kind(SnapshotKind.STARTUP).accepts(header))
                .isFalse();
    }

    @Test
    void thePageAndTheLimitDoNotFilter() {
        assertThat(ListRequest.firstPage(1).page("any").accepts(header)).isTrue();
    }
}
