package dev.holdfast.host.state;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The chunks of a run of bytes in their order, as they stand in a chunk that lists others: for each 32 bytes of SHA-256 and
 * 4 bytes of length, big-endian. The length is that of the piece.
 */
final class ChunkList {

    static final int ENTRY_BYTES = 36;
    /** As many entries as fit into the smallest chunk that a store must take. */
    static final int ENTRIES = (128 * 1024 - ChunkFrame.OVERHEAD) / ENTRY_BYTES;

    /**
     * One chunk of a run.
     *
     * @param length the number of bytes of the piece itself
     */
    record Entry(String id, int length) {}

    private ChunkList() {}

    static byte[] bytes(List<Entry> entries) {
        ByteBuffer buffer = ByteBuffer.allocate(entries.size() * ENTRY_BYTES);
        for (Entry entry : entries) {
            buffer.put(HexFormat.of().parseHex(entry.id())).putInt(entry.length());
        }
        return buffer.array();
    }

    /** @throws StateDamagedException if these are not the bytes of a list */
    static List<Entry> entries(String id, byte[] bytes) {
        if (bytes.length == 0 || bytes.length % ENTRY_BYTES != 0) {
            throw new StateDamagedException("Chunk " + id + " of " + bytes.length + " bytes is no list of chunks");
        }
        List<Entry> entries = new ArrayList<>(bytes.length / ENTRY_BYTES);
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        byte[] sha256 = new byte[32];
        while (buffer.hasRemaining()) {
            buffer.get(sha256);
            int length = buffer.getInt();
            if (length < 1 || length > ChunkFrame.LONGEST_PIECE) {
                throw new StateDamagedException("Chunk " + id + " lists a chunk of " + length + " bytes");
            }
            entries.add(new Entry(HexFormat.of().formatHex(sha256), length));
        }
        return entries;
    }
}
