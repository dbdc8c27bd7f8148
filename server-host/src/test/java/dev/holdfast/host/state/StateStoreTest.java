package dev.holdfast.host.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.StoreUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StateStoreTest {

    private static final StateFormat FORMAT = new StateFormat("numbers", 1, "dimensions=4");
    private static final int MEBIBYTE = 1024 * 1024;

    private final InMemoryChunks chunks = new InMemoryChunks();
    private final StateStore store = new StateStore(chunks, Codec.gz(), List.of(Codec.none(), Codec.gz()), 2);

    @AfterEach
    void close() {
        store.close();
    }

    /** A capture of parts that are in memory. */
    private record Capture(List<StatePart> parts, long number) implements StateCapture {

        static Capture of(StatePart... parts) {
            return new Capture(List.of(parts), 0);
        }

        @Override
        public StateFormat format() {
            return FORMAT;
        }

        @Override
        public void close() {}
    }

    /** A part that counts what is read of it, and knows which of its bytes changed. */
    private record Tracked(String name, byte[] bytes, long changedFrom, long changedTo, List<Long> reads)
            implements StatePart {

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public void read(long offset, byte[] target, int length) {
            reads.add(offset);
            System.arraycopy(bytes, (int) offset, target, 0, length);
        }

        @Override
        public boolean unchangedSince(long capture, long offset, long length) {
            return capture == 7 && (offset + length <= changedFrom || offset >= changedTo);
        }
    }

    private static byte[] random(int size, long seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private StateWriter.Result write(StateCapture capture, StoredState base) {
        return store.writer().write(capture, base);
    }

    private StateReader.Found find(StateWriter.Result result) {
        return store.reader().find(result.state().reference().orElseThrow());
    }

    private static byte[] read(StateSource source, String part) throws IOException {
        try (InputStream stream = source.open(part)) {
            return stream.readAllBytes();
        }
    }

    @Test
    void aStateComesBackAsItWasCaptured() throws IOException {
        byte[] weights = random(3 * MEBIBYTE + 17, 1);
        byte[] counters = new byte[500_000];
        StateWriter.Result result = write(
                Capture.of(
                        StatePart.of("weights", weights),
                        StatePart.of("counters", counters),
                        StatePart.of("empty", new byte[0])),
                StoredState.NONE);

        StateReader.Found found = find(result);

        assertThat(found.format()).isEqualTo(FORMAT);
        assertThat(found.parts())
                .extracting(StateSource.Part::name, StateSource.Part::size)
                .containsExactly(
                        tuple("weights", (long) weights.length),
                        tuple("counters", (long) counters.length),
                        tuple("empty", 0L));
        assertThat(Arrays.equals(read(found, "weights"), weights)).isTrue();
        assertThat(Arrays.equals(read(found, "counters"), counters)).isTrue();
        assertThat(read(found, "empty")).isEmpty();
        assertThat(found.chunkIds()).isEqualTo(chunks.chunks.keySet());
    }

    @Test
    void aStateWithoutPartsIsAStateToo() {
        StateReader.Found found = find(write(Capture.of(), StoredState.NONE));

        assertThat(found.parts()).isEmpty();
        found.verify();
    }

    @Test
    void theSameStateAgainPutsNothing() {
        Capture capture = Capture.of(StatePart.of("weights", random(2 * MEBIBYTE, 1)));
        StateWriter.Result first = write(capture, StoredState.NONE);

        StateWriter.Result second = write(capture, first.state());

        assertThat(second.newChunks()).isZero();
        assertThat(second.state().reference()).isEqualTo(first.state().reference());
    }

    @Test
    void whatIsReadAfterARestartIsABaseToo() {
        Capture capture = Capture.of(StatePart.of("weights", random(2 * MEBIBYTE, 1)));
        StateReader.Found found = find(write(capture, StoredState.NONE));

        assertThat(write(capture, found.asBase()).newChunks()).isZero();
    }

    @Test
    void onlyWhatChangedIsPut() throws IOException {
        byte[] weights = random(16 * MEBIBYTE, 1);
        StateWriter.Result first = write(Capture.of(StatePart.of("weights", weights)), StoredState.NONE);

        byte[] changed = weights.clone();
        changed[8 * MEBIBYTE] ^= 1;
        StateWriter.Result second = write(Capture.of(StatePart.of("weights", changed)), first.state());

        assertThat(second.newBytes()).isLessThan(first.newBytes() / 20);
        assertThat(Arrays.equals(read(find(second), "weights"), changed)).isTrue();
        assertThat(Arrays.equals(read(find(first), "weights"), weights)).isTrue();
    }

    @Test
    void bytesInsertedInTheMiddleCostNoMoreThanTheirNeighbourhood() throws IOException {
        byte[] log = random(16 * MEBIBYTE, 2);
        StateWriter.Result first = write(Capture.of(StatePart.of("log", log)), StoredState.NONE);

        byte[] grown = new byte[log.length + 1000];
        System.arraycopy(log, 0, grown, 0, 5_000_000);
        System.arraycopy(log, 5_000_000, grown, 5_001_000, log.length - 5_000_000);
        StateWriter.Result second = write(Capture.of(StatePart.of("log", grown)), first.state());

        assertThat(second.newBytes()).isLessThan(first.newBytes() / 10);
        assertThat(Arrays.equals(read(find(second), "log"), grown)).isTrue();
    }

    @Test
    void whatTheModelKnowsToBeUnchangedIsNotRead() throws IOException {
        byte[] weights = random(8 * MEBIBYTE, 1);
        StateWriter.Result first = write(new Capture(List.of(StatePart.of("weights", weights)), 7), StoredState.NONE);
        byte[] changed = weights.clone();
        Arrays.fill(changed, 4_000_000, 4_000_100, (byte) 0);
        Tracked part = new Tracked("weights", changed, 4_000_000, 4_000_100, new ArrayList<>());

        StateWriter.Result second = write(new Capture(List.of(part), 8), first.state());

        assertThat(part.reads()).hasSizeLessThan(10).allMatch(offset -> offset > 3_500_000 && offset < 4_500_000);
        assertThat(Arrays.equals(read(find(second), "weights"), changed)).isTrue();
    }

    @Test
    void piecesFitIntoASmallStoresChunks() throws IOException {
        chunks.maxChunkBytes = 128 * 1024;
        byte[] weights = random(2 * MEBIBYTE, 3);
        try (StateStore small = new StateStore(chunks, Codec.gz(), List.of(Codec.none(), Codec.gz()), 2)) {
            StateWriter.Result result =
                    small.writer().write(Capture.of(StatePart.of("weights", weights)), StoredState.NONE);

            assertThat(Arrays.equals(
                            read(small.reader().find(result.state().reference().orElseThrow()), "weights"), weights))
                    .isTrue();
        }
    }

    @Test
    void aStoreThatFailsAtAnyPutFailsTheWriteAndTheNextOneSucceeds() throws IOException {
        byte[] weights = random(13 * MEBIBYTE, 4);
        Capture capture = Capture.of(StatePart.of("weights", weights));
        write(capture, StoredState.NONE);
        int all = chunks.puts.get();
        assertThat(all).isGreaterThan(3);
        for (int put = 1; put <= all; put++) {
            chunks.chunks.clear();
            chunks.puts.set(0);
            chunks.failingPut = put;
            assertThatExceptionOfType(StoreUnavailableException.class)
                    .as("put %s of %s", put, all)
                    .isThrownBy(() -> write(capture, StoredState.NONE));
        }
        chunks.failingPut = -1;

        assertThat(Arrays.equals(read(find(write(capture, StoredState.NONE)), "weights"), weights))
                .isTrue();
    }

    @Test
    void everyMissingChunkIsNoticed() {
        StateWriter.Result result = write(
                Capture.of(StatePart.of("weights", random(MEBIBYTE, 5)), StatePart.of("more", random(1000, 6))),
                StoredState.NONE);
        for (String id : List.copyOf(chunks.chunks.keySet())) {
            InMemoryChunks.Chunk chunk = chunks.chunks.remove(id);

            assertThatExceptionOfType(StateDamagedException.class)
                    .isThrownBy(() -> find(result).verify())
                    .withMessageContainingAll(id, "missing");
            chunks.chunks.put(id, chunk);
        }
        find(result).verify();
    }

    @Test
    void everyDamagedChunkIsNoticedAtEachOfItsBytes() {
        StateWriter.Result result = write(Capture.of(StatePart.of("weights", random(300_000, 7))), StoredState.NONE);
        Random random = new Random(8);
        for (String id : List.copyOf(chunks.chunks.keySet())) {
            InMemoryChunks.Chunk whole = chunks.chunks.get(id);
            for (int round = 0; round < 40; round++) {
                byte[] damaged = whole.content().clone();
                int at = round < 20 ? Math.min(round, damaged.length - 1) : random.nextInt(damaged.length);
                damaged[at] ^= (byte) (1 << random.nextInt(8));
                chunks.chunks.put(id, new InMemoryChunks.Chunk(damaged, whole.put()));

                assertThatExceptionOfType(StateDamagedException.class)
                        .as("byte %s of chunk %s", at, id)
                        .isThrownBy(() -> find(result).verify())
                        .withMessageContaining(id);
            }
            chunks.chunks.put(id, whole);
        }
        find(result).verify();
    }

    @Test
    void chunksThatWereSwappedAreNoticed() {
        StateWriter.Result result = write(Capture.of(StatePart.of("weights", random(MEBIBYTE, 9))), StoredState.NONE);
        List<String> ids = List.copyOf(chunks.chunks.keySet());
        InMemoryChunks.Chunk first = chunks.chunks.get(ids.get(0));
        chunks.chunks.put(ids.get(0), chunks.chunks.get(ids.get(1)));
        chunks.chunks.put(ids.get(1), first);

        assertThatExceptionOfType(StateDamagedException.class)
                .isThrownBy(() -> find(result).verify())
                .withMessageContaining("its content has the SHA-256");
    }

    @Test
    void aPartThatIsNotThereIsRefusedWithThoseThatAre() {
        StateReader.Found found = find(write(Capture.of(StatePart.of("weights", random(10, 1))), StoredState.NONE));

        assertThatExceptionOfType(StateMismatchException.class)
                .isThrownBy(() -> found.open("biases"))
                .withMessage("The state has no part biases, only weights");
    }
}
