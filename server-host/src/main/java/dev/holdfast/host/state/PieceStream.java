package dev.holdfast.host.state;

import dev.holdfast.host.state.ChunkList.Entry;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;

/**
 * A run of chunks as a stream of its bytes. A few groups of chunks are read ahead, by other threads; a failure is thrown
 * where the reader comes to it. One thread reads.
 */
final class PieceStream extends InputStream {

    /** Groups that are read ahead, and the bytes of each: with packed copies about 20 MB. */
    private static final int AHEAD = 3;

    private static final int GROUP_BYTES = 2 * 1024 * 1024;

    private final ChunkReader reader;
    private final String what;
    private final List<Entry> entries;
    private final ExecutorService threads;
    private final Deque<CompletableFuture<List<byte[]>>> groups = new ArrayDeque<>();
    private int next;
    private Iterator<byte[]> pieces = List.<byte[]>of().iterator();
    private byte[] piece = new byte[0];
    private int position;

    PieceStream(ChunkReader reader, String what, List<Entry> entries, ExecutorService threads) {
        this.reader = reader;
        this.what = what;
        this.entries = entries;
        this.threads = threads;
    }

    @Override
    public int read() {
        return advance() ? piece[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (!advance()) {
            return -1;
        }
        int count = Math.min(length, piece.length - position);
        System.arraycopy(piece, position, target, offset, count);
        position += count;
        return count;
    }

    /** Moves to the next piece when the present one has been read; false at the end. */
    private boolean advance() {
        while (position == piece.length) {
            if (!pieces.hasNext()) {
                readAhead();
                CompletableFuture<List<byte[]>> group = groups.poll();
                if (group == null) {
                    return false;
                }
                pieces = result(group).iterator();
                readAhead();
                continue;
            }
            piece = pieces.next();
            position = 0;
        }
        return true;
    }

    private void readAhead() {
        while (groups.size() < AHEAD && next < entries.size()) {
            int end = next;
            for (int bytes = 0; end < entries.size() && bytes < GROUP_BYTES; end++) {
                bytes += entries.get(end).length();
            }
            List<Entry> group = entries.subList(next, end);
            groups.add(CompletableFuture.supplyAsync(() -> reader.pieces(what, group), threads));
            next = end;
        }
    }

    private static List<byte[]> result(CompletableFuture<List<byte[]>> group) {
        try {
            return group.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException own ? own : e;
        }
    }

    @Override
    public void close() {
        next = entries.size();
        groups.clear();
    }
}
