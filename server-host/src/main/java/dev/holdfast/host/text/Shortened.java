package dev.holdfast.host.text;

import java.nio.charset.StandardCharsets;

/**
 * Shortens foreign texts to the length that their destination allows: the message of a store's client may have thousands of
 * characters. Our own sentence, with the cure, stands first in a message, and so is never what is left out; of the rest the
 * beginning and the end stay, for libraries say the reason last.
 */
public final class Shortened {

    /** Of a header: those of a request or an answer together have 8 KB in many proxies and clients. */
    public static final int HEADER_BYTES = 512;

    /** Of a text in an answer. */
    public static final int BODY_BYTES = 2048;

    private static final int STORE_BYTES = 1024;
    private static final String CUT = " … ";
    private static final String IN_THE_LOG = " … (all of it stands in the log, once) … ";
    private static final String END = "...";

    private Shortened() {}

    /** What a store said, for messages; whoever shortens it so has written the whole into the log. */
    public static String ofStore(String said) {
        return middle(said, STORE_BYTES, IN_THE_LOG);
    }

    /** A text in an answer. */
    public static String forBody(String text) {
        return middle(text, BODY_BYTES, CUT);
    }

    /**
     * A text in a header.
     *
     * @param encoded in ASCII, with {@code %XX} for all else
     */
    public static String forHeader(String encoded) {
        if (encoded.length() <= HEADER_BYTES) {
            return encoded;
        }
        int end = HEADER_BYTES - END.length();
        int percent = encoded.lastIndexOf('%', end - 1);
        return encoded.substring(0, percent > end - 3 ? percent : end) + END;
    }

    private static String middle(String text, int most, String cut) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= most) {
            return text;
        }
        int room = most - cut.getBytes(StandardCharsets.UTF_8).length;
        int head = room * 3 / 5;
        int tail = bytes.length - (room - head);
        while (isWithinCharacter(bytes[head])) {
            head--;
        }
        while (isWithinCharacter(bytes[tail])) {
            tail++;
        }
        return new String(bytes, 0, head, StandardCharsets.UTF_8)
                + cut
                + new String(bytes, tail, bytes.length - tail, StandardCharsets.UTF_8);
    }

    private static boolean isWithinCharacter(byte b) {
        return (b & 0xc0) == 0x80;
    }
}
