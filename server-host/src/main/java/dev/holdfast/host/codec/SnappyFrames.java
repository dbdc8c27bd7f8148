package dev.holdfast.host.codec;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What is in a stream of Snappy's framing format ({@code framing_format.txt} of google/snappy).
 *
 * <pre>
 *   ff 06 00 00 "sNaPpY"             begins a stream, and every one that is concatenated to it
 *   type  length:3  crc:4  data      00: data is compressed, 01: it is not; at most 65,536 bytes of content
 *   type  length:3  data             80 to fe: passed over; 02 to 7f: an error
 * </pre>
 *
 * <p>Numbers are little-endian. The libraries' own readers take a buffer of the size that a piece says of itself, which
 * may be gigabytes; this one takes 64 KiB.
 */
final class SnappyFrames extends InputStream {

    private static final byte[] MAGIC = {'s', 'N', 'a', 'P', 'p', 'Y'};
    private static final int STREAM = 0xff;
    private static final int COMPRESSED = 0x00;
    private static final int UNCOMPRESSED = 0x01;
    private static final int FIRST_SKIPPABLE = 0x80;
    private static final int MOST_CONTENT = 65_536;
    private static final int CRC_LENGTH = 4;
    /** The constant that the format adds to a rotated CRC, because CRCs of data that contain CRCs are weak. */
    private static final int MASK = 0xa282ead8;

    private final InputStream source;
    private final Decoder decoder;
    private final CRC32C crc = new CRC32C();
    private final byte[] content = new byte[MOST_CONTENT];
    private int position;
    private int end;
    private boolean begun;

    /** Decompresses one piece, whose promised length was checked before. */
    @FunctionalInterface
    interface Decoder {
        int decode(byte[] input, int offset, int length, byte[] output, int outputOffset) throws IOException;
    }

    SnappyFrames(InputStream source, Decoder decoder) {
        this.source = source;
        this.decoder = decoder;
    }

    @Override
    public int read() throws IOException {
        return fill() ? content[position++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, end - position);
        System.arraycopy(content, position, target, offset, count);
        position += count;
        return count;
    }

    @Override
    public int available() {
        return end - position;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    /** Whether there is a byte to give; reads pieces until there is one. */
    private boolean fill() throws IOException {
        while (position == end) {
            int type = source.read();
            if (type < 0) {
                if (!begun) {
                    throw new EOFException("Snappy input ends before it begins");
                }
                return false;
            }
            if (!begun && type != STREAM) {
                throw damaged("does not begin with a stream identifier");
            }
            piece(type, littleEndian(exactly(3), 0, 3));
        }
        return true;
    }

    private void piece(int type, int length) throws IOException {
        if (type == STREAM) {
            if (length != MAGIC.length || !Arrays.equals(exactly(length), MAGIC)) {
                throw damaged("has a stream identifier other than sNaPpY");
            }
            begun = true;
        } else if (type == COMPRESSED || type == UNCOMPRESSED) {
            data(type, exactly(length), length);
        } else if (type >= FIRST_SKIPPABLE) {
            source.skipNBytes(length);
        } else {
            throw damaged("has a piece of the unknown type " + type);
        }
    }

    private void data(int type, byte[] piece, int length) throws IOException {
        int promised = type == COMPRESSED ? promisedLength(piece) : length - CRC_LENGTH;
        if (length < CRC_LENGTH || promised > MOST_CONTENT) {
            throw damaged("has a piece of " + promised + " bytes; at most " + MOST_CONTENT + " are allowed");
        }
        if (type == COMPRESSED) {
            int count = decoder.decode(piece, CRC_LENGTH, length - CRC_LENGTH, content, 0);
            if (count != promised) {
                throw damaged("has a piece of " + count + " bytes that says " + promised);
            }
        } else {
            System.arraycopy(piece, CRC_LENGTH, content, 0, promised);
        }
        crc.reset();
        crc.update(content, 0, promised);
        if (Integer.rotateRight((int) crc.getValue(), 15) + MASK != littleEndian(piece, 0, CRC_LENGTH)) {
            throw damaged("has a piece whose checksum is wrong");
        }
        position = 0;
        end = promised;
    }

    /** The varint before compressed data: seven bits a byte, the lowest first, the highest bit says that more follow. */
    private static int promisedLength(byte[] piece) throws IOException {
        long length = 0;
        for (int i = 0; i < 5 && CRC_LENGTH + i < piece.length; i++) {
            int bits = piece[CRC_LENGTH + i];
            length |= (long) (bits & 0x7f) << (7 * i);
            if (bits >= 0) {
                return (int) Math.min(length, Integer.MAX_VALUE);
            }
        }
        throw damaged("has a piece without a length");
    }

    /** At most 16 MB, and only as many as there are. */
    private byte[] exactly(int length) throws IOException {
        byte[] bytes = source.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("Snappy input ends in the middle of a piece");
        }
        return bytes;
    }

    private static int littleEndian(byte[] bytes, int offset, int length) {
        int value = 0;
        for (int i = 0; i < length; i++) {
            value |= (bytes[offset + i] & 0xff) << (8 * i);
        }
        return value;
    }

    private static IOException damaged(String how) {
        return new IOException("Snappy input " + how);
    }
}
