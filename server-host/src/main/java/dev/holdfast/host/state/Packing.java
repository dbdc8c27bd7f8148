package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Packs and stores the pieces of one state: several at once, few enough to bound the memory, and none that the store has
 * already. One thread adds pieces; the packers work on them.
 */
final class Packing {

    /** Pieces that wait or are worked on; with packed copies and two gathered batches about 40 MB. */
    private static final int MOST_AT_ONCE = 48;
    /** Bytes that are put in one call. */
    private static final int BATCH_BYTES = 4 * 1024 * 1024;

    private final ChunkStore store;
    private final Codec codec;
    private final StoredState base;
    private final ExecutorService packers;
    private final Semaphore room = new Semaphore(MOST_AT_ONCE);
    private final Set<String> chunks = ConcurrentHashMap.newKeySet();
    private final AtomicLong newChunks = new AtomicLong();
    private final AtomicLong newBytes = new AtomicLong();
    private long referred;
    private volatile boolean ended;

    /** Guarded by itself. */
    private final Map<String, byte[]> batch = new HashMap<>();

    private int batchBytes;

    Packing(ChunkStore store, Codec codec, StoredState base, ExecutorService packers) {
        this.store = store;
        this.codec = codec;
        this.base = base;
        this.packers = packers;
    }

    /** A piece on its way; its id is known when it has been packed. */
    record Piece(int length, CompletableFuture<String> id) {}

    /** A piece that the store has already. */
    Piece known(Entry entry) {
        chunks.add(entry.id());
        return new Piece(entry.length(), CompletableFuture.completedFuture(entry.id()));
    }

    /** Takes a piece, and waits while too many are on their way. */
    Piece add(byte[] piece) {
        room.acquireUninterruptibly();
        CompletableFuture<String> id = CompletableFuture.supplyAsync(() -> pack(piece), packers);
        id.whenComplete((ignored, failure) -> {
            room.release();
            ended = ended || failure != null;
        });
        return new Piece(piece.length, id);
    }

    private String pack(byte[] piece) {
        if (ended) {
            throw new CancellationException("another piece could not be stored");
        }
        String id = ChunkFrame.id(piece);
        if (chunks.add(id) && !base.has(id)) {
            byte[] frame = ChunkFrame.pack(piece, codec);
            newChunks.incrementAndGet();
            newBytes.addAndGet(frame.length);
            gather(id, frame);
        }
        return id;
    }

    private void gather(String id, byte[] frame) {
        Map<String, byte[]> full;
        synchronized (batch) {
            batch.put(id, frame);
            batchBytes += frame.length;
            if (batchBytes < BATCH_BYTES) {
                return;
            }
            full = takeBatch();
        }
        store.put(full);
    }

    /** Guarded by {@link #batch}. */
    private Map<String, byte[]> takeBatch() {
        Map<String, byte[]> taken = new HashMap<>(batch);
        batch.clear();
        batchBytes = 0;
        return taken;
    }

    /** Waits until all pieces are packed, and returns their chunks in the same order. The last batch is not stored yet. */
    List<Entry> finish(List<Piece> pieces) {
        List<Entry> entries = new ArrayList<>(pieces.size());
        RuntimeException failure = null;
        for (Piece piece : pieces) {
            try {
                entries.add(new Entry(piece.id().join(), piece.length()));
            } catch (CompletionException | CancellationException e) {
                // The first failure is the cause; it made the others give up.
                RuntimeException cause = e.getCause() instanceof RuntimeException own ? own : e;
                failure = failure == null || failure instanceof CancellationException ? cause : failure;
            }
        }
        if (failure != null) {
            throw failure;
        }
        referred += pieces.size();
        return entries;
    }

    /** Stores the last batch. */
    void flush() {
        Map<String, byte[]> rest;
        synchronized (batch) {
            rest = takeBatch();
        }
        if (!rest.isEmpty()) {
            store.put(rest);
        }
    }

    /** Makes the packers give up the pieces that are still on their way. */
    void end() {
        ended = true;
    }

    /** Every chunk of the state. */
    Set<String> chunks() {
        return Set.copyOf(chunks);
    }

    long referred() {
        return referred;
    }

    long newChunks() {
        return newChunks.get();
    }

    long newBytes() {
        return newBytes.get();
    }
}
