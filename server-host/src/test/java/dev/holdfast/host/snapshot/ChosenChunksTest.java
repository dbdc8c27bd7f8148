package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.host.serving.Durability;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.StoreUnavailableException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChosenChunksTest {

    private static final String ONE = "1".repeat(64);
    private static final String TWO = "2".repeat(64);

    @TempDir
    private Path logs;

    private final InMemoryChunks storeChunks = new InMemoryChunks();
    private final FakeStore.Disk storeDisk = new FakeStore.Disk();
    private final List<AutoCloseable> open = new ArrayList<>();
    private SnapshotSerializer store;
    private SnapshotSerializer local;
    private SpooledChunks spooled;
    private ChosenChunks chunks;

    @BeforeEach
    void open() {
        store = new FakeStore(storeDisk) {
            @Override
            public Optional<ChunkStore> chunks() {
                return Optional.of(storeChunks);
            }
        };
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
        spooled = new SpooledChunks(fs("spool"));
        chunks = new ChosenChunks("ddb", store, local, spooled);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private static byte[] bytes(int value) {
        return new byte[] {(byte) value};
    }

    @Test
    void chunksGoToTheChosenStore() {
        chunks.put(Map.of(ONE, bytes(1)));

        assertThat(storeChunks.chunks).containsOnlyKeys(ONE);
        assertThat(chunks.get(List.of(ONE, TWO))).containsOnlyKeys(ONE);
        assertThat(spooled.isEmpty()).isTrue();
    }

    @Test
    void theChunksOfAStoreThatKeepsNoneStayOnThisHost() {
        ChosenChunks none = new ChosenChunks("ddb", new FakeStore(storeDisk), local, spooled);

        none.put(Map.of(ONE, bytes(1)));

        assertThat(local.chunks().orElseThrow().get(List.of(ONE))).hasSize(1);
        assertThat(none.list("", 10)).containsOnlyKeys(ONE);
        assertThat(none.delete(List.of(ONE), Instant.MAX)).isEqualTo(1);
    }

    @Test
    void whatTheStoreCannotTakeWaitsAndIsReadMeanwhile() {
        storeChunks.down = true;
        chunks.put(Map.of(ONE, bytes(1)));

        assertThat(chunks.get(List.of(ONE)).get(ONE)).isEqualTo(bytes(1));
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
        chunks.put(Map.of(ONE, bytes(1), TWO, bytes(2)));
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
        Spool spool = new Spool(fs("pending"), fs("copies"), true, chunks::sendSpooled);
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
        chunks.put(Map.of(ONE, bytes(1)));

        keeper.begin();
        Durability durability = keeper.changed().get(30, TimeUnit.SECONDS);

        assertThat(durability.kind()).isEqualTo(Durability.Kind.SPOOLED);
        assertThat(storeDisk.writes()).isEmpty();
        storeChunks.down = false;
        Awaitility.await().until(() -> keeper.status().mode() == StoreStatus.Mode.ATTACHED);
        assertThat(storeDisk.writes()).isNotEmpty();
        assertThat(storeChunks.chunks).containsOnlyKeys(ONE);
    }
}
