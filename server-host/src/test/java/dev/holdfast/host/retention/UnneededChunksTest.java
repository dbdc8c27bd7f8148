package dev.holdfast.host.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.serving.ServedModel;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.snapshot.States;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.testsupport.LogLines;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Chunks go with the proof that every snapshot was read, and without it none does. */
class UnneededChunksTest {

    private static final Instant SAVED = Instant.parse("2026-11-21T09:30:00Z");
    /** No chunk is too young to be removed. */
    private static final Clock LATER = Clock.offset(Clock.systemUTC(), Duration.ofHours(2));

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path directory;

    private final MemoryStore store = new MemoryStore();
    private final List<StateReference> states = new ArrayList<>();
    private SnapshotSerializer fs;
    private ChunkStore chunks;
    private StateStore written;
    private UnneededChunks unneeded;
    private StateReference nobodys;
    private Set<StateReference> here = Set.of();

    @BeforeEach
    void sixSnapshotsAndAStateThatNoneNeeds() {
        fs = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", directory).build());
        chunks = fs.chunks().orElseThrow();
        written = new StateStore(chunks, Codec.none(), List.of(Codec.none()), 1);
        unneeded = new UnneededChunks("ddb", store, chunks, written.reader(), () -> here, LATER);
        nobodys = learn(0);
        for (int i = 1; i <= 6; i++) {
            states.add(learn(i));
            save(i, "s" + i, states.get(i - 1));
        }
    }

    @AfterEach
    void close() {
        written.close();
        fs.close();
    }

    private StateReference learn(long seed) {
        byte[] bytes = new byte[1000];
        new Random(seed).nextBytes(bytes);
        return written.writer()
                .write(GivenCapture.of(bytes), StoredState.NONE)
                .state()
                .reference()
                .orElseThrow();
    }

    private void save(long revision, String name, StateReference state) {
        store.put(
                revision,
                name,
                SnapshotKind.SNAPSHOT,
                SAVED,
                ServingState.EMPTY.with(
                        "m", ServedModel.of("1.0", States.version("m.mar", 1, 1).withLearned(state))));
    }

    private void assertNothingGoes(long counted, long read) {
        int before = chunks.list("", 1000).size();
        assertThatExceptionOfType(UnknownNeedsException.class)
                .isThrownBy(unneeded::remove)
                .withMessageStartingWith("No chunk is removed, because the store counts " + counted
                        + " snapshots of the group and " + read);
        assertThat(chunks.list("", 1000)).hasSize(before);
    }

    private void assertOnlyNobodysGoes() {
        unneeded.remove();
        assertThat(chunks.missing(List.of(nobodys.root().id()))).isNotEmpty();
        states.forEach(state -> written.reader().find(state).verify());
    }

    @Test
    void theChunksOfASharedArchiveStayWhileASnapshotNamesIt() {
        StateReference archive = learn(7);
        store.put(
                7,
                "s7",
                SnapshotKind.SNAPSHOT,
                SAVED,
                ServingState.EMPTY.with(
                        "m", ServedModel.of("1.0", States.version("m.mar", 1, 1).withShared(Optional.of(archive)))));

        assertOnlyNobodysGoes();

        states.forEach(state -> written.reader().find(state).verify());
        written.reader().find(archive).verify();
    }

    @Test
    void whatTheJournalOfThisHostRefersToStays() {
        here = Set.of(nobodys);

        unneeded.remove();

        written.reader().find(nobodys).verify();
        here = Set.of();
        assertOnlyNobodysGoes();
    }

    @Test
    void whereAllAreReadWhatNobodyNeedsGoes() {
        assertOnlyNobodysGoes();
    }

    @Test
    void aListThatIsShortStopsIt() {
        // As an index with a projection, of which only the last snapshot is known for certain.
        store.unlisted.addAll(List.of("s1", "s2", "s3", "s4", "s5"));

        assertNothingGoes(6, 1);
        assertThatExceptionOfType(UnknownNeedsException.class)
                .isThrownBy(unneeded::remove)
                .withMessage("No chunk is removed, because the store counts 6 snapshots of the group and 1 was read:"
                        + " what it does not list may need any chunk. If this is said again and again, look for what"
                        + " it leaves out: an entry without a readable header, an index that lacks columns");

        store.unlisted.clear();
        assertOnlyNobodysGoes();
    }

    @Test
    void theLastOneIsReadThoughTheListLagsBehind() {
        store.unlisted.add("s6");

        assertOnlyNobodysGoes();
    }

    @Test
    void aCountThatIsTooSmallProvesNothing() {
        store.miscount = -1;

        assertNothingGoes(5, 6);
        assertThatExceptionOfType(UnknownNeedsException.class)
                .isThrownBy(unneeded::remove)
                .withMessageEndingWith("6 were read: its count is wrong and proves nothing. If this is said again and"
                        + " again, mend the count");
    }

    @Test
    void aRemovalByAnotherHostDoesNotHideAListThatIsShort() {
        store.unlisted.add("s3");
        store.afterCount = () -> store.snapshots.remove(1L);

        assertNothingGoes(5, 4);
    }

    @Test
    void aSaveByAnotherHostDoesNotHideAListThatIsShort() {
        store.unlisted.add("s3");
        store.afterCount = () -> save(7, "s7", states.get(0));

        assertNothingGoes(7, 6);
    }

    @Test
    void whatOtherHostsSaveAndRemoveMeanwhileIsNoObstacle() {
        store.afterLast = () -> save(7, "s7", states.get(0));
        assertOnlyNobodysGoes();

        nobodys = learn(100);
        // Of which s7 needs the same.
        store.afterCount = () -> store.snapshots.remove(1L);
        assertOnlyNobodysGoes();
    }

    @Test
    void whatWasSavedUnderTheNameOfARemovedOneIsRead() {
        unneeded.remove();
        store.snapshots.remove(1L);
        states.add(learn(50));
        save(7, "s1", states.get(6));

        unneeded.remove();

        written.reader().find(states.get(6)).verify();
    }

    @Test
    void withoutACountNoChunkGoesAndThatIsToldOnce() {
        store.counts = false;
        int before = chunks.list("", 1000).size();

        unneeded.remove();
        unneeded.remove();

        assertThat(chunks.list("", 1000)).hasSize(before);
        assertThat(store.calls).as("reading all would prove nothing").isEmpty();
        assertThat(log.warnings())
                .containsExactly(
                        "Serializer ddb does not count its snapshots, so chunks that no snapshot needs stay: use"
                                + " a version of its plugin that does");
    }

    @Test
    void aGroupThatIsProvedToBeEmptyNeedsNothing() {
        store.snapshots.clear();

        unneeded.remove();

        assertThat(chunks.list("", 1000)).isEmpty();
    }

    @Test
    void aGroupThatOnlySeemsEmptyKeepsAll() {
        store.snapshots.clear();
        store.miscount = 6;

        assertNothingGoes(6, 0);
    }
}
