package dev.holdfast.host.transfer;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.sdk.ChunkStore;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Puts chunks into a store, some together, while the next ones are gathered. Used by one thread. */
final class ChunkPuts implements AutoCloseable {

    /** As much as a host puts at once. */
    private static final int TOGETHER_BYTES = 16 * 1024 * 1024;

    private final ChunkStore store;
    private final ExecutorService putter = DaemonThreads.single("bundle-putter");
    private Map<String, byte[]> gathered = new HashMap<>();
    private int bytes;
    private @Nullable Future<?> under;

    ChunkPuts(ChunkStore store) {
        this.store = store;
    }

    void add(String id, byte[] content) throws IOException {
        if (bytes + content.length > TOGETHER_BYTES) {
            put();
        }
        gathered.put(id, content);
        bytes += content.length;
    }

    private void put() throws IOException {
        await();
        Map<String, byte[]> some = gathered;
        gathered = new HashMap<>();
        bytes = 0;
        under = putter.submit(() -> store.put(some));
    }

    /** Returns when all that was added is durable. */
    void finish() throws IOException {
        if (!gathered.isEmpty()) {
            put();
        }
        await();
    }

    private void await() throws IOException {
        Future<?> running = under;
        under = null;
        if (running == null) {
            return;
        }
        try {
            running.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IOException("Chunks cannot be stored", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while chunks were stored", e);
        }
    }

    /** A put that is under way ends by itself. */
    @Override
    public void close() {
        putter.shutdown();
    }
}
