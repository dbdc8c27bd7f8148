package dev.holdfast.host.transfer;

import dev.holdfast.host.common.DaemonThreads;
import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.DigestOutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Writes a snapshot with all that it needs as one file that says what it is.
 *
 * <pre>
 *   HOLDFAST-BUNDLE 1\n
 *   the header as a line\n
 *   the text                      (as many bytes as the header says)
 *   id, length, content           (32 bytes, 4 bytes, as long; for each chunk, by id)
 *   32 zero bytes, 4 zero bytes
 *   path, size, content           (2 bytes for its length and UTF-8, 8 bytes, as long; for each file of an archive)
 *   2 zero bytes
 *   SHA-256 of everything before  (32 bytes)
 * </pre>
 *
 * <p>Each chunk is checked before it is written. Streamed: it takes the memory of 48 chunks, for the next ones are read while
 * others are written.
 */
public final class BundleWriter {

    static final String FIRST_LINE = "HOLDFAST-BUNDLE 1";
    static final int ID_BYTES = 32;

    private static final int TOGETHER = 16;
    private static final int AHEAD = 2;
    private static final int BUFFER = 256 * 1024;

    private final Snapshot snapshot;
    private final ChunkStore store;
    private final ChunkContent content;

    private BundleWriter(Snapshot snapshot, ChunkStore store, List<Codec> codecs) {
        this.snapshot = snapshot;
        this.store = store;
        this.content = new ChunkContent(codecs);
    }

    /**
     * Writes a bundle; the stream stays open.
     *
     * @param chunks the ids of all chunks that the snapshot needs
     * @param codecs what the chunks may have been packed with
     * @param files the archives that go with it
     * @throws StateDamagedException if the store lacks a chunk or has it damaged; what was written is then no bundle, and a
     *     reader says so
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails
     */
    public static void write(
            Snapshot snapshot,
            Collection<String> chunks,
            ChunkStore store,
            List<Codec> codecs,
            List<BundleFile> files,
            OutputStream target)
            throws IOException {
        DigestOutputStream digested = new DigestOutputStream(target, Sha256.digest());
        DataOutputStream out = new DataOutputStream(digested);
        out.write((FIRST_LINE + "\n" + snapshot.header().toLine() + "\n").getBytes(StandardCharsets.UTF_8));
        out.write(snapshot.toBytes());
        new BundleWriter(snapshot, store, codecs).chunks(List.copyOf(new TreeSet<>(chunks)), out);
        out.write(new byte[ID_BYTES + 4]);
        for (BundleFile file : files) {
            write(file, out);
        }
        out.writeShort(0);
        out.flush();
        target.write(digested.getMessageDigest().digest());
        target.flush();
    }

    private void chunks(List<String> ids, DataOutputStream out) throws IOException {
        ExecutorService reader = DaemonThreads.pool("bundle-reader", AHEAD);
        Deque<Future<Map<String, byte[]>>> ahead = new ArrayDeque<>();
        try {
            List<List<String>> batches = batches(ids);
            for (int next = 0, written = 0; written < batches.size(); written++) {
                while (next < batches.size() && ahead.size() < AHEAD) {
                    List<String> batch = batches.get(next++);
                    ahead.add(reader.submit(() -> read(batch)));
                }
                write(batches.get(written), result(ahead.remove()), out);
            }
        } finally {
            reader.shutdownNow();
        }
    }

    private static List<List<String>> batches(List<String> ids) {
        List<List<String>> batches = new ArrayList<>();
        for (int start = 0; start < ids.size(); start += TOGETHER) {
            batches.add(ids.subList(start, Math.min(ids.size(), start + TOGETHER)));
        }
        return batches;
    }

    private static Map<String, byte[]> result(Future<Map<String, byte[]>> reading) throws IOException {
        try {
            return reading.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IOException("Chunks cannot be read", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted while chunks were read", e);
        }
    }

    private Map<String, byte[]> read(List<String> ids) {
        Map<String, byte[]> contents = store.get(ids);
        for (String id : ids) {
            byte[] bytes = contents.get(id);
            if (bytes == null || !content.isPiece(id, bytes)) {
                throw new StateDamagedException("Snapshot " + snapshot.header().name() + " needs chunk " + id
                        + ", which is " + (bytes == null ? "missing" : "damaged") + " in the store");
            }
        }
        return contents;
    }

    private static void write(List<String> ids, Map<String, byte[]> contents, DataOutputStream out) throws IOException {
        for (String id : ids) {
            byte[] bytes = contents.getOrDefault(id, new byte[0]);
            out.write(HexFormat.of().parseHex(id));
            out.writeInt(bytes.length);
            out.write(bytes);
        }
    }

    private static void write(BundleFile file, DataOutputStream out) throws IOException {
        long size = Files.size(file.source());
        out.writeUTF(file.name());
        out.writeLong(size);
        long written = 0;
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = Files.newInputStream(file.source())) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
                written += count;
            }
        }
        if (written != size) {
            throw new IOException(file.source() + " has changed while it was read");
        }
    }
}
