package dev.holdfast.host.state;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.sdk.Codec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * How a piece of state lies in a store: which codec packed it, how long it is, and the packed bytes.
 *
 * <pre>
 *   "HFC1"  length of the codec's name (1 byte)  the name (ASCII)  length of the piece (4 bytes, big-endian)  packed bytes
 * </pre>
 *
 * <p>The chunk's id is the SHA-256 of the piece, not of the frame: another codec makes another frame of one chunk.
 */
final class ChunkFrame {

    /** The longest piece that is unpacked: a greater length is damage, and no memory is allocated for it. */
    static final int LONGEST_PIECE = 1024 * 1024;
    /** What a frame has besides the packed bytes, with the longest name of a codec. */
    static final int OVERHEAD = 4 + 1 + 10 + 4;

    private static final byte[] MAGIC = "HFC1".getBytes(StandardCharsets.US_ASCII);

    private ChunkFrame() {}

    static String id(byte[] piece) {
        return Sha256.of(piece);
    }

    /** Packs a piece, or leaves it as it is where the codec would not make it smaller. */
    static byte[] pack(byte[] piece, Codec codec) {
        byte[] packed = codec.compress(piece);
        boolean smaller = packed.length < piece.length;
        byte[] name = (smaller ? codec.name() : "none").getBytes(StandardCharsets.US_ASCII);
        byte[] body = smaller ? packed : piece;
        return ByteBuffer.allocate(MAGIC.length + 1 + name.length + 4 + body.length)
                .put(MAGIC)
                .put((byte) name.length)
                .put(name)
                .putInt(piece.length)
                .put(body)
                .array();
    }

    /**
     * The piece of a frame, checked against its id.
     *
     * @param codecs by name, all that a frame may have been packed with
     * @throws StateDamagedException if the frame does not hold that piece
     */
    static byte[] unpack(String id, byte[] frame, Map<String, Codec> codecs) {
        try {
            byte[] piece = piece(frame, codecs);
            if (!id(piece).equals(id)) {
                throw new IOException("its content has the SHA-256 " + id(piece));
            }
            return piece;
        } catch (IOException e) {
            throw new StateDamagedException("Chunk " + id + " is damaged: " + e.getMessage(), e);
        }
    }

    private static byte[] piece(byte[] frame, Map<String, Codec> codecs) throws IOException {
        int header = MAGIC.length + 1;
        if (frame.length < header || !Arrays.equals(frame, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new IOException("it does not begin as a chunk does");
        }
        int nameLength = frame[MAGIC.length];
        if (nameLength < 1 || nameLength > 10 || frame.length < header + nameLength + 4) {
            throw new IOException("it ends in its header");
        }
        String name = new String(frame, header, nameLength, StandardCharsets.US_ASCII);
        int length = ByteBuffer.wrap(frame).getInt(header + nameLength);
        if (length < 0 || length > LONGEST_PIECE) {
            throw new IOException("it promises " + length + " bytes");
        }
        Codec codec = codecs.get(name);
        if (codec == null) {
            throw new IOException(
                    "it was packed with '" + name.replaceAll("[^!-~]", "?") + "', which this host does not have");
        }
        return codec.decompress(Arrays.copyOfRange(frame, header + nameLength + 4, frame.length), length);
    }
}
