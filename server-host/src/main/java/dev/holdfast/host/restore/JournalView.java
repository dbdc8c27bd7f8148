package dev.holdfast.host.restore;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.StoreHead;
import dev.holdfast.host.journal.DamagedFile;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.journal.Pin;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start sees in the journal. It changes nothing there, except that it marks as sent what the store turns out to have.
 */
final class JournalView {

    private static final Logger log = LoggerFactory.getLogger(JournalView.class);

    private final Journal journal;
    private final List<Entry> entries;
    private final Optional<HistoryPoint> waiting;
    private final Optional<HistoryPoint> base;
    private final Set<String> unreadable = new LinkedHashSet<>();

    JournalView(Journal journal) {
        this.journal = journal;
        this.entries = journal.pending();
        List<Entry> newestFirst = new ArrayList<>(entries);
        Collections.reverse(newestFirst);
        this.waiting =
                newestFirst.stream().flatMap(entry -> read(entry).stream()).findFirst();
        // If none of the waiting snapshots is readable, a copy is the best that there is to serve.
        this.base = entries.stream()
                .flatMap(entry -> read(entry).stream())
                .findFirst()
                .map(this::baseOf)
                .orElseGet(() -> copies().stream().findFirst());
    }

    /** The newest readable snapshot that waits for the store. */
    Optional<HistoryPoint> waiting() {
        return waiting;
    }

    /** The snapshot of the store that this host went on from, as its own disk has it. */
    Optional<HistoryPoint> base() {
        return base;
    }

    /** The losses in the journal, a sentence for each. */
    List<String> lost() {
        List<String> all = new ArrayList<>();
        for (DamagedFile file : journal.damaged()) {
            all.add(file.file() + ": " + file.reason());
        }
        all.addAll(unreadable);
        return all;
    }

    /** Keeps on this host what is nowhere else, and says so. */
    String keepAside(HistoryPoint point) {
        try {
            journal.setAside(point.snapshot());
            return "It is kept on this host under its name, " + point.name();
        } catch (JournalException e) {
            return "It cannot be kept on this host, and goes with the copies of its journal: " + e.getMessage();
        }
    }

    /** A snapshot that waits or was set aside, by its name. */
    Optional<Snapshot> named(String name) {
        for (Entry entry : entries) {
            if (entry.header().name().equals(name)) {
                return Optional.of(journal.read(entry));
            }
        }
        return journal.aside().stream().anyMatch(header -> header.name().equals(name))
                ? Optional.of(journal.aside(name))
                : Optional.empty();
    }

    /** The newest snapshot here that a host of this name took. */
    Optional<HistoryPoint> newestOf(String host) {
        return waiting.filter(point -> point.header().host().equals(host))
                .or(() -> copies().stream()
                        .filter(point -> point.header().host().equals(host))
                        .findFirst())
                .or(() -> pinned(Pin.OURS));
    }

    private Optional<HistoryPoint> read(Entry entry) {
        try {
            return Optional.of(HistoryPoint.of(journal.read(entry)));
        } catch (SnapshotStoreException e) {
            unreadable.add("what waits as " + entry.header().name() + " cannot be read: " + e.getMessage());
            return Optional.empty();
        }
    }

    private List<HistoryPoint> copies() {
        List<HistoryPoint> copies = new ArrayList<>();
        for (Snapshot copy : journal.copies()) {
            try {
                copies.add(HistoryPoint.of(copy));
            } catch (SnapshotStoreException e) {
                log.warn("A copy in the journal is passed over: {}", e.getMessage());
            }
        }
        return copies;
    }

    /**
     * Found by the predecessor that the first waiting snapshot names (an older host's names only a revision). If that snapshot
     * was dropped by the journal's bound or is damaged, the base that was pinned when the first began to wait.
     */
    private Optional<HistoryPoint> baseOf(HistoryPoint first) {
        Optional<HistoryPoint> pinned = pinned(Pin.BASE);
        List<HistoryPoint> candidates = new ArrayList<>(copies());
        pinned.ifPresent(candidates::add);
        return candidates.stream()
                .filter(candidate -> isFollowedBy(candidate.header(), first.header()))
                .findFirst()
                .or(() -> pinned.filter(base -> leadsTo(base.header(), first.header())));
    }

    private static boolean isFollowedBy(SnapshotHeader candidate, SnapshotHeader first) {
        return first.follows().isPresent()
                ? candidate.saveId().equals(first.follows().get())
                : first.state().isEmpty() && candidate.revision() == first.revision() - 1;
    }

    private static boolean leadsTo(SnapshotHeader base, SnapshotHeader first) {
        return base.revision() < first.revision()
                && first.history()
                        .filter(base.history().orElse(base.saveId())::equals)
                        .isPresent();
    }

    private Optional<HistoryPoint> pinned(Pin role) {
        try {
            return journal.pinned(role).map(HistoryPoint::of);
        } catch (SnapshotStoreException e) {
            log.warn("What the journal keeps as {} cannot be read: {}", role, e.getMessage());
            return Optional.empty();
        }
    }

    /** Whether the head is a snapshot that waits here, or the same state at another place. */
    boolean isHead(Optional<HistoryPoint> head, HistoryPoint point) {
        return head.filter(last -> last.isSame(point)
                        || last.header()
                                .origin()
                                .filter(point.header().saveId()::equals)
                                .isPresent())
                .isPresent();
    }

    /** The newest waiting snapshot that the store has already; the reply to its save may have been lost. */
    Optional<HistoryPoint> sent(SnapshotSerializer store, Optional<HistoryPoint> head) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            SnapshotHeader header = entries.get(i).header();
            if (head.filter(last -> last.isSave(header)).isPresent()) {
                return head;
            }
        }
        return entries.isEmpty() || !StoreHead.has(store, entries.get(0).header())
                ? Optional.empty()
                : read(entries.get(0));
    }

    /** Notes that the store has all readable snapshots that waited here; its newest is what this host restores. */
    void sentAll(HistoryPoint head) {
        entries.stream().filter(entry -> read(entry).isPresent()).forEach(journal::passed);
        journal.copy(head.snapshot());
    }
}
