package dev.holdfast.host.transfer;

import dev.holdfast.host.text.Utf8;
import dev.holdfast.host.transfer.Message.Done;
import dev.holdfast.host.transfer.Message.Gone;
import dev.holdfast.host.transfer.Message.Offer;
import dev.holdfast.host.transfer.Message.Piece;
import dev.holdfast.host.transfer.Message.Want;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotStoreException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A message as bytes: {@code HFT1}, the kind (1 byte), the body, and the CRC-32C of all before (4 bytes). Numbers are
 * big-endian; a text is its length (4 bytes) and its UTF-8.
 *
 * <p>The checksum tells damage on the way. It is no proof of who sent: the transport's matter.
 */
public final class MessageFrame {

    /** The longest message, which is an offer with its text. */
    public static final int LONGEST = 64 * 1024 * 1024;

    private static final byte[] MAGIC = "HFT1".getBytes(StandardCharsets.US_ASCII);
    private static final int CHECKSUM_BYTES = 4;

    private MessageFrame() {}

    private interface Body {
        void to(DataOutputStream out) throws IOException;
    }

    /** The bytes of a message. */
    public static byte[] encode(Message message) {
        if (message instanceof Offer offer) {
            return frame('O', out -> {
                text(out, offer.snapshot().header().toLine());
                bytes(out, offer.snapshot().toBytes());
            });
        } else if (message instanceof Want want) {
            return frame('W', out -> {
                text(out, want.transfer());
                out.writeInt(want.ids().size());
                for (String id : want.ids()) {
                    text(out, id);
                }
            });
        } else if (message instanceof Piece piece) {
            return frame('P', out -> {
                text(out, piece.transfer());
                text(out, piece.id());
                bytes(out, piece.content());
            });
        }
        return frame(message instanceof Gone ? 'G' : 'D', out -> text(out, message.transfer()));
    }

    private static byte[] frame(char kind, Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(MAGIC);
            out.writeByte(kind);
            body.to(out);
            out.writeInt(checksum(bytes.toByteArray(), bytes.size()));
        } catch (IOException e) {
            throw new UncheckedIOException("Writing into memory failed", e);
        }
        return bytes.toByteArray();
    }

    private static int checksum(byte[] bytes, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, length);
        return (int) checksum.getValue();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        bytes(out, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void bytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /**
     * The message that some bytes are.
     *
     * @throws DamagedMessageException if they are none, or were damaged on the way
     */
    public static Message decode(byte[] frame) throws DamagedMessageException {
        int end = frame.length - CHECKSUM_BYTES;
        if (end < MAGIC.length + 1 || frame.length > LONGEST) {
            throw new DamagedMessageException("A message cannot have " + frame.length + " bytes");
        }
        if (ByteBuffer.wrap(frame).getInt(end) != checksum(frame, end)) {
            throw new DamagedMessageException("A message of " + frame.length + " bytes has a wrong checksum");
        }
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(frame, 0, end))) {
            byte[] magic = in.readNBytes(MAGIC.length);
            if (!Arrays.equals(magic, MAGIC)) {
                throw new DamagedMessageException("A message does not begin with HFT1");
            }
            Message message = body((char) in.readByte(), in);
            if (in.available() > 0) {
                throw new DamagedMessageException("A message goes on after its end");
            }
            return message;
        } catch (IOException | IllegalArgumentException | SnapshotStoreException e) {
            throw e instanceof DamagedMessageException own
                    ? own
                    : new DamagedMessageException("A message cannot be read: " + e.getMessage(), e);
        }
    }

    private static Message body(char kind, DataInputStream in) throws IOException {
        return switch (kind) {
            case 'O' -> new Offer(Snapshot.read(SnapshotHeader.fromLine(text(in)), bytes(in)));
            case 'W' -> new Want(text(in), ids(in));
            case 'P' -> new Piece(text(in), text(in), bytes(in));
            case 'G' -> new Gone(text(in));
            case 'D' -> new Done(text(in));
            default -> throw new DamagedMessageException("A message is of the unknown kind " + (int) kind);
        };
    }

    private static List<String> ids(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > Message.MOST_WANTED) {
            throw new DamagedMessageException("A message wants " + count + " chunks");
        }
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(text(in));
        }
        return ids;
    }

    private static String text(DataInputStream in) throws IOException {
        try {
            return Utf8.decode(bytes(in));
        } catch (CharacterCodingException e) {
            throw new DamagedMessageException("A message has a text that is not UTF-8", e);
        }
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        // What is left is in memory already, so a length that lies takes none.
        if (length < 0 || length > in.available()) {
            throw new DamagedMessageException("A message promises " + length + " bytes, more than it has");
        }
        return in.readNBytes(length);
    }
}
