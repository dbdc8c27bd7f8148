package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.holdfast.host.LogLines;
import dev.holdfast.host.ManualClock;
import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.Codecs;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.GivenChunk;
import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StateWriter;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChosenChunksTest {

    private static final GivenChunk FIRST = GivenChunk.of("one");
    private static final GivenChunk SECOND = GivenChunk.of("two");
    private static final String ONE = FIRST.id();
    private static final String TWO = SECOND.id();
    private static final ChunkContent CONTENT = new ChunkContent(Codecs.all());

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private final InMemoryChunks storeChunks = new InMemoryChunks();
    private final FakeStore.Disk storeDisk = new FakeStore.Disk();
    private final List<AutoCloseable> open = new ArrayList<>();
    private SnapshotSerializer store;
    private SnapshotSerializer local;
    private SpooledChunks spooled;
    private CopiedChunks copies;
    private ChosenChunks chunks;

    @BeforeEach
    void open() {
        store = new FakeStore(storeDisk, storeChunks);
        local = fs("local");
        restart();
    }

    private SnapshotSerializer fs(String directory) {
        SnapshotSerializer serializer = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs.resolve(directory)).build());
        open.add(serializer);
        return serializer;
    }

    private void restart() {
        spooled = new SpooledChunks(fs("spool"), CONTENT);
        copies = new CopiedChunks(fs("copies"), CONTENT);
        chunks = new ChosenChunks("ddb", store, local, spooled, Optional.of(copies), Duration.ZERO);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private static StateCapture capture(int seed) {
        byte[] bytes = new byte[500_000];
        new Random(seed).nextBytes(bytes);
        return GivenCapture.of(bytes);
    }

    @Test
    void chunksGoToTheChosenStore() {
        chunks.put(FIRST.alone());

        assertThat(storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(chunks.get(List.of(ONE, TWO))).containsOnlyKeys(ONE);
        assertThat(spooled.isEmpty()).isTrue();
    }

    @Test
    void whoReadsTheWholeHistoryLeavesNoCopiesOfIt() {
        try (StateStore elsewhere = new StateStore(storeChunks, Codec.none(), Codecs.all(), 1)) {
            elsewhere.writer().write(capture(1), StoredState.NONE);
        }
        List<String> ids = List.copyOf(storeChunks.chunks.keySet());

        assertThat(chunks.withoutCopies().get(ids)).hasSameSizeAs(ids);
        assertThat(copies.get(ids)).isEmpty();
        assertThat(chunks.get(ids)).hasSameSizeAs(ids);
        assertThat(copies.get(ids)).hasSameSizeAs(ids);
    }

    @Test
    void theChunksOfAStoreThatKeepsNoneStayOnThisHost() throws IOException {
        ChosenChunks none =
                new ChosenChunks("ddb", new FakeStore(storeDisk), local, spooled, Optional.of(copies), Duration.ZERO);

        none.put(FIRST.alone());
        assertThat(none.get(List.of(ONE))).hasSize(1);

        assertThat(local.chunks().orElseThrow().get(List.of(ONE))).hasSize(1);
        assertThat(none.list("", 10)).containsOnlyKeys(ONE);
        assertThat(none.delete(List.of(ONE), Instant.MAX)).isEqualTo(1);
        assertThat(logs.resolve("copies")).doesNotExist();
    }

    private List<Path> copyFiles() throws IOException {
        try (Stream<Path> files = Files.walk(logs.resolve("copies"))) {
            return files.filter(file -> file.getFileName().toString().matches("[0-9a-f]{64}"))
                    .toList();
        }
    }

    @Test
    void whatWentToTheStoreIsHereWhenItIsAway() {
        chunks.put(FIRST.alone());
        storeChunks.down = true;

        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> chunks.get(List.of(ONE, TWO)));
        assertThat(chunks.missing(List.of(ONE, TWO))).containsExactly(TWO);
    }

    @Test
    void whatCameFromTheStoreIsToo() {
        try (StateStore there = new StateStore(storeChunks, Codec.none(), Codecs.all(), 1);
                StateStore here = new StateStore(chunks, Codec.none(), Codecs.all(), 1)) {
            StateReference state = there.writer()
                    .write(capture(1), StoredState.NONE)
                    .state()
                    .reference()
                    .orElseThrow();
            here.reader().find(state).verify();
            storeChunks.down = true;

            here.reader().find(state).verify();
        }
    }

    @Test
    void whatIsDamagedInTheStoreIsReadFromThereWhenItIsMended() {
        storeChunks.put(Map.of(ONE, SECOND.content()));
        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(SECOND.content());

        storeChunks.put(FIRST.alone());

        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
    }

    @Test
    void whatWaitedForTheStoreIsToo() {
        storeChunks.down = true;
        chunks.put(FIRST.alone());
        storeChunks.down = false;
        chunks.sendSpooled();
        storeChunks.down = true;

        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
    }

    @Test
    void whileTheHostIsNotAttachedTheStoreIsNotAsked() {
        boolean[] attached = new boolean[1];
        chunks.put(FIRST.alone());
        chunks.putWhile(() -> attached[0]);

        chunks.put(SECOND.alone());

        assertThat(storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(chunks.missing(List.of(ONE, TWO))).isEmpty();
        storeChunks.delete(List.of(ONE), Instant.MAX);
        assertThat(chunks.missing(List.of(ONE, TWO))).isEmpty();
        attached[0] = true;
        assertThat(chunks.missing(List.of(ONE, TWO))).containsExactly(ONE);
        assertThat(chunks.sendSpooled()).containsExactly(TWO);
        assertThat(storeChunks.chunks).containsOnlyKeys(TWO);
    }

    @Test
    void aStoreThatDidNotAnswerIsLeftAloneUntilItIsTimeToTryAgain() {
        ChosenChunks patient = new ChosenChunks("ddb", store, local, spooled, Optional.of(copies), Duration.ofDays(1));
        storeChunks.failingPut = 1;

        patient.put(FIRST.alone());
        patient.put(SECOND.alone());

        assertThat(storeChunks.puts).hasValue(1);
        assertThat(patient.get(List.of(ONE, TWO))).hasSize(2);
        assertThatExceptionOfType(StoreUnavailableException.class)
                .isThrownBy(patient::sendSpooled)
                .withMessage("put 1 fails");
        assertThat(storeChunks.puts).hasValue(1);
    }

    @Test
    void whenItIsTimeAgainTheStoreIsAsked() {
        storeChunks.failingPut = 1;
        chunks.put(FIRST.alone());

        chunks.put(SECOND.alone());

        assertThat(storeChunks.chunks).containsOnlyKeys(TWO);
    }

    @Test
    void chunksThatAreHereAreReadThoughTheStoreCannotBeOpened() {
        local.chunks().orElseThrow().put(FIRST.alone());
        ChosenChunks closed = new ChosenChunks(
                "ts",
                new ReopeningSerializer(() -> {
                    throw new StoreUnavailableException("its database is down");
                }),
                local,
                spooled,
                Optional.empty(),
                Duration.ZERO);

        assertThat(closed.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> closed.get(List.of(ONE, TWO)));
        assertThat(closed.maxChunkBytes()).isEqualTo(128 * 1024);
    }

    @Test
    void whatNothingNeedsIsDroppedAndWhatCameSinceWaitsOn() {
        storeChunks.down = true;
        chunks.put(FIRST.alone());
        Instant before = Instant.now().plusMillis(1);
        await().until(() -> Instant.now().isAfter(before));
        chunks.put(SECOND.alone());

        chunks.dropSpooled(before);

        assertThat(spooled.get(List.of(ONE, TWO))).containsOnlyKeys(TWO);
        assertThat(spooled.isEmpty()).isFalse();
        chunks.dropSpooled(Instant.MAX);
        assertThat(spooled.isEmpty()).isTrue();
    }

    @Test
    void aChunkThatWasDamagedInTheSpoolTakesNoWholeOnesPlace() {
        SnapshotSerializer directory = fs("own-spool");
        SpooledChunks own = new SpooledChunks(directory, CONTENT);
        directory.chunks().orElseThrow().put(Map.of(ONE, SECOND.content(), TWO, SECOND.content()));
        storeChunks.put(FIRST.alone());

        assertThat(own.sendTo(storeChunks::put)).containsExactly(TWO);

        assertThat(storeChunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThat(own.isEmpty()).isTrue();
        assertThat(log.errors()).anyMatch(line -> line.contains("Chunk " + ONE + " was damaged on this host's disk"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4})
    void ofADamagedCopyTheStoreIsAsked(int left) throws IOException {
        chunks.put(FIRST.alone());
        Path copy = copyFiles().get(0);
        byte[] damaged = Files.readAllBytes(copy);
        damaged[left] ^= 1;
        Files.write(copy, left == 2 ? Arrays.copyOf(damaged, left) : damaged);

        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThat(log.warnings()).singleElement().asString().contains("damaged; the store is asked for it");
    }

    @Test
    void copiesThatCannotBeKeptCostNoChunk() {
        InMemoryChunks full = new InMemoryChunks();
        full.down = true;
        SnapshotSerializer fullDisk = new FakeStore(new FakeStore.Disk(), full);
        ChosenChunks without = new ChosenChunks(
                "ddb", store, local, spooled, Optional.of(new CopiedChunks(fullDisk, CONTENT)), Duration.ZERO);

        without.put(FIRST.alone());
        without.put(SECOND.alone());

        assertThat(without.get(List.of(ONE, TWO))).hasSize(2);
        assertThat(spooled.isEmpty()).isTrue();
        assertThat(log.warnings())
                .filteredOn(line -> line.contains("no copies of it are kept on this host"))
                .hasSize(1);
    }

    @Test
    void copiesThatNoStateNeedsGoAfterSomeMinutes() throws IOException {
        try (StateStore states = new StateStore(chunks, Codec.none(), Codecs.all(), 1)) {
            StateWriter.Result needed = states.writer().write(capture(1), StoredState.NONE);
            StateWriter.Result other = states.writer().write(capture(2), StoredState.NONE);
            Set<StateReference> references = Set.of(needed.state().reference().orElseThrow());
            int all = copyFiles().size();
            ManualClock clock = new ManualClock();
            clock.set(Instant.now());

            copies.removeOthers(references, states.reader(), clock);
            assertThat(copyFiles()).hasSize(all);
            clock.advance(Duration.ofMinutes(20));
            copies.removeOthers(references, states.reader(), clock);

            assertThat(copyFiles()).hasSize((int) needed.newChunks());
            storeChunks.down = true;
            states.reader().find(references.iterator().next()).verify();
            StateReference gone = other.state().reference().orElseThrow();
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .isThrownBy(() -> states.reader().find(gone));
            storeChunks.down = false;
            states.reader().find(gone).verify();
        }
    }

    @Test
    void whatTheStoreCannotTakeWaitsAndIsReadMeanwhile() {
        storeChunks.down = true;
        chunks.put(FIRST.alone());

        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(FIRST.content());
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(() -> chunks.get(List.of(ONE, TWO)));
        assertThatExceptionOfType(StoreUnavailableException.class).isThrownBy(chunks::sendSpooled);

        storeChunks.down = false;
        assertThat(chunks.missing(List.of(ONE, TWO))).containsExactly(TWO);
        chunks.sendSpooled();
        assertThat(storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(spooled.isEmpty()).isTrue();
    }

    @Test
    void whatWaitsSurvivesTheHost() throws Exception {
        storeChunks.down = true;
        chunks.put(Map.of(ONE, FIRST.content(), TWO, SECOND.content()));
        close();
        open.clear();
        storeChunks.down = false;

        local = fs("local");
        restart();

        assertThat(spooled.isEmpty()).isFalse();
        chunks.sendSpooled();
        assertThat(storeChunks.chunks).containsOnlyKeys(ONE, TWO);
    }

    @Test
    void noSnapshotGoesToTheStoreBeforeTheChunksThatItMayNeed() throws Exception {
        Spool spool = new Spool(fs("pending"), fs("copies"), true, (needed, safe) -> chunks.sendSpooled());
        SnapshotKeeper keeper = new SnapshotKeeper(
                new KeeperOptions("ddb", "default", "here", Duration.ofMillis(1), Duration.ofSeconds(20), false),
                new Restore("ddb", store, spool, () -> fs("other"), false, false)
                        .latest()
                        .start(),
                store,
                spool,
                () -> ServingState.EMPTY,
                Map::of,
                Clock.systemUTC());
        open.add(0, keeper);
        keeper.start(snapshot -> {});
        storeChunks.down = true;
        chunks.put(FIRST.alone());

        keeper.begin();
        Durability durability = keeper.changed().get(30, TimeUnit.SECONDS);

        assertThat(durability.kind()).isEqualTo(Durability.Kind.SPOOLED);
        assertThat(storeDisk.writes()).isEmpty();
        storeChunks.down = false;
        await().until(() -> keeper.status().mode() == StoreStatus.Mode.ATTACHED);
        assertThat(storeDisk.writes()).isNotEmpty();
        assertThat(storeChunks.chunks).containsOnlyKeys(ONE);
    }
}
