package dev.holdfast.sdk;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The text of a page token: the place where a page of a list ended, sealed so that a cut or mistyped one is refused.
 *
 * <p>The place is the serializer's own, such as the revision of the page's last snapshot: something that names a point of
 * the order and stays right while snapshots come and go. A token is no secret and proves nothing about who made it. The
 * form: Base64 (RFC 4648, URL alphabet, without padding) of eight hexadecimal digits of the place's CRC-32C, a bar and the
 * place.
 */
public final class PageToken {

    private static final int CHECKSUM = 9;

    private PageToken() {}

    /**
     * The token of a place, for {@link SnapshotPage#of}.
     *
     * @param place any text
     */
    public static String of(String place) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((checksum(place) + place).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The place of a token.
     *
     * @param token what {@link ListRequest#pageToken} gave
     * @throws IllegalArgumentException if {@link #of} did not make it
     */
    public static String place(String token) {
        try {
            String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
            if (text.length() >= CHECKSUM && text.startsWith(checksum(text.substring(CHECKSUM)))) {
                return text.substring(CHECKSUM);
            }
        } catch (IllegalArgumentException e) {
            // The message below says all that the exception knows.
        }
        throw new IllegalArgumentException(
                "Page token '" + Rules.printable(token) + "' is not one that this serializer gave");
    }

    private static String checksum(String place) {
        CRC32C crc = new CRC32C();
        crc.update(place.getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%08x|", crc.getValue());
    }
}
