package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * What TorchServe's own plugin saved in the same tables, which belongs to the group {@code default}: before Holdfast, or
 * after it, where an operator went back.
 *
 * <p>It is listed in months of its own, which come after all others: {@code -2026-11} is what the month {@code 2026-11} of
 * the index holds of TorchServe's. What TorchServe saved after Holdfast began is not listed, since it would have to be sought
 * among all of ours; it can be restored by its name. Of two tables it is all in {@link #SECTION}, for there is no index, and a list reads the whole table.
 */
final class TorchServeTables {

    /** What the months of TorchServe begin with, and the one that there is where there are two tables. */
    static final String SECTION = "-";

    /** When TorchServe came out. */
    private static final YearMonth FIRST = YearMonth.of(2020, 3);
    /** It went by local times: this much earlier than by UTC a month begins at its most eastern host. */
    private static final Duration EAST = Duration.ofHours(14);
    /** By this much its time may be behind that of UTC, at its most western host. */
    private static final Duration WEST = Duration.ofHours(12);

    private static final int SOME = 100;

    private final Requests requests;
    private final DdbOptions options;
    private final GroupKeys keys;
    private final Clock clock;

    TorchServeTables(Requests requests, DdbOptions options, GroupKeys keys, Clock clock) {
        this.requests = requests;
        this.options = options;
        this.keys = keys;
        this.clock = clock;
    }

    static boolean isSection(String month) {
        return month.startsWith(SECTION);
    }

    private boolean isIndexed() {
        return options.layout() == Layout.ONE_TABLE;
    }

    /**
     * The months in which it saved, where there is an index; for a group without a head.
     *
     * <p>One request reads them from the index where the index is small. Of a large one each month is asked for, so that
     * the cost has a bound, whatever else is in the table.
     */
    NavigableSet<String> months(Deadline deadline) {
        if (!keys.isDefault()) {
            return new TreeSet<>();
        }
        String what = "The months in which TorchServe saved could not be found";
        Requests.Page page = requests.someOfIndex(what, deadline);
        NavigableSet<String> months = new TreeSet<>();
        page.items()
                .forEach(item -> item.string(Item.MONTH)
                        .filter(GroupKeys::isMonth)
                        .ifPresent(month -> months.add(SECTION + month)));
        if (page.next().isPresent()) {
            months(FIRST)
                    .map(month -> SECTION + month)
                    .filter(section -> months.contains(section)
                            || !newest(what, section, 1, deadline).isEmpty())
                    .forEach(months::add);
        }
        return months;
    }

    /**
     * Whether it saved anything in two tables; for a group without a head. The second one is read until one is found, unless
     * Holdfast has saved there before.
     *
     * @param began the place of the first one that Holdfast took, where it took some: empty text where TorchServe had taken
     *     none before
     */
    boolean isInSecondTable(Optional<String> began, Deadline deadline) {
        return keys.isDefault()
                && (latest(deadline).isPresent()
                        || began.map(since -> !since.isEmpty()).orElseGet(() -> isAnyInSecondTable(deadline)));
    }

    private boolean isAnyInSecondTable(Deadline deadline) {
        String what = "Whether TorchServe saved anything could not be found out";
        Requests.Page page = requests.textsOfTorchServe(what, Optional.empty(), deadline);
        while (page.items().isEmpty() && page.next().isPresent()) {
            page = requests.textsOfTorchServe(what, page.next(), deadline);
        }
        return !page.items().isEmpty();
    }

    /** From the newest back to this one. */
    private Stream<YearMonth> months(YearMonth first) {
        YearMonth now = YearMonth.from(clock.instant().plus(EAST).atOffset(ZoneOffset.UTC));
        return Stream.iterate(now, month -> !month.isBefore(first), month -> month.minusMonths(1));
    }

    private List<Item> newest(String what, String section, int limit, Deadline deadline) {
        return requests.newestOf(what, hash(section), Optional.empty(), limit, deadline)
                .items();
    }

    static String hash(String section) {
        return section.substring(SECTION.length());
    }

    /** The one of {@code latest_snapshots}; empty where there is one table. */
    Optional<Snapshot> latest(Deadline deadline) {
        return isIndexed() || !keys.isDefault()
                ? Optional.empty()
                : requests.get(
                                "TorchServe's last snapshot could not be read",
                                options.latestTable(),
                                new ItemKey(TorchServeItem.LATEST, ""),
                                deadline)
                        .flatMap(TorchServeItem::readLatest);
    }

    /** The newest one that was taken after a time of ours, by the index or by the second table. */
    Optional<SnapshotHeader> newestAfter(Instant time, Deadline deadline) {
        return (isIndexed() ? newestInIndex(time, deadline) : latest(deadline).map(Snapshot::header))
                .filter(header -> header.createdOn().isAfter(time));
    }

    private Optional<SnapshotHeader> newestInIndex(Instant time, Deadline deadline) {
        String what = "What TorchServe saved last could not be looked up";
        return months(YearMonth.from(time.minus(WEST).atOffset(ZoneOffset.UTC)))
                .map(month -> newest(what, SECTION + month, SOME, deadline))
                .map(items -> items.stream()
                        .flatMap(item -> TorchServeItem.read(item.key().hash(), item).stream())
                        .map(Snapshot::header)
                        .max(Comparator.comparing(SnapshotHeader::createdOn)))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** One page of what is in the two tables; of the texts that pass by, only the headers made of them are kept. */
    MonthlyIndex.Page page(String what, Optional<Entry> after, int limit, Deadline deadline) {
        Comparator<Entry> newestFirst =
                Comparator.comparing(Entry::place).thenComparing(Entry::name).reversed();
        TreeSet<Entry> page = new TreeSet<>(newestFirst);
        boolean more = false;
        Optional<Map<String, AttributeValue>> next = Optional.empty();
        do {
            Requests.Page some = requests.textsOfTorchServe(what, next, deadline);
            for (Item item : some.items()) {
                Entry entry = MonthlyIndex.entryOfTorchServe(SECTION, item);
                if (after.isEmpty() || newestFirst.compare(entry, after.get()) > 0) {
                    page.add(entry);
                }
                if (page.size() > limit) {
                    page.pollLast();
                    more = true;
                }
            }
            next = some.next();
        } while (next.isPresent());
        return new MonthlyIndex.Page(List.copyOf(page), more ? Optional.of(page.last()) : Optional.empty());
    }
}
