package dev.holdfast.plugin.jdbc;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A text as it is stored: compressed, and cut into pieces of 1 MB where it is longer than that.
 *
 * <p>Rows of that size are what every database here takes and gives with its usual settings: PostgreSQL's driver holds a
 * value whole in memory, MariaDB cuts the connection over a value that is longer than its longest packet.
 */
final class Payload {

    static final int LONGEST = 1 << 20;

    private final byte @Nullable [] whole;
    private final List<byte[]> pieces;

    /**
     * What was read from the store; the arrays are handed over.
     *
     * @param whole the text, if it fits into the row of its snapshot
     * @param pieces else what it is cut into
     */
    Payload(byte @Nullable [] whole, List<byte[]> pieces) {
        this.whole = whole;
        this.pieces = List.copyOf(pieces);
    }

    static Payload of(Snapshot snapshot, Codec codec) {
        byte[] bytes = codec.compress(snapshot.toBytes());
        if (bytes.length <= LONGEST) {
            return new Payload(bytes, List.of());
        }
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += LONGEST) {
            pieces.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + LONGEST)));
        }
        return new Payload(null, pieces);
    }

    byte @Nullable [] whole() {
        return whole;
    }

    List<byte[]> pieces() {
        return pieces;
    }

    /**
     * The snapshot that was stored.
     *
     * @param parts how many pieces there must be
     * @throws SnapshotCorruptException if something is missing or is not what it was
     * @throws SnapshotFormatTooNewException if it is compressed in a way that this host does not know
     */
    Snapshot snapshot(SnapshotHeader header, int parts, String codec, Function<String, Codec> codecs) {
        if (pieces.size() != parts || (parts == 0) != (whole != null)) {
            throw damaged(header, "it has " + pieces.size() + " pieces where its row says " + parts, null);
        }
        Snapshot.requireBounded(header);
        byte[] bytes = whole == null ? join() : whole;
        try {
            return Snapshot.read(header, known(header, codec, codecs).decompress(bytes, (int) header.size()));
        } catch (IOException e) {
            throw damaged(header, Text.oneLine(String.valueOf(e.getMessage())), e);
        }
    }

    private static Codec known(SnapshotHeader header, String codec, Function<String, Codec> codecs) {
        try {
            return codecs.apply(codec);
        } catch (IllegalArgumentException e) {
            throw new SnapshotFormatTooNewException(
                    "Snapshot " + header.name() + " cannot be read by this host: " + e.getMessage(), e);
        }
    }

    private byte[] join() {
        ByteArrayOutputStream all = new ByteArrayOutputStream(
                pieces.stream().mapToInt(piece -> piece.length).sum());
        pieces.forEach(all::writeBytes);
        return all.toByteArray();
    }

    private static SnapshotCorruptException damaged(SnapshotHeader header, String what, @Nullable Exception cause) {
        String message = "Snapshot " + header.name() + " is damaged: " + what;
        return cause == null ? new SnapshotCorruptException(message) : new SnapshotCorruptException(message, cause);
    }
}
