package dev.holdfast.host.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.keeper.FakeStore;
import dev.holdfast.host.snapshot.SnapshotText;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.PageToken;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.StoreUnavailableException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    private final FakeStore.Disk disk = new FakeStore.Disk();

    private void threeSnapshots() {
        for (int revision = 1; revision <= 3; revision++) {
            disk.put(States.snapshot(revision, "s" + revision, SnapshotKind.SNAPSHOT, "m" + revision));
        }
    }

    /** The second one was written by a newer Holdfast: the first one must not become the newest unasked. */
    @Test
    void behindADamagedOneNoneIsTakenThatStandsBeforeOneOfANewerFormat() {
        threeSnapshots();
        disk.damaged.add("s3");
        disk.tooNew.add("s2");

        Look look = Look.at(new FakeStore(disk), Optional.empty());

        assertThat(look.isCertain()).isFalse();
        assertThat(look.uncertainty()).contains("s3 is damaged", "s2 is of a newer format");
    }

    /** Of one history, and not above what the newest says has been removed. */
    @ParameterizedTest
    @CsvSource({"mine, 4, true", "mine, 5, true", "mine, 3, false", "another, 4, false"})
    void oneThatWasRemovedOnPurposeLeadsToTheNewest(String history, long trimmed, boolean proven) {
        HistoryPoint mine = HistoryPoint.of(inHistory(4, "mine", 0, "a"));
        disk.put(inHistory(9, history, trimmed, "b"));

        assertThat(provenAfter(mine)).isEqualTo(proven);
    }

    private static Snapshot inHistory(long revision, String history, long trimmed, String model) {
        SnapshotHeader.Builder header = States.header(revision, "s" + revision, SnapshotKind.SNAPSHOT);
        return SnapshotText.write(header.history(history).trimmed(trimmed), States.CONFIG, States.of(model));
    }

    /** Another host could not read it, and went on from the one before, in the place after it. */
    @Test
    void aDamagedOneDoesNotLeadToWhatFollowsItAndDoesNotHoldWhatItHadChanged() {
        HistoryPoint mine = mineAfter(States.snapshot(1, "older", SnapshotKind.SNAPSHOT, "o"), "o", "a");
        Snapshot without = States.following(mine.snapshot(), "without", "o", "b");
        disk.put(without);
        assertThat(provenAfter(mine)).isTrue();

        disk.damaged.add("mine");

        assertThat(provenAfter(mine)).isFalse();
        disk.put(States.following(without, "with", "o", "a"));
        assertThat(provenAfter(mine)).as("the same is served again").isTrue();
    }

    /** It was read and gone on from, and damaged later. */
    @Test
    void aDamagedOneLeadsToWhatHoldsWhatItHadChanged() {
        HistoryPoint mine = mineAfter(States.snapshot(1, "older", SnapshotKind.SNAPSHOT, "o"), "o", "a");
        disk.put(States.following(mine.snapshot(), "next", "a", "b"));
        disk.damaged.add("mine");

        assertThat(provenAfter(mine)).isTrue();
        disk.damaged.add("older");
        assertThat(provenAfter(mine)).as("nobody can tell").isFalse();
    }

    @Test
    void aDamagedOneThatIsTheFirstLeadsToWhatFollowsItForThereIsNoOlderOneToGoOnFrom() {
        HistoryPoint first = HistoryPoint.of(States.snapshot(1, "first", SnapshotKind.SNAPSHOT, "a"));
        disk.put(first.snapshot());
        disk.put(States.following(first.snapshot(), "next"));
        disk.damaged.add("first");

        assertThat(provenAfter(first)).isTrue();
    }

    private HistoryPoint mineAfter(Snapshot older, String... models) {
        HistoryPoint mine = HistoryPoint.of(States.following(older, "mine", models));
        disk.put(older);
        disk.put(mine.snapshot());
        return mine;
    }

    private boolean provenAfter(HistoryPoint base) {
        return Look.at(new FakeStore(disk), Optional.of(base)).proven();
    }

    /** A disk that cannot read one file now says nothing against those that follow. */
    @Test
    void oneThatCannotBeReadNowLeadsToWhatFollowsIt() {
        HistoryPoint mine = HistoryPoint.of(States.snapshot(2, "mine", SnapshotKind.SNAPSHOT, "a"));
        disk.put(mine.snapshot());
        disk.put(States.following(mine.snapshot(), "next", "b"));
        FakeStore store = new FakeStore(disk) {
            @Override
            public Snapshot get(String name) {
                if (name.equals("mine")) {
                    throw new StoreUnavailableException("Input/output error");
                }
                return super.get(name);
            }
        };

        assertThat(Look.at(store, Optional.of(mine)).proven()).isTrue();
        disk.put(States.following(disk.newest(), "later", "c"));
        assertThat(Look.at(store, Optional.of(mine)).reached()).isFalse();
    }

    @Test
    void whoHasWhatTheDamagedOneHeldGoesOnFromThereAllTheSame() {
        threeSnapshots();
        HistoryPoint base = HistoryPoint.of(disk.newest());
        disk.damaged.add("s3");
        disk.tooNew.add("s2");

        Look look = Look.at(new FakeStore(disk), Optional.of(base));

        assertThat(look.baseIsDamaged()).isTrue();
        assertThat(look.isCertain()).isTrue();
        assertThat(look.head()).contains(base);
    }

    @Test
    void behindADamagedOneNoneIsTakenThatStandsBeforeOneThatCannotBeReadNow() {
        threeSnapshots();
        disk.damaged.add("s3");
        FakeStore store = new FakeStore(disk) {
            @Override
            public Snapshot get(String name) {
                if (name.equals("s2")) {
                    throw new StoreUnavailableException("s2 cannot be read: Input/output error");
                }
                return super.get(name);
            }
        };

        Reading reading = StoreHead.read(store);

        assertThat(reading).isInstanceOf(Reading.Unreadable.class);
        assertThat(Look.at(store, Optional.empty()).isCertain()).isFalse();
    }
}
