package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Codec;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Gets snapshots: the last one by the head, any one by its name. */
final class SnapshotReader {

    private static final Logger log = LoggerFactory.getLogger(SnapshotReader.class);
    private static final int ENTRIES_AT_ONCE = 10;

    private final Requests requests;
    private final DdbOptions options;
    private final GroupKeys keys;
    private final MonthlyIndex catalogue;
    private final TorchServeTables torchServe;
    private final NewerTorchServeSnapshot latecomer;
    private final Function<String, Codec> codecs;
    private final AtomicBoolean toldOfLatest = new AtomicBoolean();

    SnapshotReader(
            Requests requests,
            DdbOptions options,
            GroupKeys keys,
            MonthlyIndex catalogue,
            TorchServeTables torchServe,
            Function<String, Codec> codecs) {
        this.requests = requests;
        this.options = options;
        this.keys = keys;
        this.catalogue = catalogue;
        this.torchServe = torchServe;
        this.latecomer = new NewerTorchServeSnapshot(torchServe, options, keys);
        this.codecs = codecs;
    }

    ItemKey headKey() {
        return new ItemKey(keys.head(), options.layout() == Layout.ONE_TABLE ? GroupKeys.HEAD_RANGE : "");
    }

    Optional<Head> head(String what, Deadline deadline) {
        return requests.get(what, options.latestTable(), headKey(), deadline)
                .map(item -> Head.read(keys.group(), item));
    }

    /** The head in the table; where there is none, one that stands for what TorchServe or a lost head left. */
    Head currentHead(String what, Deadline deadline) {
        Optional<Head> head = head(what, deadline);
        if (head.isPresent()) {
            return head.get();
        }
        MonthlyIndex.Whereabouts left = catalogue.find(deadline);
        boolean isIndexed = options.layout() == Layout.ONE_TABLE;
        // Two tables would have to be read whole for the places of TorchServe's, behind which ours need not stand
        // there.
        Optional<Entry> newest = newestEntry(isIndexed ? left.months() : MonthlyIndex.ours(left.months()), deadline);
        if (newest.isEmpty()) {
            return Head.none(isIndexed || left.months().isEmpty() ? -1 : 0, left.months(), "", left.since());
        }
        String place = newest.get().place();
        // By the place, which is whole also where the header is not: what is taken must not be taken again.
        return Head.none(Place.revision(place).orElse(0), left.months(), place, left.since());
    }

    Optional<Snapshot> last(Deadline deadline) {
        String what = "The last snapshot could not be read";
        Optional<Head> head = head(what, deadline);
        while (head.isPresent()) {
            Head read = head.get();
            if (read.last().isEmpty()) {
                return newestOf(read.months(), deadline);
            }
            try {
                Snapshot last = lastOf(read, deadline);
                latecomer.lookFor(read.last().get(), deadline);
                return Optional.of(last);
            } catch (SnapshotCorruptException e) {
                // Somebody may have removed it, or saved another, between the two reads.
                head = head(what, deadline);
                if (head.isPresent() && head.get().stamp().equals(read.stamp())) {
                    throw e;
                }
            }
        }
        return newestOf(catalogue.find(deadline).months(), deadline);
    }

    /** By one read of the head; empty where that does not say it. */
    Optional<String> lastSaveId(Deadline deadline) {
        return head("The last snapshot could not be read", deadline)
                .flatMap(Head::last)
                .flatMap(Stored::saveId);
    }

    /** By the head alone where the text is short; what is damaged there is taken from the snapshot's own items. */
    private Snapshot lastOf(Head head, Deadline deadline) {
        Stored last = head.last().orElseThrow();
        if (head.text().isPresent()) {
            try {
                return PackedText.unpack(last, head.text().get(), codecs);
            } catch (SnapshotCorruptException e) {
                Snapshot whole = ownOf(last, deadline);
                log.warn(
                        "The head item of group {} is damaged ({}); snapshot {} was read from its own items",
                        keys.group(),
                        e.getMessage(),
                        last.name());
                return whole;
            }
        }
        return ownOf(last, deadline);
    }

    private Snapshot ownOf(Stored last, Deadline deadline) {
        List<Item> items = items(last.name(), deadline);
        Stored stored = own(items).map(item -> Stored.read(last.name(), item)).orElse(last);
        return PackedText.unpack(stored, items, codecs);
    }

    private static Optional<Item> own(List<Item> items) {
        return items.stream()
                .filter(item -> !PackedText.isPart(item) && Stored.isOne(item))
                .findFirst();
    }

    /** Ours; else the one that TorchServe called its latest, or else its newest. */
    Optional<Snapshot> newestOf(NavigableSet<String> months, Deadline deadline) {
        return newest(MonthlyIndex.ours(months), deadline)
                .or(() -> torchServe.latest(deadline))
                .or(() -> newest(MonthlyIndex.torchServes(months), deadline).map(this::insteadOfTheLatest));
    }

    /** The newest by the time of TorchServe's hosts: in two tables their own word would be better. */
    private Snapshot insteadOfTheLatest(Snapshot newest) {
        if (options.layout() == Layout.TWO_TABLES && !toldOfLatest.getAndSet(true)) {
            log.warn(
                    "Table {} has no snapshot under {}, although TorchServe saved snapshots in {}: the newest of those by createdOn"
                            + " is taken, {}. To start from another one: --snapshot NAME",
                    options.latestTable(),
                    TorchServeItem.LATEST,
                    options.table(),
                    newest.header().name());
        }
        return newest;
    }

    private Optional<Snapshot> newest(NavigableSet<String> months, Deadline deadline) {
        String gone = "";
        while (true) {
            Optional<Entry> entry = newestEntry(months, gone, deadline);
            Optional<Snapshot> snapshot = entry.flatMap(one -> find(one.name(), deadline));
            if (entry.isEmpty() || snapshot.isPresent()) {
                return snapshot;
            }
            // Somebody has removed it between the two reads.
            gone = entry.get().name();
        }
    }

    Optional<Entry> newestEntry(NavigableSet<String> months, Deadline deadline) {
        return newestEntry(months, "", deadline);
    }

    /**
     * The newest entry whose snapshot is still there: the index may still have one that was removed a moment ago.
     *
     * @param except a name to pass over
     */
    Optional<Entry> newestEntry(NavigableSet<String> months, String except, Deadline deadline) {
        for (String month : months.descendingSet()) {
            Optional<Entry> after = Optional.empty();
            do {
                MonthlyIndex.Page page = catalogue.page(month, after, ENTRIES_AT_ONCE, deadline);
                for (Entry entry : page.entries()) {
                    if (!entry.name().equals(except)
                            && own(entry.name(), deadline)
                                    .filter(item -> TorchServeTables.isSection(month) != Stored.isOne(item))
                                    .isPresent()) {
                        return Optional.of(entry);
                    }
                }
                after = page.next();
            } while (after.isPresent());
        }
        return Optional.empty();
    }

    /** The snapshot's own item, without its text. */
    Optional<Item> own(String name, Deadline deadline) {
        return requests.first(what(name), keys.snapshot(name), PackedText.FIRST_PART, deadline)
                .filter(item ->
                        Stored.isOne(item) || TorchServeItem.read(name, item).isPresent());
    }

    /** All items under a name, parts included. */
    List<Item> items(String name, Deadline deadline) {
        return requests.all(what(name), keys.snapshot(name), deadline);
    }

    private static String what(String name) {
        return "Snapshot " + name + " could not be read";
    }

    Snapshot get(String name, Deadline deadline) {
        if (!SnapshotHeader.isName(name)) {
            throw SnapshotNotFoundException.of(name, options.table());
        }
        return find(name, deadline)
                .orElseThrow(
                        () -> SnapshotNotFoundException.of(name, "group " + keys.group() + " of " + options.table()));
    }

    private Optional<Snapshot> find(String name, Deadline deadline) {
        List<Item> items = items(name, deadline);
        Optional<Item> own = own(items);
        if (own.isPresent()) {
            try {
                return Optional.of(PackedText.unpack(Stored.read(name, own.get()), items, codecs));
            } catch (SnapshotCorruptException e) {
                ItemKey key = own.get().key();
                if (own(name, deadline).filter(now -> now.key().equals(key)).isPresent()) {
                    throw e;
                }
                // Somebody has removed it between two pages of its items.
                return find(name, deadline);
            }
        }
        return items.stream()
                .filter(item -> keys.isDefault())
                .flatMap(item -> TorchServeItem.read(name, item).stream())
                .findFirst()
                .or(() -> inLatest(name, deadline));
    }

    /** A snapshot that has no item of its own (yet), because the host died between the two. */
    private Optional<Snapshot> inLatest(String name, Deadline deadline) {
        Optional<Head> head = head(what(name), deadline);
        if (head.isPresent()) {
            return head.filter(one -> !one.finished() && one.isLast(name)).map(one -> lastOf(one, deadline));
        }
        return torchServe
                .latest(deadline)
                .filter(snapshot -> snapshot.header().name().equals(name));
    }
}
