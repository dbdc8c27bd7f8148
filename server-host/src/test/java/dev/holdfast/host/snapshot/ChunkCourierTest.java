package dev.holdfast.host.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.host.LogLines;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.Codecs;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StateWriter;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.plugin.fs.FsSnapshotSerializerFactory;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.SerializerConfig;
import dev.holdfast.sdk.SnapshotSerializer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What a host had put into the store, and only its own disk refers to, when another host of the group collected. */
class ChunkCourierTest {

    private static final ChunkContent CONTENT = new ChunkContent(Codecs.all());

    @RegisterExtension
    final LogLines log = new LogLines(getClass());

    @TempDir
    private Path logs;

    private final InMemoryChunks storeChunks = new InMemoryChunks();
    private final List<AutoCloseable> open = new ArrayList<>();
    private boolean attached = true;
    private ChosenChunks chunks;
    private StateStore states;
    private ChunkCourier courier;

    @BeforeEach
    void withCopies() {
        host(Optional.of(new CopiedChunks(fs("copies"), CONTENT)));
    }

    private void host(Optional<CopiedChunks> copies) {
        SnapshotSerializer store = new FakeStore(new FakeStore.Disk(), storeChunks);
        chunks = new ChosenChunks(
                "ddb",
                store,
                fs("local"),
                new SpooledChunks(fs("spool" + open.size()), CONTENT),
                copies,
                Duration.ZERO);
        chunks.putWhile(() -> attached);
        states = new StateStore(chunks, Codec.none(), Codecs.all(), 1);
        open.add(states);
        courier = new ChunkCourier(chunks, states::reader);
    }

    private SnapshotSerializer fs(String directory) {
        SnapshotSerializer serializer = new FsSnapshotSerializerFactory()
                .open(SerializerConfig.builder("fs", logs.resolve(directory)).build());
        open.add(serializer);
        return serializer;
    }

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    /** A state of which the last part alone differs from that of another number. */
    private StoredState stored(int number, StoredState base) {
        return stored(1, number, base);
    }

    private StoredState stored(int seed, int number, StoredState base) {
        byte[] bytes = new byte[1_000_000];
        new Random(seed).nextBytes(bytes);
        bytes[999_999] = (byte) number;
        StateWriter.Result result = states.writer().write(GivenCapture.of(bytes), base);
        return result.state();
    }

    private static StateReference reference(StoredState state) {
        return state.reference().orElseThrow();
    }

    private void restorableFromTheStoreAlone(StateReference state) {
        try (StateStore elsewhere = new StateStore(storeChunks, Codec.none(), Codecs.all(), 1)) {
            elsewhere.reader().find(state).verify();
        }
    }

    @Test
    void whatWasCollectedMeanwhileIsBroughtAgain() {
        StoredState first = stored(1, StoredState.NONE);
        attached = false;
        StoredState second = stored(2, first);
        storeChunks.chunks.clear();

        courier.send(Set.of(reference(second)), Set.of());

        restorableFromTheStoreAlone(reference(second));
    }

    @Test
    void whatIsThereStillIsYoungAgain() {
        StoredState first = stored(1, StoredState.NONE);
        Instant longAgo = Instant.EPOCH;
        storeChunks.chunks.replaceAll((id, chunk) -> new InMemoryChunks.Chunk(chunk.content(), longAgo));

        courier.send(Set.of(reference(first)), Set.of());

        assertThat(storeChunks.chunks.values()).allMatch(chunk -> chunk.put().isAfter(longAgo));
    }

    @Test
    void whatTheStoresLastSnapshotRefersToIsLeftAlone() {
        StoredState first = stored(1, StoredState.NONE);
        Map<String, InMemoryChunks.Chunk> before = new HashMap<>(storeChunks.chunks);
        StoredState second = stored(2, first);

        courier.send(Set.of(reference(first), reference(second)), Set.of(reference(first)));

        assertThat(storeChunks.chunks).containsAllEntriesOf(before);
        restorableFromTheStoreAlone(reference(second));
    }

    @Test
    void whatWaitedIsNotBroughtTwice() {
        attached = false;
        StoredState state = stored(1, StoredState.NONE);

        courier.send(Set.of(reference(state)), Set.of());

        assertThat(storeChunks.puts).hasValue(1);
        restorableFromTheStoreAlone(reference(state));
    }

    @Test
    void whatIsNowhereIsSaidAndTheRestIsBrought() throws Exception {
        close();
        open.clear();
        host(Optional.empty());
        StoredState lost = stored(1, StoredState.NONE);
        storeChunks.chunks.remove(storeChunks.chunks.keySet().stream()
                .filter(id -> !id.equals(reference(lost).root().id()))
                .findFirst()
                .orElseThrow());
        attached = false;
        StoredState other = stored(2, 2, StoredState.NONE);

        courier.send(Set.of(reference(lost), reference(other)), Set.of());

        restorableFromTheStoreAlone(reference(other));
        assertThat(log.errors())
                .anyMatch(line ->
                        line.contains("neither in the store nor on this host") || line.contains("cannot be restored"));
    }
}
