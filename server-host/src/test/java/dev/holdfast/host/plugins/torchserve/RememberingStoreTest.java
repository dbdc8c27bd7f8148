package dev.holdfast.host.plugins.torchserve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.keeper.FakeStore;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RememberingStoreTest {

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    private final FakeStore store = new FakeStore(new FakeStore.Disk());
    private final FakeStore copies = new FakeStore(new FakeStore.Disk());
    private final RememberingStore remembering = new RememberingStore("keeper", store, this::copies);

    private List<Snapshot> copies() {
        return copies.disk.newestFirst().stream()
                .map(header -> copies.get(header.name()))
                .toList();
    }

    /** As the keeper does: into the store, with a copy beside it. */
    private void save(Snapshot snapshot) {
        remembering.save(snapshot);
        copies.disk.put(snapshot);
    }

    @Test
    void whatItTookIsGivenBack() {
        save(States.snapshot(1, "a"));

        assertThat(remembering.getLast()).contains(store.disk.newest());
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void anEmptyStoreIsAFirstStart() {
        assertThat(remembering.getLast()).isEmpty();
        assertThat(remembering.list(ListRequest.firstPage(1)).headers()).isEmpty();
    }

    @Test
    void anOlderLastSnapshotIsNotGoneBackTo() {
        store.disk.put(States.snapshot(4, "old"));
        copies.disk.put(States.snapshot(5, "new"));

        assertThat(remembering.getLast()).contains(copies.disk.newest());
        assertThat(remembering.getLast()).contains(copies.disk.newest());

        assertThat(log.warnings())
                .singleElement()
                .asString()
                .isEqualTo("The last snapshot that store keeper gives is "
                        + store.disk.names().get(0)
                        + ", revision 4, yet this host saved "
                        + copies.disk.names().get(0)
                        + " there, revision 5: going on from its own copy of that one");
    }

    @Test
    void aSaveBetweenTheTwoLooksIsNoLossOfTheStores() {
        Snapshot next = States.snapshot(2, "b");
        FakeStore slow = new FakeStore(store.disk) {
            @Override
            public Optional<Snapshot> getLast() {
                Optional<Snapshot> last = super.getLast();
                save(next);
                return last;
            }
        };
        Snapshot first = States.snapshot(1, "a");
        save(first);

        assertThat(new RememberingStore("keeper", slow, this::copies).getLast()).contains(first);

        assertThat(log.warnings()).isEmpty();
        assertThat(remembering.getLast()).contains(next);
    }

    @Test
    void noLastSnapshotIsNotEmptinessWhereThisHostSavedOne() {
        copies.disk.put(States.snapshot(5, "new"));

        assertThat(remembering.getLast()).contains(copies.disk.newest());
        assertThat(log.warnings())
                .singleElement()
                .asString()
                .startsWith("The last snapshot that store keeper gives is none");
    }

    @Test
    void whatAnotherHostSavedMeanwhileIsNewer() {
        store.disk.put(States.snapshot(6, "theirs"));
        copies.disk.put(States.snapshot(5, "ours"));

        assertThat(remembering.getLast()).contains(store.disk.newest());
    }

    @Test
    void whatTorchServeSavedSinceIsTheNextRevision() {
        Snapshot ours = States.snapshot(5, "ours");
        copies.disk.put(ours);
        store.disk.put(ofTorchServe(ours.header().createdOn().plusSeconds(1)));

        Snapshot last = remembering.getLast().orElseThrow();

        assertThat(last.header().name()).isEqualTo("theirs.cfg");
        assertThat(last.header().revision()).isEqualTo(6);
        assertThat(last.toBytes()).isEqualTo(store.disk.newest().toBytes());
        assertThat(remembering.getLast()).contains(last);
        assertThat(log.info())
                .containsExactly("TorchServe saved theirs.cfg in store keeper after this host saved "
                        + ours.header().name() + ": going on from there");
        assertThat(log.warnings()).isEmpty();
    }

    @Test
    void whatTorchServeSavedBeforeIsNotGoneBackTo() {
        Snapshot ours = States.snapshot(5, "ours");
        copies.disk.put(ours);
        store.disk.put(ofTorchServe(ours.header().createdOn().minusSeconds(1)));

        assertThat(remembering.getLast()).contains(ours);
        assertThat(log.warnings()).hasSize(1);
    }

    private static Snapshot ofTorchServe(Instant created) {
        return Snapshot.create(
                SnapshotHeader.builder()
                        .name("theirs.cfg")
                        .kind(SnapshotKind.SNAPSHOT)
                        .createdOn(created)
                        .group("default")
                        .host("torchserve")
                        .saveId("torchserve"),
                new byte[] {1, 2, 3});
    }

    @Test
    void aStoreThatIsAwayIsNotReplacedByACopy() {
        copies.disk.put(States.snapshot(5, "new"));
        store.down = true;

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(remembering::getLast);
    }

    @Test
    void aSnapshotBelowTheCopiesIsSavedAfterTheOperatorWentBack() {
        copies.disk.put(States.snapshot(9, "before"));

        remembering.save(States.snapshot(3, "after"));

        assertThat(store.disk.newest().header().revision()).isEqualTo(3);
    }

    @Test
    void theCopiesAreListedAndGotTooPageByPage() {
        for (int revision = 1; revision <= 4; revision++) {
            save(States.snapshot(revision, "m" + revision));
        }
        List<String> names = copies.disk.names();
        store.disk.snapshots.keySet().removeAll(names.subList(0, 3));

        List<Long> revisions = new ArrayList<>();
        ListRequest request = ListRequest.firstPage(3);
        SnapshotPage page = remembering.list(request);
        page.headers().forEach(header -> revisions.add(header.revision()));
        page = remembering.list(request.page(page.nextPageToken().orElseThrow()));
        page.headers().stream().map(SnapshotHeader::revision).forEach(revisions::add);

        assertThat(revisions).containsExactly(4L, 3L, 2L, 1L);
        assertThat(page.nextPageToken()).isEmpty();
        assertThat(names)
                .allSatisfy(name ->
                        assertThat(remembering.get(name).header().name()).isEqualTo(name));
        assertThatExceptionOfType(SnapshotNotFoundException.class).isThrownBy(() -> remembering.get("absent"));
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> remembering.list(request.page("elsewhere")))
                .withMessageContaining("elsewhere");
    }

    @Test
    void aDamagedLastSnapshotIsGotFromTheCopies() {
        save(States.snapshot(1, "a"));
        String name = store.disk.names().get(0);
        store.disk.damaged.add(name);

        assertThat(remembering.get(name)).isEqualTo(copies.disk.newest());
    }
}
