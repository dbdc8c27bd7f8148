package dev.holdfast.plugin.ddb;

import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists the headers of a group, month by month of those that the head names, newest first, and then TorchServe's.
 *
 * <p>The index may lag behind the table for a moment; the head does not, so the last snapshot is always listed, and none
 * before it that was removed. Filters are applied here, so a page of a narrow filter may be empty and still name a next
 * one.
 */
final class SnapshotLister {

    private static final Logger log = LoggerFactory.getLogger(SnapshotLister.class);
    private static final int MOST_QUERIES = 10;
    /** By this much the time of a place may lie before the time of what stands there: TorchServe wrote local times. */
    private static final Duration ZONES = Duration.ofDays(1);

    private final SnapshotReader reader;
    private final MonthlyIndex catalogue;

    SnapshotLister(SnapshotReader reader, MonthlyIndex catalogue) {
        this.reader = reader;
        this.catalogue = catalogue;
    }

    SnapshotPage list(ListRequest request, Deadline deadline) {
        Optional<Entry> after = request.pageToken().map(Entry::fromToken);
        Optional<Head> head = head(deadline);
        MonthlyIndex.Whereabouts where =
                head.map(MonthlyIndex.Whereabouts::of).orElseGet(() -> catalogue.find(deadline));
        Optional<String> newest = head.map(one -> one.last().map(Stored::place).orElse(""));
        List<Entry> found = new ArrayList<>();
        if (after.isEmpty()) {
            head.flatMap(SnapshotLister::last).ifPresent(found::add);
        }
        return page(request, found, new Walk(where, after, newest), deadline);
    }

    /** Empty also where it cannot be read: then the list is what shows the way to the snapshots. */
    private Optional<Head> head(Deadline deadline) {
        try {
            return reader.head("The snapshots could not be listed", deadline);
        } catch (SnapshotUnreadableException e) {
            log.warn("{}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Optional<Entry> last(Head head) {
        try {
            return head.last()
                    .map(last -> new Entry(
                            Place.month(last.place()), last.name(), last.place(), Optional.of(last.header())));
        } catch (SnapshotUnreadableException e) {
            // A header that cannot be read is not listed.
            return Optional.empty();
        }
    }

    /** The way through the months. */
    private final class Walk {

        private final List<String> months;
        private final Optional<String> newest;
        private final String since;
        private Optional<Entry> after;

        /** @param newest the place of the last one; what the index has beyond it was removed */
        Walk(MonthlyIndex.Whereabouts where, Optional<Entry> after, Optional<String> newest) {
            this.months = new ArrayList<>(where.months().descendingSet());
            this.since = where.since();
            this.after = after;
            this.newest = newest;
            after.ifPresent(entry -> months.removeIf(month -> month.compareTo(entry.month()) > 0));
        }

        boolean isOver() {
            return months.isEmpty();
        }

        List<Entry> next(int limit, Deadline deadline) {
            String month = months.get(0);
            Optional<Entry> from = after.filter(entry -> entry.month().equals(month));
            if (from.isEmpty() && isMonthOfOurFirst(month)) {
                from = Optional.of(MonthlyIndex.before(month, since));
            }
            MonthlyIndex.Page page = catalogue.page(month, from, limit, deadline);
            after = page.next();
            if (after.isEmpty()) {
                months.remove(0);
            }
            return page.entries();
        }

        private boolean isMonthOfOurFirst(String month) {
            return !since.isEmpty() && month.equals(TorchServeTables.SECTION + Place.month(since));
        }

        boolean isThere(Entry entry) {
            if (TorchServeTables.isSection(entry.month())) {
                // Its places are of local times: of a few hours only the header knows whether they come before ours.
                return since.isEmpty()
                        || entry.header()
                                .filter(header -> header.createdOn().isAfter(Place.time(since)))
                                .isEmpty();
            }
            return newest.filter(place -> entry.place().compareTo(place) > 0).isEmpty();
        }

        /** Goes on with TorchServe's, or ends if it has come to them. */
        void leave(Entry entry) {
            boolean torchServes = TorchServeTables.isSection(entry.month());
            months.removeIf(month -> TorchServeTables.isSection(month) == torchServes);
            after = Optional.empty();
        }
    }

    private static SnapshotPage page(ListRequest request, List<Entry> found, Walk walk, Deadline deadline) {
        List<Entry> wanted = new ArrayList<>(found.stream()
                .filter(entry -> entry.header().filter(request::accepts).isPresent())
                .toList());
        Optional<Entry> lookedAt = Optional.empty();
        int queries = 0;
        while (wanted.size() <= request.limit() && !walk.isOver() && queries < MOST_QUERIES) {
            List<Entry> entries = walk.next(request.limit() + 1 - wanted.size() + found.size(), deadline);
            // Months that hold nothing are few, and give no place to go on from.
            queries += entries.isEmpty() ? 0 : 1;
            for (Entry entry : entries) {
                lookedAt = Optional.of(entry);
                if (isBefore(entry, request.from())) {
                    walk.leave(entry);
                    break;
                }
                boolean known = found.stream().anyMatch(one -> one.place().equals(entry.place()));
                if (!known
                        && walk.isThere(entry)
                        && entry.header().filter(request::accepts).isPresent()) {
                    wanted.add(entry);
                }
            }
        }
        if (wanted.size() > request.limit()) {
            List<Entry> page = wanted.subList(0, request.limit());
            return SnapshotPage.of(headers(page), page.get(page.size() - 1).toToken());
        }
        return walk.isOver() || lookedAt.isEmpty()
                ? SnapshotPage.last(headers(wanted))
                : SnapshotPage.of(headers(wanted), lookedAt.get().toToken());
    }

    /** Whether everything from here on was created before the time, up to TorchServe's: places never go back. */
    private static boolean isBefore(Entry entry, Optional<Instant> from) {
        return from.isPresent() && Place.time(entry.place()).isBefore(from.get().minus(ZONES));
    }

    private static List<SnapshotHeader> headers(List<Entry> entries) {
        return entries.stream().flatMap(entry -> entry.header().stream()).toList();
    }
}
