package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the item of a snapshot says: its header, and how its text is kept. The head says the same of the last one.
 *
 * @param name of the snapshot, also where the header is damaged
 * @param line the header, as one line
 * @param place its {@code createdOn}, which is its place in the order
 * @param codec of the text
 * @param parts how many items the text is in
 * @param previous the place and the name of the snapshot before; empty if there was none
 */
record Stored(String name, String line, String place, String codec, int parts, String previous) {

    /** The format of items that this version writes, and the newest that it reads. */
    static final int FORMAT = 1;

    private static final Pattern SAVE_ID = Pattern.compile("(?:^| )saveId=([A-Za-z0-9][A-Za-z0-9._-]{0,63})(?: |$)");

    private static final String FORMAT_KEY = "format";
    static final String HEADER = "header";
    private static final String REVISION = "revision";
    private static final String CODEC = "codec";
    private static final String PARTS = "parts";
    private static final String PREVIOUS = "previous";

    static Stored of(SnapshotHeader header, String place, String codec, int parts, String previous) {
        return new Stored(header.name(), header.toLine(), place, codec, parts, previous);
    }

    /** Whether an item is one of a snapshot that Holdfast saved. */
    static boolean isOne(Item item) {
        return item.has(HEADER);
    }

    /** @throws SnapshotFormatTooNewException if a newer version wrote it */
    static Stored read(String name, Item item) {
        requireKnownFormat("Snapshot " + name, item);
        return new Stored(
                name,
                item.string(HEADER).orElse(""),
                item.string(Item.CREATED_ON).orElse(""),
                item.string(CODEC).orElse("?"),
                (int) Math.min(Integer.MAX_VALUE, item.number(PARTS).orElse(-1)),
                item.string(PREVIOUS).orElse(""));
    }

    static void requireKnownFormat(String what, Item item) {
        long format = item.number(FORMAT_KEY).orElse(FORMAT);
        if (format > FORMAT) {
            throw new SnapshotFormatTooNewException(what + " has format " + format + " of the items of serializer ddb,"
                    + " this plugin reads up to " + FORMAT + "; a newer plugin-ddb can read it");
        }
    }

    /** Whether the snapshot before this one is that. */
    boolean follows(String otherPlace, String otherName) {
        return previous.equals(link(otherPlace, otherName));
    }

    /** How a snapshot names the one before it. */
    static String link(String place, String name) {
        return place + " " + name;
    }

    Stored withPrevious(String other) {
        return new Stored(name, line, place, codec, parts, other);
    }

    /** Writes into an item of this snapshot which one is before it. */
    Item previousInto(Item item) {
        return Item.of(new LinkedHashMap<>(item.attributes())).with(PREVIOUS, previous);
    }

    /** Writes itself into an item, all but the place, which is its key. */
    Item into(Item item, long revision) {
        return item.with(FORMAT_KEY, FORMAT)
                .with(HEADER, line)
                .with(REVISION, revision)
                .with(CODEC, codec)
                .with(PARTS, parts)
                .with(PREVIOUS, previous);
    }

    /**
     * The header, whole.
     *
     * @throws SnapshotCorruptException if the line is not what was saved
     * @throws SnapshotFormatTooNewException if a newer version saved it, as a kind that this one does not know
     */
    SnapshotHeader header() {
        SnapshotHeader header = SnapshotHeader.fromLine(line, "the item of snapshot " + name);
        if (!header.name().equals(name)) {
            throw new SnapshotCorruptException("The header in the item of snapshot " + name
                    + " is damaged: it is that of snapshot " + header.name());
        }
        return header;
    }

    boolean hasSaveId(String saveId) {
        return saveId().filter(saveId::equals).isPresent();
    }

    /** Empty where it cannot be read; also that of a kind which this version does not know. */
    Optional<String> saveId() {
        Matcher saveId = SAVE_ID.matcher(line);
        return saveId.find() ? Optional.of(saveId.group(1)) : Optional.empty();
    }
}
