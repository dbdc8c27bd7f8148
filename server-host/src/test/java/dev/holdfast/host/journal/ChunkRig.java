package dev.holdfast.host.journal;

import dev.holdfast.host.codec.Codecs;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.GivenCapture;
import dev.holdfast.host.state.InMemoryChunks;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.host.state.StateStore;
import dev.holdfast.host.state.StoredState;
import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** The chunks of a host, with a store in memory that outlives it. */
final class ChunkRig implements AutoCloseable {

    static final ChunkContent CONTENT = new ChunkContent(Codecs.all());

    final Path logs;
    final InMemoryChunks storeChunks = new InMemoryChunks();
    final InMemoryChunks stateChunks = new InMemoryChunks();
    ChunksAlone store = ChunksAlone.of(storeChunks);
    volatile boolean attached = true;
    boolean copies = true;
    Duration retry = Duration.ZERO;
    long maxBytes;
    Journal journal;
    JournalChunks chunks;
    StateStore states;
    private final ExecutorService disk = Executors.newCachedThreadPool();

    ChunkRig(Path logs) {
        this(logs, Given.MUCH);
    }

    ChunkRig(Path logs, long maxBytes) {
        this.logs = logs;
        this.maxBytes = maxBytes;
        start();
    }

    void start() {
        journal = Given.journal(logs, maxBytes);
        chunks = JournalChunks.open(place(), Optional.of(journal), CONTENT, copies);
        states = new StateStore(chunks, Codec.none(), Codecs.all(), 1);
    }

    JournalChunks.Place place() {
        return new JournalChunks.Place("ddb", store, ChunksAlone.of(stateChunks), () -> attached, retry, disk);
    }

    void restart() {
        stop();
        start();
    }

    private void stop() {
        states.close();
        chunks.close();
        journal.close();
    }

    @Override
    public void close() {
        stop();
        disk.shutdown();
    }

    List<Path> files(String part) throws IOException {
        Path directory = Given.directory(logs).resolve(part).resolve(".chunks");
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    /** A state of which the last part alone differs from that of another number. */
    StoredState stored(int seed, int number, StoredState base) {
        byte[] bytes = new byte[1_000_000];
        new Random(seed).nextBytes(bytes);
        bytes[999_999] = (byte) number;
        return states.writer().write(GivenCapture.of(bytes), base).state();
    }

    static StateCapture capture(int seed) {
        byte[] bytes = new byte[500_000];
        new Random(seed).nextBytes(bytes);
        return GivenCapture.of(bytes);
    }

    static StateReference reference(StoredState state) {
        return state.reference().orElseThrow();
    }

    void requireRestorableFromTheStoreAlone(StateReference state) {
        try (StateStore elsewhere = new StateStore(storeChunks, Codec.none(), Codecs.all(), 1)) {
            elsewhere.reader().find(state).verify();
        }
    }
}
