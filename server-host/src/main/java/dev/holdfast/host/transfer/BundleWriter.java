package dev.holdfast.host.transfer;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.Snapshot;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Writes a snapshot with all its chunks as one file that says what it is.
 *
 * <pre>
 *   HOLDFAST-BUNDLE 1\n
 *   the header as a line\n
 *   the text                      (as many bytes as the header says)
 *   id, length, content           (32 bytes, 4 bytes, as long; for each chunk, by id)
 *   32 zero bytes, 4 zero bytes
 *   SHA-256 of everything before  (32 bytes)
 * </pre>
 *
 * <p>Streamed: it takes the memory of 16 chunks.
 */
public final class BundleWriter {

    static final String FIRST_LINE = "HOLDFAST-BUNDLE 1";
    static final int ID_BYTES = 32;

    private static final int TOGETHER = 16;

    private BundleWriter() {}

    /**
     * Writes a bundle; the stream stays open.
     *
     * @param chunks the ids of all chunks that the snapshot needs
     * @throws StateDamagedException if the store lacks one of them; what was written is then no bundle, and a reader says so
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails
     */
    public static void write(Snapshot snapshot, Collection<String> chunks, ChunkStore store, OutputStream target)
            throws IOException {
        DigestOutputStream digested = new DigestOutputStream(target, Sha256.digest());
        DataOutputStream out = new DataOutputStream(digested);
        out.write((FIRST_LINE + "\n" + snapshot.header().toLine() + "\n").getBytes(StandardCharsets.UTF_8));
        out.write(snapshot.toBytes());
        List<String> ids = new ArrayList<>(new TreeSet<>(chunks));
        for (int start = 0; start < ids.size(); start += TOGETHER) {
            List<String> some = ids.subList(start, Math.min(ids.size(), start + TOGETHER));
            Map<String, byte[]> contents = store.get(some);
            for (String id : some) {
                byte[] content = contents.get(id);
                if (content == null) {
                    throw new StateDamagedException("Snapshot "
                            + snapshot.header().name() + " needs chunk " + id + ", which is missing in the store");
                }
                out.write(HexFormat.of().parseHex(id));
                out.writeInt(content.length);
                out.write(content);
            }
        }
        out.write(new byte[ID_BYTES + 4]);
        out.flush();
        target.write(digested.getMessageDigest().digest());
        target.flush();
    }
}
