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
import java.io.UTFDataFormatException;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;

/**
 * Reads a bundle that {@link BundleWriter} wrote: first to {@linkplain #check see that it is whole}, which stores nothing, and
 * then {@linkplain #store into a store}.
 */
public final class BundleReader {

    private static final int LONGEST_LINE = 16 * 1024;
    private static final int LONGEST_CHUNK = 16 * 1024 * 1024;
    private static final int BUFFER = 256 * 1024;
    private static final String END = "0".repeat(64);

    /** What is done with the files of archives. */
    public interface Files {

        /** Takes none: a bundle with files is passed over. */
        Files NONE = (name, size, content) -> pass(size, content);

        /**
         * Takes a file; reads exactly {@code size} bytes.
         *
         * @param name its path below the model store as the bundle says it; may be anything
         */
        void take(String name, long size, InputStream content) throws IOException;

        /** Reads a file and does nothing with it; to skip it would leave it out of the digest. */
        static void pass(long size, InputStream content) throws IOException {
            for (long left = size; left > 0; ) {
                int read = content.readNBytes((int) Math.min(BUFFER, left)).length;
                if (read == 0) {
                    throw new EOFException("at a file of an archive");
                }
                left -= read;
            }
        }
    }

    private interface Chunks {

        void take(String id, byte[] content) throws IOException;
    }

    /** What a bundle holds: its snapshot, and how many chunks of how many bytes beside it. */
    public record Contents(Snapshot snapshot, int chunks, long bytes) {}

    private final DataInputStream in;
    private final DigestInputStream digested;

    private BundleReader(InputStream source) {
        this.digested = new DigestInputStream(source, Sha256.digest());
        this.in = new DataInputStream(digested);
    }

    /**
     * Reads to the bundle's end; the stream stays open. When this returns, every byte is as it was written.
     *
     * @param files are shown to it before the bundle is known to be whole
     * @throws DamagedBundleException if this is no bundle, or it is damaged or ends too early
     */
    public static Contents check(InputStream source, Files files) throws IOException {
        return new BundleReader(source).read((id, content) -> {}, files);
    }

    /**
     * Reads a bundle and puts its chunks into a store, each checked. When this returns, they are durable. After an exception
     * some chunks may be in the store, which are removed in time like all that nobody needs.
     *
     * @param codecs what the chunks may have been packed with
     * @throws DamagedBundleException if this is no bundle, or it is damaged or ends too early
     * @throws SnapshotStoreException if the store fails
     */
    public static Contents store(InputStream source, ChunkStore store, List<Codec> codecs, Files files)
            throws IOException {
        ChunkContent content = new ChunkContent(codecs);
        try (ChunkPuts puts = new ChunkPuts(store)) {
            Contents contents = new BundleReader(source)
                    .read(
                            (id, bytes) -> {
                                if (bytes.length > store.maxChunkBytes()) {
                                    throw new DamagedBundleException("The bundle's chunk " + id + " of " + bytes.length
                                            + " bytes is not one that this store takes: up to "
                                            + store.maxChunkBytes());
                                }
                                if (!content.isPiece(id, bytes)) {
                                    throw new DamagedBundleException("The bundle's chunk " + id + " is damaged");
                                }
                                puts.add(id, bytes);
                            },
                            files);
            puts.finish();
            return contents;
        }
    }

    private Contents read(Chunks chunks, Files files) throws IOException {
        try {
            if (!line().equals(BundleWriter.FIRST_LINE)) {
                throw new DamagedBundleException(
                        "This is no bundle: it does not begin with " + BundleWriter.FIRST_LINE);
            }
            SnapshotHeader header = SnapshotHeader.fromLine(line());
            Snapshot.requireBounded(header);
            Snapshot snapshot = Snapshot.read(header, exactly((int) header.size()));
            int count = 0;
            long bytes = 0;
            for (String id = id(); ; id = id()) {
                int length = in.readInt();
                if (id.equals(END) && length == 0) {
                    break;
                }
                if (length < 0 || length > LONGEST_CHUNK) {
                    throw new DamagedBundleException(
                            "The bundle is damaged: it says that chunk " + id + " has " + length + " bytes");
                }
                chunks.take(id, exactly(length));
                count++;
                bytes += length;
            }
            files(files);
            byte[] digest = digested.getMessageDigest().digest();
            digested.on(false);
            if (!MessageDigest.isEqual(digest, exactly(digest.length))) {
                throw new DamagedBundleException(
                        "The bundle is damaged: its last 32 bytes are not the SHA-256 of the bytes before");
            }
            return new Contents(snapshot, count, bytes);
        } catch (EOFException e) {
            throw new DamagedBundleException("The bundle ends too early", e);
        } catch (UTFDataFormatException | IllegalArgumentException | SnapshotCorruptException e) {
            throw new DamagedBundleException("The bundle is damaged: " + e.getMessage(), e);
        }
    }

    private void files(Files files) throws IOException {
        for (String name = in.readUTF(); !name.isEmpty(); name = in.readUTF()) {
            long size = in.readLong();
            if (size < 0) {
                throw new DamagedBundleException("The bundle is damaged: it says that a file has " + size + " bytes");
            }
            files.take(name, size, in);
        }
    }

    private String id() throws IOException {
        return HexFormat.of().formatHex(exactly(BundleWriter.ID_BYTES));
    }

    /** Takes memory for what is there, not for what is promised. */
    private byte[] exactly(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("at " + bytes.length + " of " + length + " bytes");
        }
        return bytes;
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.readByte(); next != '\n'; next = in.readByte()) {
            if (line.size() == LONGEST_LINE) {
                throw new DamagedBundleException("This is no bundle: its first lines are too long");
            }
            line.write(next);
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
