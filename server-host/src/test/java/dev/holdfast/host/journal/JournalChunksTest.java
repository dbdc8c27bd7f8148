package dev.holdfast.host.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.ManualClock;
import dev.holdfast.host.codec.Codecs;
import dev.holdfast.host.common.FileTrees;
import dev.holdfast.host.state.GivenChunk;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StateWriter;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.StoreUnavailableException;
import dev.holdfast.testsupport.LogLines;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JournalChunksTest {

    private static final GivenChunk FIRST = GivenChunk.of("one");
    private static final GivenChunk SECOND = GivenChunk.of("two");
    private static final String ONE = FIRST.id();
    private static final String TWO = SECOND.id();

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private ChunkRig rig;

    @BeforeEach
    void open() {
        rig = new ChunkRig(logs);
    }

    @AfterEach
    void close() {
        rig.close();
    }

    @Test
    void chunksGoToTheChosenStore() throws IOException {
        rig.chunks.put(FIRST.alone());

        assertThat(rig.storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(rig.chunks.get(List.of(ONE, TWO))).containsOnlyKeys(ONE);
        assertThat(rig.files("waiting")).isEmpty();
    }

    @Test
    void theStoreAndTheJournalTakeThemSideBySide() throws Exception {
        rig.storeChunks.onPut = () -> await().until(() -> !rig.files("chunks").isEmpty());

        rig.chunks.put(FIRST.alone());

        assertThat(rig.storeChunks.chunks).containsOnlyKeys(ONE);
    }

    @Test
    void whoReadsTheWholeHistoryLeavesNoCopiesOfIt() throws IOException {
        try (StateStore elsewhere = new StateStore(rig.storeChunks, Codec.none(), Codecs.all(), 1)) {
            elsewhere.writer().write(ChunkRig.capture(1), StoredState.NONE);
        }
        List<String> ids = List.copyOf(rig.storeChunks.chunks.keySet());

        assertThat(rig.chunks.withoutCopies().get(ids)).hasSameSizeAs(ids);
        assertThat(rig.files("chunks")).isEmpty();
        assertThat(rig.chunks.get(ids)).hasSameSizeAs(ids);
        assertThat(rig.files("chunks")).hasSameSizeAs(ids);
    }

    @Test
    void theChunksOfAStoreThatKeepsNoneStayOnThisHost() throws IOException {
        rig.store = new ChunksAlone(Optional.empty());
        rig.restart();

        rig.chunks.put(FIRST.alone());
        assertThat(rig.chunks.get(List.of(ONE))).hasSize(1);

        assertThat(rig.stateChunks.chunks).containsOnlyKeys(ONE);
        assertThat(rig.chunks.list("", 10)).containsOnlyKeys(ONE);
        assertThat(rig.chunks.delete(List.of(ONE), Instant.MAX)).isEqualTo(1);
        assertThat(rig.files("chunks")).isEmpty();
        assertThat(log.warnings()).singleElement().asString().contains("keeps no model states");
    }

    @Test
    void whatWentToTheStoreIsHereWhenItIsAway() {
        rig.chunks.put(FIRST.alone());
        rig.storeChunks.down = true;

        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> rig.chunks.get(List.of(ONE, TWO)));
        assertThat(rig.chunks.missing(List.of(ONE, TWO))).containsExactly(TWO);
    }

    @Test
    void whatCameFromTheStoreIsToo() {
        try (StateStore there = new StateStore(rig.storeChunks, Codec.none(), Codecs.all(), 1)) {
            StateReference state = ChunkRig.reference(
                    there.writer().write(ChunkRig.capture(1), StoredState.NONE).state());
            rig.states.reader().find(state).verify();
            rig.storeChunks.down = true;

            rig.states.reader().find(state).verify();
        }
    }

    @Test
    void whatIsDamagedInTheStoreIsReadFromThereWhenItIsMended() {
        rig.storeChunks.put(Map.of(ONE, SECOND.content()));
        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(SECOND.content());

        rig.storeChunks.put(FIRST.alone());

        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
    }

    @Test
    void whatWaitedForTheStoreIsHereWhenItIsAwayAgain() {
        rig.storeChunks.down = true;
        rig.chunks.put(FIRST.alone());
        rig.storeChunks.down = false;
        rig.chunks.deliver();
        rig.storeChunks.down = true;

        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
    }

    @Test
    void whileTheHostIsNotAttachedTheStoreIsNotAsked() {
        rig.chunks.put(FIRST.alone());
        rig.attached = false;

        rig.chunks.put(SECOND.alone());

        assertThat(rig.storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(rig.chunks.missing(List.of(ONE, TWO))).isEmpty();
        rig.storeChunks.delete(List.of(ONE), Instant.MAX);
        assertThat(rig.chunks.missing(List.of(ONE, TWO))).isEmpty();
        rig.attached = true;
        assertThat(rig.chunks.missing(List.of(ONE, TWO))).containsExactly(ONE);
        assertThat(rig.chunks.deliver()).containsExactly(TWO);
        assertThat(rig.storeChunks.chunks).containsOnlyKeys(TWO);
    }

    @Test
    void aStoreThatDidNotAnswerIsLeftAloneUntilItIsTimeToTryAgain() {
        rig.retry = Duration.ofDays(1);
        rig.restart();
        rig.storeChunks.failingPut = 1;

        rig.chunks.put(FIRST.alone());
        rig.chunks.put(SECOND.alone());

        assertThat(rig.storeChunks.puts).hasValue(1);
        assertThat(rig.chunks.get(List.of(ONE, TWO))).hasSize(2);
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(rig.chunks::deliver)
                .withMessage("put 1 fails");
        assertThat(rig.storeChunks.puts).hasValue(1);
    }

    @Test
    void whenItIsTimeAgainTheStoreIsAsked() {
        rig.storeChunks.failingPut = 1;
        rig.chunks.put(FIRST.alone());

        rig.chunks.put(SECOND.alone());

        assertThat(rig.storeChunks.chunks).containsOnlyKeys(TWO);
    }

    @Test
    void chunksThatAreHereAreReadThoughTheStoreCannotBeOpened() {
        rig.stateChunks.put(FIRST.alone());
        rig.store.cannotBeOpened = true;

        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> rig.chunks.get(List.of(ONE, TWO)));
        assertThat(rig.chunks.maxChunkBytes()).isEqualTo(128 * 1024);
    }

    @Test
    void aChunkThatWasDamagedWhileItWaitedTakesNoWholeOnesPlace() throws IOException {
        rig.attached = false;
        rig.chunks.put(Map.of(ONE, SECOND.content(), TWO, SECOND.content()));
        rig.storeChunks.put(FIRST.alone());

        assertThat(rig.chunks.deliver()).containsExactly(TWO);

        assertThat(rig.storeChunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThat(rig.files("waiting")).isEmpty();
        assertThat(log.errors()).anyMatch(line -> line.contains("Chunk " + ONE + " was damaged on this host's disk"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void ofADamagedCopyTheStoreIsAsked(int left) throws IOException {
        rig.chunks.put(FIRST.alone());
        Path copy = rig.files("chunks").get(0);
        byte[] damaged = Files.readAllBytes(copy);
        damaged[left] ^= 1;
        Files.write(copy, left == 2 ? Arrays.copyOf(damaged, left) : damaged);

        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThat(log.warnings()).singleElement().asString().contains("damaged; the store is asked for it");
        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThat(log.warnings()).hasSize(1);
    }

    @Test
    void whereACopyShouldBeAndIsADirectoryTheStoreIsAskedToo() throws IOException {
        rig.chunks.put(Map.of(ONE, FIRST.content(), TWO, SECOND.content()));
        Path copy = Given.directory(logs).resolve("chunks/.chunks").resolve(ONE);
        Files.delete(copy);
        Files.createDirectory(copy);

        assertThat(rig.chunks.get(List.of(ONE, TWO))).hasSize(2);
    }

    @Test
    void copiesThatCannotBeKeptCostNoChunk() throws IOException {
        Files.writeString(Given.directory(logs).resolve("chunks"), "a file in the way");

        rig.chunks.put(FIRST.alone());
        rig.chunks.put(SECOND.alone());

        assertThat(rig.chunks.get(List.of(ONE, TWO))).hasSize(2);
        assertThat(rig.files("waiting")).isEmpty();
        assertThat(log.warnings())
                .filteredOn(line -> line.contains("No copies of what models have learned are kept"))
                .hasSize(1);
    }

    @Test
    void chunksOfAJournalThatWasRemovedAreKeptAgainWhenItIsMadeAgain() throws IOException {
        rig.storeChunks.down = true;
        rig.chunks.put(FIRST.alone());
        FileTrees.delete(logs.resolve("journal"));
        assertThat(rig.journal.mend()).isTrue();

        assertThat(rig.chunks.missing(List.of(ONE))).containsExactly(ONE);
        rig.chunks.put(FIRST.alone());

        assertThat(rig.files("waiting")).hasSize(1);
        assertThat(rig.chunks.get(List.of(ONE))).containsKey(ONE);
        rig.storeChunks.down = false;
        assertThat(rig.chunks.deliver()).containsExactly(ONE);
    }

    @Test
    void whatNeitherTakesIsAFailure() throws IOException {
        Files.writeString(Given.directory(logs).resolve("chunks"), "a file in the way");
        rig.storeChunks.down = true;

        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> rig.chunks.put(FIRST.alone()));
    }

    @Test
    void aHostWithoutAJournalHasTheStoreAlone() {
        try (JournalChunks without = JournalChunks.open(rig.place(), Optional.empty(), ChunkRig.CONTENT, true)) {
            without.put(FIRST.alone());
            assertThat(without.get(List.of(ONE))).hasSize(1);
            assertThat(without.missing(List.of(ONE, TWO))).containsExactly(TWO);
            assertThat(without.deliver()).isEmpty();
            rig.attached = false;
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> without.put(SECOND.alone()))
                    .withMessageContaining("has no journal");
        }
    }

    @Test
    void copiesThatNoStateNeedsGoAfterSomeMinutes() throws IOException {
        StateWriter.Result needed = rig.states.writer().write(ChunkRig.capture(1), StoredState.NONE);
        StateWriter.Result other = rig.states.writer().write(ChunkRig.capture(2), StoredState.NONE);
        Set<StateReference> references = Set.of(ChunkRig.reference(needed.state()));
        int all = rig.files("chunks").size();
        ManualClock clock = new ManualClock();
        clock.set(Instant.now());

        rig.chunks.removeOthers(references, rig.states.reader(), clock);
        assertThat(rig.files("chunks")).hasSize(all);
        clock.advance(Duration.ofMinutes(20));
        rig.chunks.removeOthers(references, rig.states.reader(), clock);

        assertThat(rig.files("chunks")).hasSize((int) needed.newChunks());
        rig.storeChunks.down = true;
        rig.states.reader().find(references.iterator().next()).verify();
        StateReference gone = ChunkRig.reference(other.state());
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> rig.states.reader().find(gone));
        rig.storeChunks.down = false;
        rig.states.reader().find(gone).verify();
    }

    @Test
    void whatWaitsAndNoSnapshotNeedsGoesAfterAnHour() throws IOException {
        rig.attached = false;
        StateWriter.Result needed = rig.states.writer().write(ChunkRig.capture(1), StoredState.NONE);
        rig.states.writer().write(ChunkRig.capture(2), StoredState.NONE);
        Set<StateReference> references = Set.of(ChunkRig.reference(needed.state()));
        int all = rig.files("waiting").size();
        long bytes = rig.journal.size().bytes();
        ManualClock clock = new ManualClock();
        clock.set(Instant.now().plus(Duration.ofMinutes(50)));

        rig.chunks.removeOthers(references, rig.states.reader(), clock);
        assertThat(rig.files("waiting")).hasSize(all);
        assertThat(rig.files("chunks")).hasSize(all);
        clock.advance(Duration.ofMinutes(20));
        rig.chunks.removeOthers(references, rig.states.reader(), clock);

        assertThat(rig.files("waiting")).hasSize((int) needed.newChunks());
        assertThat(rig.files("chunks")).hasSize((int) needed.newChunks());
        assertThat(rig.journal.size().bytes()).isLessThan(bytes);
    }

    @Test
    void whatTheStoreCannotTakeWaitsAndIsReadMeanwhile() throws IOException {
        rig.storeChunks.down = true;
        rig.chunks.put(FIRST.alone());

        assertThat(rig.chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> rig.chunks.get(List.of(ONE, TWO)));
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(rig.chunks::deliver);

        rig.storeChunks.down = false;
        assertThat(rig.chunks.missing(List.of(ONE, TWO))).containsExactly(TWO);
        rig.chunks.deliver();
        assertThat(rig.storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(rig.files("waiting")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatWaitsSurvivesTheHost(boolean copies) throws IOException {
        rig.copies = copies;
        rig.restart();
        rig.storeChunks.down = true;
        rig.chunks.put(Map.of(ONE, FIRST.content(), TWO, SECOND.content()));
        rig.storeChunks.down = false;
        long bytes = rig.journal.size().bytes();
        assertThat(bytes).isPositive();

        rig.restart();

        assertThat(rig.journal.size().bytes()).isEqualTo(bytes);
        assertThat(rig.chunks.deliver()).containsExactlyInAnyOrder(ONE, TWO);
        assertThat(rig.storeChunks.chunks).containsOnlyKeys(ONE, TWO);
        assertThat(rig.files("waiting")).isEmpty();
        assertThat(rig.files("chunks")).hasSize(copies ? 2 : 0);
        assertThat(rig.journal.size().bytes()).isZero();
    }

    @Test
    void whereNoCopiesAreKeptNothingIsWrittenTwice() throws IOException {
        rig.copies = false;
        rig.restart();

        rig.chunks.put(FIRST.alone());

        assertThat(rig.chunks.get(List.of(ONE))).hasSize(1);
        assertThat(rig.files("chunks")).isEmpty();
    }

    @Test
    void whatWaitsKeepsWithinTheBoundAndCopiesDoNotCount() {
        rig.maxBytes = 200;
        rig.restart();
        for (int i = 0; i < 50; i++) {
            rig.chunks.put(GivenChunk.of("copy " + i).alone());
        }
        assertThat(rig.journal.size().bytes()).isZero();
        rig.storeChunks.down = true;
        rig.chunks.put(FIRST.alone());
        rig.chunks.put(FIRST.alone());

        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(() -> {
                    for (int i = 0; i < 50; i++) {
                        rig.chunks.put(GivenChunk.of("more " + i).alone());
                    }
                })
                .withMessageContaining("of 200 bytes used; raise spool_max_size");
        assertThat(rig.chunks.get(List.of(ONE))).hasSize(1);
    }

    @Test
    void whatAnOlderVersionKeptIsTakenOverAgainAndAgainWithoutHarm() throws IOException {
        rig.close();
        older();
        rig = new ChunkRig(logs);
        for (int start = 0; start < 2; start++) {
            rig.storeChunks.down = true;
            assertThat(rig.chunks.get(List.of(ONE, TWO))).hasSize(2);
            assertThat(rig.files("waiting")).hasSize(1);
            assertThat(logs.resolve("spool/ddb/chunks")).doesNotExist();
            assertThat(logs.resolve("spool/ddb/chunk-copies")).doesNotExist();
            rig.restart();
        }
        rig.storeChunks.down = false;
        assertThat(rig.chunks.deliver()).containsExactly(ONE);
        assertThat(log.warnings()).noneMatch(line -> line.contains("damaged"));
    }

    @Test
    void theBoundKeepsNothingOutThatAnOlderVersionHadPromised() throws IOException {
        rig.close();
        older();
        rig = new ChunkRig(logs, 1);

        assertThat(rig.files("waiting")).hasSize(1);
    }

    /** As the older version wrote them: what waits is bare, a copy is sealed with its sum. */
    private void older() {
        try (var waiting = KeptChunks.open(logs.resolve("spool/ddb/chunks"));
                var copies = KeptChunks.open(logs.resolve("spool/ddb/chunk-copies"))) {
            waiting.chunks().orElseThrow().put(FIRST.alone());
            CRC32C sum = new CRC32C();
            sum.update(SECOND.content());
            byte[] sealed = ByteBuffer.allocate(SECOND.content().length + 4)
                    .put(SECOND.content())
                    .putInt((int) sum.getValue())
                    .array();
            copies.chunks().orElseThrow().put(Map.of(TWO, sealed));
        }
    }
}
