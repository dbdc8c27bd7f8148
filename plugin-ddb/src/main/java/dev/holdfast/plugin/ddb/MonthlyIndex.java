package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The snapshots of a group month by month, newest first, and TorchServe's after all of them.
 *
 * <p>With one table this is the index, which DynamoDB keeps, a moment behind the table. A month of it holds ours and, in the
 * group {@code default}, TorchServe's; an entry of the other kind has no header. With two tables it is an item for
 * each snapshot under {@link GroupKeys#monthsList}, which a save writes; what TorchServe saved there has none. See
 * {@link TorchServeTables} for its months.
 */
final class MonthlyIndex {

    private static final String NAME = "name";
    private static final String MONTHS = "months";

    private final Requests requests;
    private final DdbOptions options;
    private final GroupKeys keys;
    private final TorchServeTables torchServe;

    MonthlyIndex(Requests requests, DdbOptions options, GroupKeys keys, TorchServeTables torchServe) {
        this.requests = requests;
        this.options = options;
        this.keys = keys;
        this.torchServe = torchServe;
    }

    /** Those of the months that hold what Holdfast saved. */
    static NavigableSet<String> ours(NavigableSet<String> months) {
        return months.tailSet("0", true);
    }

    /** Those that hold what TorchServe saved. */
    static NavigableSet<String> torchServes(NavigableSet<String> months) {
        return months.headSet("0", false);
    }

    private boolean isIndexed() {
        return options.layout() == Layout.ONE_TABLE;
    }

    /** Some entries, and the last one that was looked at where there may be more in this month. */
    record Page(List<Entry> entries, Optional<Entry> next) {}

    /** The item that a save writes beside the snapshot's own, or changes in it, so that it is found here. */
    Optional<Item> entry(Item own, Stored stored) {
        String month = Place.month(stored.place());
        if (isIndexed()) {
            own.with(Item.MONTH, keys.month(month));
            return Optional.empty();
        }
        return Optional.of(own.copyTo(entryKey(stored)).with(NAME, stored.name()));
    }

    /** Where the entry of a snapshot is, where it has one. */
    Optional<ItemKey> separateEntry(Stored stored) {
        return isIndexed() ? Optional.empty() : Optional.of(entryKey(stored));
    }

    private ItemKey entryKey(Stored stored) {
        return new ItemKey(keys.monthsList(Place.month(stored.place())), stored.place());
    }

    /**
     * One page of a month.
     *
     * @param after the entry to go on behind; empty for the newest
     */
    Page page(String month, Optional<Entry> after, int limit, Deadline deadline) {
        String what = "The snapshots of " + month + " could not be listed";
        if (month.equals(TorchServeTables.SECTION)) {
            return torchServe.page("TorchServe's snapshots could not be listed", after, limit, deadline);
        }
        String hash = hash(month);
        Requests.Page page = requests.newestOf(what, hash, after.map(entry -> key(hash, entry)), limit, deadline);
        List<Entry> entries =
                page.items().stream().map(item -> entryOf(month, item)).toList();
        return new Page(
                entries,
                page.next().isPresent() && !entries.isEmpty()
                        ? Optional.of(entries.get(entries.size() - 1))
                        : Optional.empty());
    }

    private String hash(String month) {
        if (TorchServeTables.isSection(month)) {
            return TorchServeTables.hash(month);
        }
        return isIndexed() ? keys.month(month) : keys.monthsList(month);
    }

    private Map<String, AttributeValue> key(String hash, Entry entry) {
        return isIndexed()
                ? Map.of(
                        Item.MONTH, AttributeValue.fromS(hash),
                        Item.CREATED_ON, AttributeValue.fromS(entry.place()),
                        Item.NAME, AttributeValue.fromS(keys.snapshot(entry.name())))
                : new ItemKey(hash, entry.place()).attributes();
    }

    private Entry entryOf(String month, Item item) {
        String name = item.string(NAME)
                .or(() -> keys.nameOf(item.key().hash()))
                .orElse(item.key().hash());
        boolean isOfThisKind = TorchServeTables.isSection(month) != Stored.isOne(item);
        return new Entry(month, name, item.key().range(), isOfThisKind ? header(name, item) : Optional.empty());
    }

    /** Of the group {@code default}, whose hashes are the names. */
    static Entry entryOfTorchServe(String month, Item item) {
        String name = item.key().hash();
        return new Entry(month, name, item.key().range(), header(name, item));
    }

    private static Optional<SnapshotHeader> header(String name, Item item) {
        if (!Stored.isOne(item)) {
            return TorchServeItem.read(name, item).map(Snapshot::header);
        }
        try {
            return Optional.of(Stored.read(name, item).header());
        } catch (SnapshotUnreadableException e) {
            return Optional.empty();
        }
    }

    /** The item that says which months hold snapshots of ours, where a save adds one. */
    Optional<Item> monthsItem(Head before, Head after) {
        NavigableSet<String> months = ours(after.months());
        return months.equals(ours(before.months()))
                ? Optional.empty()
                : Optional.of(Item.at(keys.months()).with(MONTHS, months).with(Head.SINCE, after.since()));
    }

    /**
     * Where the snapshots of a group without a head are.
     *
     * @param months those that hold something of this group
     * @param since the place of the first one that Holdfast took, where TorchServe had taken some before; else empty
     */
    record Whereabouts(NavigableSet<String> months, String since) {

        static Whereabouts of(Head head) {
            return new Whereabouts(head.months(), head.since());
        }
    }

    Whereabouts find(Deadline deadline) {
        String what = "The months that hold snapshots could not be found";
        NavigableSet<String> months = isIndexed() ? torchServe.months(deadline) : new TreeSet<>();
        Optional<Item> known = requests.get(what, options.table(), keys.months(), deadline);
        Optional<String> began = known.map(item -> item.string(Head.SINCE).orElse(""));
        if (!isIndexed() && torchServe.isInSecondTable(began, deadline)) {
            months.add(TorchServeTables.SECTION);
        }
        known.ifPresent(item -> months.addAll(item.strings(MONTHS)));
        String since = began.orElse("");
        if (isIndexed() && known.isPresent()) {
            // A month after that of our first, or any where TorchServe had saved nothing before it, holds ours alone.
            String last = since.isEmpty() ? "" : TorchServeTables.SECTION + Place.month(since);
            months.removeIf(month -> TorchServeTables.isSection(month) && month.compareTo(last) > 0);
        }
        return new Whereabouts(months, since);
    }

    /** Where a list of TorchServe's snapshots begins that leaves out what it saved after our first one. */
    static Entry before(String section, String since) {
        return new Entry(section, "since", since, Optional.empty());
    }
}
