package dev.holdfast.host.text;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Bytes from outside as text, strictly. What is malformed is never mended: two texts that differ would become one, and an
 * overlong form ({@code C0 AF} for {@code /}) would pass where the character itself is looked for.
 */
public final class Utf8 {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long NOT_ASCII = 0x8080_8080_8080_8080L;

    private Utf8() {}

    /** @throws CharacterCodingException if the bytes are not UTF-8 */
    public static String decode(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }

    /**
     * Where the first bytes are that are not UTF-8; -1 if all are. By hand, because a decoder would write all characters to
     * find that out, and bodies are long.
     */
    public static int firstMalformed(byte[] bytes) {
        int at = 0;
        while (at < bytes.length) {
            if (at <= bytes.length - 32 && isAscii(bytes, at)) {
                at += 32;
            } else if (bytes[at] >= 0) {
                at++;
            } else {
                int length = sequence(bytes, at);
                if (length == 0) {
                    return at;
                }
                at += length;
            }
        }
        return -1;
    }

    /** Whether the next 32 bytes are ASCII, as most are. */
    private static boolean isAscii(byte[] bytes, int at) {
        long some = (long) LONGS.get(bytes, at)
                | (long) LONGS.get(bytes, at + 8)
                | (long) LONGS.get(bytes, at + 16)
                | (long) LONGS.get(bytes, at + 24);
        return (some & NOT_ASCII) == 0;
    }

    /** How long a well-formed sequence of two to four bytes is, by table 3-7 of the Unicode standard; 0 for any other. */
    private static int sequence(byte[] bytes, int at) {
        int first = bytes[at] & 0xff;
        int second = at + 1 < bytes.length ? bytes[at + 1] & 0xff : 0;
        if (first >= 0xc2 && first <= 0xdf) {
            return isBetween(second, 0x80, 0xbf) ? 2 : 0;
        } else if (first >= 0xe0 && first <= 0xef) {
            int least = first == 0xe0 ? 0xa0 : 0x80;
            int most = first == 0xed ? 0x9f : 0xbf;
            return isBetween(second, least, most) && follows(bytes, at + 2) ? 3 : 0;
        } else if (first >= 0xf0 && first <= 0xf4) {
            int least = first == 0xf0 ? 0x90 : 0x80;
            int most = first == 0xf4 ? 0x8f : 0xbf;
            return isBetween(second, least, most) && follows(bytes, at + 2) && follows(bytes, at + 3) ? 4 : 0;
        }
        return 0;
    }

    private static boolean follows(byte[] bytes, int at) {
        return at < bytes.length && isBetween(bytes[at] & 0xff, 0x80, 0xbf);
    }

    private static boolean isBetween(int value, int least, int most) {
        return value >= least && value <= most;
    }
}
