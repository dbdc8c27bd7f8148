package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotFormatTooNewException;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * The snapshots of a group month by month, newest first.
 *
 * <p>With one table this is the index, which DynamoDB keeps, a moment behind the table. With two tables it is an item for
 * each snapshot under {@link GroupKeys#monthsList}, which a save writes; what TorchServe saved there has none and is
 * found by reading the whole table, under the month {@link #TORCHSERVE}.
 */
final class Catalogue {

    /** Comes after all months. */
    static final String TORCHSERVE = "0000-00";

    private static final String NAME = "name";

    private final Requests requests;
    private final Layout layout;
    private final GroupKeys keys;

    Catalogue(Requests requests, Layout layout, GroupKeys keys) {
        this.requests = requests;
        this.layout = layout;
        this.keys = keys;
    }

    /** Some entries, and the last one that was looked at where there may be more in this month. */
    record Page(List<Entry> entries, Optional<Entry> next) {}

    /** The item that a save writes beside the snapshot's own, or changes in it, so that it is found here. */
    Optional<Item> entry(Item own, Stored stored) {
        String month = Place.month(stored.place());
        if (layout == Layout.ONE_TABLE) {
            own.with(Item.MONTH, keys.month(month));
            return Optional.empty();
        }
        return Optional.of(own.copyTo(entryKey(stored)).with(NAME, stored.name()));
    }

    /** Where the entry of a snapshot is, where it has one. */
    Optional<ItemKey> separateEntry(Stored stored) {
        return layout == Layout.ONE_TABLE ? Optional.empty() : Optional.of(entryKey(stored));
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
        if (month.equals(TORCHSERVE)) {
            return pageOfTorchServe(what, after, limit, deadline);
        }
        String hash = layout == Layout.ONE_TABLE ? keys.month(month) : keys.monthsList(month);
        Requests.Page page = requests.newestOf(what, hash, after.map(entry -> key(hash, entry)), limit, deadline);
        List<Entry> entries =
                page.items().stream().map(item -> entryOf(month, item)).toList();
        return new Page(
                entries,
                page.next().isPresent() && !entries.isEmpty()
                        ? Optional.of(entries.get(entries.size() - 1))
                        : Optional.empty());
    }

    private Map<String, AttributeValue> key(String hash, Entry entry) {
        return layout == Layout.ONE_TABLE
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
        return new Entry(month, name, item.key().range(), header(name, item));
    }

    private static Optional<SnapshotHeader> header(String name, Item item) {
        if (!Stored.isOne(item)) {
            return TorchServeItem.read(name, item).map(Snapshot::header);
        }
        try {
            return Optional.of(Stored.read(name, item).header());
        } catch (SnapshotCorruptException | SnapshotFormatTooNewException e) {
            return Optional.empty();
        }
    }

    private Page pageOfTorchServe(String what, Optional<Entry> after, int limit, Deadline deadline) {
        Comparator<Entry> newestFirst =
                Comparator.comparing(Entry::place).thenComparing(Entry::name).reversed();
        List<Entry> rest = torchServe(what, deadline).stream()
                .sorted(newestFirst)
                .filter(entry -> after.isEmpty() || newestFirst.compare(entry, after.get()) > 0)
                .toList();
        List<Entry> page = rest.subList(0, Math.min(limit, rest.size()));
        return new Page(page, page.size() < rest.size() ? Optional.of(page.get(page.size() - 1)) : Optional.empty());
    }

    private List<Entry> torchServe(String what, Deadline deadline) {
        List<Entry> entries = new ArrayList<>();
        for (Item item : scan(what, deadline)) {
            if (item.has(TorchServeItem.TEXT)) {
                entries.add(entryOf(TORCHSERVE, item));
            }
        }
        return entries;
    }

    /** The months that hold something of this group, by reading the whole index; for a group without a head. */
    NavigableSet<String> find(Deadline deadline) {
        NavigableSet<String> months = new TreeSet<>();
        String what = "The months that hold snapshots could not be found";
        for (Item item : scan(what, deadline)) {
            if (layout == Layout.ONE_TABLE) {
                item.string(Item.MONTH).flatMap(keys::monthOf).ifPresent(months::add);
            } else if (keys.isDefault() && item.has(TorchServeItem.TEXT)) {
                months.add(TORCHSERVE);
            } else {
                keys.monthOfList(item.key().hash()).ifPresent(months::add);
            }
        }
        return months;
    }

    private List<Item> scan(String what, Deadline deadline) {
        List<Item> items = new ArrayList<>();
        Optional<Map<String, AttributeValue>> next = Optional.empty();
        do {
            Requests.Page page = requests.scan(what, next, deadline);
            items.addAll(page.items());
            next = page.next();
        } while (next.isPresent());
        return items;
    }
}
