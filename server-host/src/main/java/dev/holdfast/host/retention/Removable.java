package dev.holdfast.host.retention;

import dev.holdfast.host.snapshot.KeepMark;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The snapshots of a group that nothing keeps: neither the rule nor an operator's name nor a pin, and that are not the last
 * one.
 *
 * <p>Their order is that of their revisions; their times say which day they are of and how old, nothing else.
 */
public final class Removable {

    /** A bound, so that a round does not take long; the next round goes on. */
    static final int MOST = 1000;

    private final int most;
    private final RetentionRule rule;
    private final Set<String> pinned;
    private final SnapshotHeader last;
    private final Instant keptFrom;
    private final LocalDate firstDay;
    private final Set<LocalDate> days = new HashSet<>();
    private final Deque<SnapshotHeader> oldest = new ArrayDeque<>();
    private int seen;
    private long count;
    private long bytes;
    private Instant from = Instant.MAX;
    private Instant to = Instant.MIN;

    private Removable(RetentionRule rule, Set<String> pinned, SnapshotHeader last, Instant now, int most) {
        this.most = most;
        this.rule = rule;
        this.pinned = new HashSet<>(pinned);
        this.last = last;
        this.keptFrom = rule.age().isZero() ? Instant.MAX : now.minus(rule.age());
        this.firstDay = day(now).minusDays(rule.daily());
    }

    /**
     * Looks through the group.
     *
     * @param pinned names and save-ids
     * @return empty if there is none
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails, or the last snapshot cannot be read: an older one
     *     may be all that there is
     */
    static Optional<Removable> find(RetentionRule rule, SnapshotSerializer store, Set<String> pinned, Instant now) {
        Optional<Snapshot> last = store.getLast();
        if (last.isEmpty()) {
            return Optional.empty();
        }
        return find(
                rule,
                last.get().header(),
                SnapshotPage.all(store, ListRequest.firstPage(ListRequest.MOST)),
                pinned,
                now,
                MOST);
    }

    /**
     * Looks through headers.
     *
     * @param last that of the group's last snapshot
     * @param newestFirst all of the group's, the highest revision first
     * @param pinned names and save-ids
     * @param most how many {@link #oldest} gives
     * @return empty if there is none
     */
    public static Optional<Removable> find(
            RetentionRule rule,
            SnapshotHeader last,
            Stream<SnapshotHeader> newestFirst,
            Set<String> pinned,
            Instant now,
            int most) {
        Removable found = new Removable(rule, pinned, last, now, most);
        newestFirst.forEach(found::look);
        return Optional.of(found).filter(some -> some.count > 0);
    }

    private void look(SnapshotHeader header) {
        // A mark is newer than what it keeps, so it is met first.
        KeepMark.kept(header).ifPresent(pinned::add);
        boolean newest = seen++ < rule.newest();
        boolean lastOfItsDay = isLastOfItsDay(header);
        if (newest
                || lastOfItsDay
                || !header.createdOn().isBefore(keptFrom)
                || header.kind() == SnapshotKind.SAVE
                || isPinned(header, pinned)
                || isLast(header)) {
            return;
        }
        count++;
        bytes += header.size();
        from = header.createdOn().isBefore(from) ? header.createdOn() : from;
        to = header.createdOn().isAfter(to) ? header.createdOn() : to;
        oldest.addFirst(header);
        if (oldest.size() > most) {
            oldest.removeLast();
        }
    }

    /**
     * Must be asked of each one in turn from the newest: the first of a day is that day's last. An operator's save does not
     * count, since it can be deleted.
     */
    private boolean isLastOfItsDay(SnapshotHeader header) {
        LocalDate day = day(header.createdOn());
        return rule.daily() > 0 && header.kind() != SnapshotKind.SAVE && !day.isBefore(firstDay) && days.add(day);
    }

    /** A snapshot that was saved after the last one was asked for counts as newer, whatever its clock said. */
    private boolean isLast(SnapshotHeader header) {
        return header.name().equals(last.name()) || header.revision() > last.revision();
    }

    static boolean isPinned(SnapshotHeader header, Set<String> pinned) {
        return pinned.contains(header.name()) || pinned.contains(header.saveId());
    }

    private static LocalDate day(Instant time) {
        return time.atOffset(ZoneOffset.UTC).toLocalDate();
    }

    /** How large the texts of all of them are together. */
    public long bytes() {
        return bytes;
    }

    /** The oldest of them, the oldest first, so that a round that is cut short leaves no gaps. */
    public List<SnapshotHeader> oldest() {
        return List.copyOf(oldest);
    }

    /** The highest revision among the oldest. */
    long highestRevision() {
        return oldest.stream().mapToLong(SnapshotHeader::revision).max().orElse(0);
    }

    /** How many, and of which days: {@code 12 snapshots, of 2026-01-02 to 2026-03-04}. */
    @Override
    public String toString() {
        return count
                + (count == 1 ? " snapshot, of " : " snapshots, of ")
                + day(from)
                + (day(from).equals(day(to)) ? "" : " to " + day(to));
    }
}
