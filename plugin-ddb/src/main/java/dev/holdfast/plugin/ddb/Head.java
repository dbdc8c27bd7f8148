package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.SnapshotCorruptException;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.UUID;

/**
 * The one item of a group that every save replaces: which revision is taken, and the last snapshot itself.
 *
 * <p>It has no {@code createdOnMonth} and so is not in the index.
 *
 * @param revision the highest one that was ever taken; removing a snapshot does not make it free
 * @param stamp random at every change of the head; a write is conditioned on the stamp that it replaces
 * @param months those that hold snapshots, so that a list asks for no others
 * @param place of the last one that was taken; the next goes behind it
 * @param since the place of the first one that Holdfast took, where TorchServe had taken some before; else empty
 * @param last empty where all were removed, or the last one is TorchServe's
 * @param text of the last snapshot as it is stored, where it is short
 * @param finished false where the last snapshot may have no item of its own yet, because the head was published without a
 *     transaction
 * @param count of the snapshots that Holdfast saved and that are there; empty where it is not known, because an older
 *     version or one without transactions wrote the head
 */
record Head(
        long revision,
        String stamp,
        NavigableSet<String> months,
        String place,
        String since,
        Optional<Stored> last,
        Optional<byte[]> text,
        boolean finished,
        OptionalLong count) {

    private static final String REVISION = "revision";
    static final String STAMP = "stamp";
    private static final String MONTHS = "months";
    private static final String PLACE = "place";
    static final String SINCE = "since";
    private static final String LAST_NAME = "lastName";
    private static final String LAST_PLACE = "lastPlace";
    private static final String TEXT = "text";
    private static final String PUBLISHED_BY = "publishedBy";
    private static final String COUNT = "count";

    /** Before the first save, or where the head was lost; with what TorchServe or that head left. */
    static Head none(long revision, NavigableSet<String> months, String place, String since) {
        // Where no month of ours is known, none was ever saved: those are written with the first save of each.
        OptionalLong count = MonthlyIndex.ours(months).isEmpty() ? OptionalLong.of(0) : OptionalLong.empty();
        return new Head(revision, "", months, place, since, Optional.empty(), Optional.empty(), true, count);
    }

    boolean isAbsent() {
        return stamp.isEmpty();
    }

    static Head read(String group, Item item) {
        Stored.requireKnownFormat("The head item of group " + group, item);
        long revision = item.number(REVISION).orElseThrow(() -> damaged(group, item, REVISION));
        String stamp =
                item.string(STAMP).filter(value -> !value.isEmpty()).orElseThrow(() -> damaged(group, item, STAMP));
        Optional<Stored> last = item.string(LAST_NAME)
                .map(name -> Stored.read(
                        name,
                        Item.of(item.attributes())
                                .copyTo(new ItemKey(
                                        name, item.string(LAST_PLACE).orElse("?")))));
        return new Head(
                revision,
                stamp,
                item.strings(MONTHS),
                item.string(PLACE).orElse(""),
                item.string(SINCE).orElse(""),
                last,
                item.bytes(TEXT),
                !item.string(PUBLISHED_BY).orElse("").equals("head"),
                item.number(COUNT));
    }

    private static SnapshotCorruptException damaged(String group, Item item, String attribute) {
        return new SnapshotCorruptException("The head item of group " + group + " (" + Item.NAME + " = "
                + item.key().hash() + ") is damaged: it has no valid attribute " + attribute
                + ". Put it right, or delete that item: the plugin makes it anew from the snapshots");
    }

    /** The head after a save. */
    Head after(Stored saved, long savedRevision, Optional<byte[]> savedText, boolean byTransaction) {
        NavigableSet<String> all = new TreeSet<>(months);
        all.add(Place.month(saved.place()));
        return new Head(
                savedRevision,
                UUID.randomUUID().toString(),
                all,
                saved.place(),
                isAbsent()
                                && since.isEmpty()
                                && !MonthlyIndex.torchServes(months).isEmpty()
                        ? saved.place()
                        : since,
                Optional.of(saved),
                savedText,
                byTransaction,
                byTransaction ? plus(1) : OptionalLong.empty());
    }

    /** Unknown where it would come out below none: then it was not right. */
    private OptionalLong plus(long more) {
        return count.isEmpty() || count.getAsLong() + more < 0
                ? OptionalLong.empty()
                : OptionalLong.of(count.getAsLong() + more);
    }

    /** The head after the last snapshot was removed. */
    Head withLast(Optional<Stored> other) {
        return new Head(
                revision, UUID.randomUUID().toString(), months, place, since, other, Optional.empty(), true, count);
    }

    /** The head after the snapshot before the last one was removed. */
    Head withPrevious(String previous) {
        return new Head(
                revision,
                UUID.randomUUID().toString(),
                months,
                place,
                since,
                last.map(stored -> stored.withPrevious(previous)),
                text,
                finished,
                count);
    }

    /** The head after a snapshot was removed of which it says nothing but that it was counted. */
    Head withNewStamp() {
        return new Head(revision, UUID.randomUUID().toString(), months, place, since, last, text, finished, count);
    }

    /** The same head with one snapshot less. */
    Head withOneLess() {
        return withCount(plus(-1));
    }

    Head asFinished() {
        return withCount(count, true);
    }

    /** The same head with what is known of the number of snapshots. */
    Head withCount(OptionalLong known) {
        return withCount(known, finished);
    }

    private Head withCount(OptionalLong known, boolean nowFinished) {
        return new Head(revision, stamp, months, place, since, last, text, nowFinished, known);
    }

    /** That of the last snapshot; empty where it cannot be read, or there is none here. */
    Optional<String> lastSaveId() {
        return last.flatMap(Stored::saveId);
    }

    boolean isSave(String saveId) {
        return last.isPresent() && last.get().hasSaveId(saveId);
    }

    boolean isLast(String name) {
        return last.isPresent() && last.get().name().equals(name);
    }

    Item item(ItemKey key) {
        Item item = Item.at(key);
        last.ifPresent(stored ->
                stored.into(item, revision).with(LAST_NAME, stored.name()).with(LAST_PLACE, stored.place()));
        text.ifPresent(bytes -> item.with(TEXT, bytes));
        if (!since.isEmpty()) {
            item.with(SINCE, since);
        }
        count.ifPresent(number -> item.with(COUNT, number));
        return item.with("format", Stored.FORMAT)
                .with(REVISION, revision)
                .with(STAMP, stamp)
                .with(MONTHS, months)
                .with(PLACE, place)
                .with(PUBLISHED_BY, finished ? "transaction" : "head");
    }
}
