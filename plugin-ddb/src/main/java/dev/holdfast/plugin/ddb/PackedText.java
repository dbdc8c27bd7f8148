package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * The text of a snapshot as it is stored: compressed, and cut into parts that fit into items.
 *
 * <p>A part is an item beside the snapshot's own: the same {@code snapshotName}, the {@code createdOn}
 * {@code part#<save-id>#<number>}, no {@code createdOnMonth}. So parts are not in the index, a list never reads a text,
 * and one query gets a snapshot whole.
 */
final class PackedText {

    /** Where the parts begin among the items of a name: places begin with a digit. */
    static final String FIRST_PART = "part#";

    /** A text up to this size stands in the head too, so that the last snapshot is one read. */
    static final int SHORT = 16 * 1024;

    private static final int PART = 256 * 1024;
    private static final String TEXT = "text";

    private final Codec codec;
    private final byte[] bytes;

    private PackedText(Codec codec, byte[] bytes) {
        this.codec = codec;
        this.bytes = bytes;
    }

    static PackedText of(Snapshot snapshot, Codec codec) {
        return new PackedText(codec, codec.compress(snapshot.toBytes()));
    }

    boolean isShort() {
        return bytes.length <= SHORT;
    }

    Optional<byte[]> ifShort() {
        return isShort() ? Optional.of(bytes) : Optional.empty();
    }

    String codecName() {
        return codec.name();
    }

    int parts() {
        return (bytes.length + PART - 1) / PART;
    }

    List<Item> partsFor(String hash, String saveId) {
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < parts(); i++) {
            int end = Math.min(bytes.length, (i + 1) * PART);
            items.add(Item.at(new ItemKey(hash, partRange(saveId, i)))
                    .with(TEXT, Arrays.copyOfRange(bytes, i * PART, end)));
        }
        return items;
    }

    private static String partRange(String saveId, int number) {
        return FIRST_PART + saveId + String.format(Locale.ROOT, "#%05d", number);
    }

    /** Whether an item is a part of some text. */
    static boolean isPart(Item item) {
        return item.key().range().startsWith(FIRST_PART);
    }

    /**
     * A snapshot, from the items under its name; parts of a save that never came to its end are passed over.
     *
     * @throws SnapshotCorruptException if a part is missing, or the text is not what was saved
     */
    static Snapshot unpack(Stored stored, List<Item> items, Function<String, Codec> codecs) {
        SnapshotHeader header = stored.header();
        List<byte[]> parts = new ArrayList<>();
        for (int i = 0; i < stored.parts(); i++) {
            String range = partRange(header.saveId(), i);
            parts.add(items.stream()
                    .filter(item -> item.key().range().equals(range))
                    .findFirst()
                    .flatMap(item -> item.bytes(TEXT))
                    .orElseThrow(() -> new SnapshotCorruptException("Snapshot " + header.name()
                            + " is damaged: the item " + range + " with a part of its text is missing")));
        }
        return unpack(stored, join(parts), codecs);
    }

    private static byte[] join(List<byte[]> parts) {
        byte[] all = new byte[parts.stream().mapToInt(part -> part.length).sum()];
        int end = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, end, part.length);
            end += part.length;
        }
        return all;
    }

    static Snapshot unpack(Stored stored, byte[] bytes, Function<String, Codec> codecs) {
        SnapshotHeader header = stored.header();
        Snapshot.requireBounded(header);
        Codec codec;
        try {
            codec = codecs.apply(stored.codec());
        } catch (IllegalArgumentException e) {
            throw new SnapshotFormatTooNewException(
                    "Snapshot " + header.name() + " cannot be read by this host: " + e.getMessage(), e);
        }
        try {
            return Snapshot.read(header, codec.decompress(bytes, Math.toIntExact(header.size())));
        } catch (IOException | ArithmeticException e) {
            throw new SnapshotCorruptException(
                    "Snapshot " + header.name() + " is damaged: its text cannot be decompressed: " + e, e);
        }
    }
}
