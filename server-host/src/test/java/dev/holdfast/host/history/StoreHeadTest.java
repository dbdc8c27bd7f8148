package dev.holdfast.host.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.keeper.FakeStore;
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

    /** Another host could not read it, and went on from the one before, in the place after it. */
    @Test
    void aDamagedOneDoesNotLeadToWhatFollowsItAndServesSomethingElse() {
        HistoryPoint mine = HistoryPoint.of(States.snapshot(2, "mine", SnapshotKind.SNAPSHOT, "a"));
        Snapshot without = States.following(mine.snapshot(), "without");
        disk.put(mine.snapshot());
        disk.put(without);
        assertThat(Look.at(new FakeStore(disk), Optional.of(mine)).proven()).isTrue();

        disk.damaged.add("mine");

        assertThat(Look.at(new FakeStore(disk), Optional.of(mine)).proven()).isFalse();
        disk.put(States.following(without, "with", "a"));
        assertThat(Look.at(new FakeStore(disk), Optional.of(mine)).proven()).isTrue();
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
