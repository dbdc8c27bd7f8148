package dev.holdfast.host.transfer;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.state.ChunkContent;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Reads a bundle that {@link BundleWriter} wrote: its chunks into a store, each checked, and then the snapshot. */
public final class BundleReader {

    private static final int LONGEST_LINE = 16 * 1024;
    private static final int TOGETHER_BYTES = 4 * 1024 * 1024;
    private static final String END = "0".repeat(64);

    private final ChunkStore store;
    private final ChunkContent content;

    public BundleReader(ChunkStore store, List<Codec> codecs) {
        this.store = store;
        this.content = new ChunkContent(codecs);
    }

    /**
     * Reads to the bundle's end; the stream stays open. When this returns, the whole bundle was right and its chunks are
     * durable. After an exception some chunks may be in the store, which are removed in time like all that nobody needs.
     *
     * @return the snapshot, of which the store holds whatever of its chunks the bundle had
     * @throws DamagedMessageException if this is no bundle, or it is damaged or ends too early
     * @throws SnapshotStoreException if the store fails
     */
    public Snapshot read(InputStream source) throws IOException {
        DigestInputStream digested = new DigestInputStream(source, Sha256.digest());
        DataInputStream in = new DataInputStream(digested);
        try {
            if (!line(in).equals(BundleWriter.FIRST_LINE)) {
                throw new DamagedMessageException(
                        "This is no bundle: it does not begin with " + BundleWriter.FIRST_LINE);
            }
            SnapshotHeader header = SnapshotHeader.fromLine(line(in));
            if (header.size() > MessageFrame.LONGEST) {
                throw new DamagedMessageException(
                        "The bundle's snapshot has " + header.size() + " bytes, more than " + MessageFrame.LONGEST);
            }
            byte[] text = exactly(in, (int) header.size());
            chunks(in);
            byte[] digest = digested.getMessageDigest().digest();
            digested.on(false);
            if (!MessageDigest.isEqual(digest, exactly(in, digest.length))) {
                throw new DamagedMessageException(
                        "The bundle is damaged: its last 32 bytes are not the SHA-256 of the bytes before");
            }
            return Snapshot.read(header, text);
        } catch (EOFException e) {
            throw new DamagedMessageException("The bundle ends too early", e);
        } catch (IllegalArgumentException | SnapshotCorruptException e) {
            throw new DamagedMessageException("The bundle is damaged: " + e.getMessage(), e);
        }
    }

    private void chunks(DataInputStream in) throws IOException {
        Map<String, byte[]> batch = new HashMap<>();
        int bytes = 0;
        for (String id = id(in); ; id = id(in)) {
            int length = in.readInt();
            if (id.equals(END) && length == 0) {
                break;
            }
            if (length < 0 || length > store.maxChunkBytes()) {
                throw new DamagedMessageException("The bundle's chunk " + id + " of " + length
                        + " bytes is not one that this store takes: up to " + store.maxChunkBytes());
            }
            byte[] frame = exactly(in, length);
            if (!content.isPiece(id, frame)) {
                throw new DamagedMessageException("The bundle's chunk " + id + " is damaged");
            }
            batch.put(id, frame);
            bytes += length;
            if (bytes >= TOGETHER_BYTES) {
                store.put(batch);
                batch = new HashMap<>();
                bytes = 0;
            }
        }
        if (!batch.isEmpty()) {
            store.put(batch);
        }
    }

    private static String id(DataInputStream in) throws IOException {
        return HexFormat.of().formatHex(exactly(in, BundleWriter.ID_BYTES));
    }

    /** Takes memory for what is there, not for what is promised. */
    private static byte[] exactly(DataInputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("at " + bytes.length + " of " + length + " bytes");
        }
        return bytes;
    }

    private static String line(DataInputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.readByte(); next != '\n'; next = in.readByte()) {
            if (line.size() == LONGEST_LINE) {
                throw new DamagedMessageException("This is no bundle: its first lines are too long");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
