package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.history.Look;
import dev.holdfast.host.history.Place;
import dev.holdfast.host.history.StoreHead;
import dev.holdfast.host.journal.Entry;
import dev.holdfast.host.journal.Journal;
import dev.holdfast.host.journal.JournalException;
import dev.holdfast.host.journal.Pin;
import dev.holdfast.host.keeper.StoreStatus.Divergence;
import dev.holdfast.host.keeper.StoreStatus.Side;
import dev.holdfast.host.serving.ServingState;
import dev.holdfast.host.serving.StateDifferences;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotConflictException;
import dev.holdfast.sdk.SnapshotCorruptException;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotKind;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotStoreException;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The snapshots that wait in the journal, and their delivery to the store: in order, byte for byte where they still follow
 * the store's newest, else with the same state at the next place. Used by the keeper's thread alone.
 */
final class PendingDelivery {

    private static final Logger log = LoggerFactory.getLogger(PendingDelivery.class);

    /** How often what waits is offered in another form to a store that refuses it, before it waits on. */
    private static final int MOST_REFUSALS = 16;

    private final SnapshotSerializer store;
    private final Journal journal;
    private final NextSnapshot next;
    private final String storeName;
    private final String host;
    private final Clock clock;
    /** The newest that waits and can be read. */
    private Optional<HistoryPoint> newest;

    private Optional<SnapshotHeader> pinnedBase = Optional.empty();
    private Optional<SnapshotHeader> pinnedTheirs = Optional.empty();

    PendingDelivery(SnapshotSerializer store, Journal journal, NextSnapshot next, KeeperOptions options, Clock clock) {
        this.store = store;
        this.journal = journal;
        this.next = next;
        this.storeName = options.store();
        this.host = options.host();
        this.clock = clock;
        this.newest = newest(journal);
    }

    /** The newest that waits and can be read; unreadable ones are logged. */
    static Optional<HistoryPoint> newest(Journal journal) {
        List<Entry> entries = journal.pending();
        for (int i = entries.size() - 1; i >= 0; i--) {
            try {
                return Optional.of(HistoryPoint.of(journal.read(entries.get(i))));
            } catch (SnapshotStoreException e) {
                log.error("{}; taking the one before it", e.getMessage());
            }
        }
        return Optional.empty();
    }

    Optional<HistoryPoint> newest() {
        return newest;
    }

    boolean isEmpty() {
        return journal.pending().isEmpty();
    }

    int count() {
        return journal.pending().size();
    }

    boolean has(String name) {
        return journal.pending().stream()
                .anyMatch(entry -> entry.header().name().equals(name));
    }

    List<String> aside() {
        return journal.aside().stream().map(SnapshotHeader::name).toList();
    }

    /** Whether the journal's directories and the newest that waits are there, which costs the same however much waits. */
    boolean isThere() {
        return journal.isThere();
    }

    /**
     * Nothing to require of a journal that could not be opened: the host began without it, and has said so.
     *
     * @throws JournalException if the journal could be opened and nothing can be written there now
     */
    void requireWritableJournal() {
        if (journal.isUsable()) {
            journal.requireWritable();
        }
    }

    /** Makes the journal's directories anew if somebody removed them under the running host, and says whether so. */
    boolean mend() {
        boolean removed = journal.mend();
        if (removed) {
            pinnedBase = Optional.empty();
            pinnedTheirs = Optional.empty();
            refresh();
        }
        return removed;
    }

    /** One more waits. */
    void added(HistoryPoint point) {
        newest = Optional.of(point);
    }

    /** Keeps a copy of what this host adopts, and with it the host's own last snapshot, which has its configuration. */
    void copyOfOthers(Snapshot snapshot) {
        journal.copies().stream()
                .filter(copy -> copy.header().host().equals(host))
                .findFirst()
                .filter(own -> !own.header().equals(snapshot.header()))
                .ifPresent(own -> pin(Pin.OURS, own));
        journal.copy(snapshot);
    }

    void copy(Snapshot snapshot) {
        journal.copy(snapshot);
    }

    /** A merge needs what this host goes on from, also when the store no longer has it. */
    void pinBase(Snapshot base) {
        if (!pinnedBase.equals(Optional.of(base.header()))) {
            pin(Pin.BASE, base);
            pinnedBase = Optional.of(base.header());
        }
    }

    void pinTheirs(Snapshot theirs) {
        if (!pinnedTheirs.equals(Optional.of(theirs.header())) && keepTheirs()) {
            pin(Pin.THEIRS, theirs);
            pinnedTheirs = Optional.of(theirs.header());
        }
    }

    /**
     * What the store had when a divergence was found, and has lost since, is here alone: nobody has decided against it.
     *
     * @return whether the pin is needed no more
     */
    private boolean keepTheirs() {
        try {
            Optional<Snapshot> theirs = journal.pinned(Pin.THEIRS);
            if (theirs.isPresent() && !StoreHead.has(store, theirs.get().header())) {
                journal.setAside(theirs.get());
                log.warn(
                        "Store {} has lost {}, which host {} had saved there; it is kept on this host under its name",
                        storeName,
                        theirs.get().header().name(),
                        theirs.get().header().host());
            }
            return true;
        } catch (SnapshotNotFoundException | SnapshotCorruptException e) {
            log.debug("Nobody can go back to what is pinned", e);
            return true;
        } catch (SnapshotStoreException | JournalException e) {
            log.warn("What the store had when the two parted stays pinned: {}", e.getMessage());
            return false;
        }
    }

    private void pin(Pin role, Snapshot snapshot) {
        try {
            journal.pin(role, snapshot);
        } catch (JournalException e) {
            log.warn("{}; a merge may not be possible later", e.getMessage());
        }
    }

    /** The snapshot that both sides of a divergence follow, if this host still has it. */
    Optional<HistoryPoint> base(Optional<HistoryPoint> known) {
        if (known.isPresent()) {
            return known;
        }
        try {
            return journal.pinned(Pin.BASE).map(HistoryPoint::of);
        } catch (SnapshotStoreException e) {
            log.warn("What both sides follow cannot be read: {}", e.getMessage());
            return Optional.empty();
        }
    }

    Divergence sides(Optional<HistoryPoint> base, ServingState mine, Optional<HistoryPoint> head) {
        return new Divergence(
                clock.instant(),
                base(base).map(Side::of),
                newest.or(() -> base).map(Side::of),
                head.map(Side::of),
                new StateDifferences("on this host", "in the store")
                        .between(mine, head.map(HistoryPoint::state).orElse(ServingState.EMPTY)));
    }

    /**
     * Removes from the journal what the store has already: a reply may have been lost, or a host died before it noted it.
     *
     * @return the newest of them; empty if the store has none of what waits
     * @throws SnapshotStoreException if the store cannot be reached
     */
    Optional<HistoryPoint> settle(Optional<HistoryPoint> head) {
        List<Entry> entries = journal.pending();
        int there = -1;
        for (int i = entries.size() - 1; i >= 0 && there < 0 && head.isPresent(); i--) {
            if (isOrComesFrom(head.get(), entries.get(i).header())) {
                there = i;
            }
        }
        // Snapshots are sent in order, so of the others only the first may be in the store, under newer ones.
        if (there < 0
                && !entries.isEmpty()
                && StoreHead.has(store, entries.get(0).header())) {
            there = 0;
        }
        if (there < 0) {
            return Optional.empty();
        }
        Optional<HistoryPoint> sent = Optional.empty();
        for (Entry entry : entries.subList(0, there + 1)) {
            try {
                HistoryPoint point = HistoryPoint.of(journal.read(entry));
                sent = head.filter(last -> isOrComesFrom(last, entry.header())).or(() -> Optional.of(point));
                journal.passed(entry);
            } catch (SnapshotStoreException e) {
                log.error("{}; the store has it", e.getMessage());
                journal.refused(entry);
            }
        }
        refresh();
        return sent;
    }

    private static boolean isOrComesFrom(HistoryPoint head, SnapshotHeader header) {
        return head.isSave(header)
                || head.header().origin().filter(header.saveId()::equals).isPresent();
    }

    /**
     * What was sent.
     *
     * @param finished whether nothing waits any more
     * @param head the store's newest now
     */
    record Sent(boolean finished, Optional<HistoryPoint> head) {}

    /**
     * Sends what waits, in order.
     *
     * @param look what the store has
     * @param learned what models have learned here and there: nothing that is sent undoes what others have learned
     * @param sides keep what was learned here and that loses to
     * @param before done before each is sent; throws if the store does not take what it needs
     */
    Sent send(Look look, LearnedKeys learned, LearnedSides sides, Consumer<Snapshot> before) {
        Optional<HistoryPoint> head = look.head();
        Place place = look.place();
        int sent = 0;
        int refusals = 0;
        Deque<Entry> entries = new ArrayDeque<>(journal.pending());
        while (!entries.isEmpty()) {
            Entry entry = entries.removeFirst();
            Optional<HistoryPoint> point;
            try {
                point = Optional.of(HistoryPoint.of(journal.read(entry)));
            } catch (SnapshotUnreadableException | SnapshotNotFoundException e) {
                log.error("What waits as {} is passed over: {}", entry.header().name(), e.getMessage());
                journal.refused(entry);
                continue;
            } catch (SnapshotStoreException e) {
                log.error(
                        "What waits as {} cannot be read now: {}",
                        entry.header().name(),
                        e.getMessage());
                refresh();
                return new Sent(false, head);
            }
            boolean fits = Objects.equals(point.get().header().follows().orElse(null), place.follows())
                    && point.get().header().revision() == place.revision();
            boolean needed = entries.isEmpty() || entry.header().kind() == SnapshotKind.SAVE;
            if (!fits && !needed) {
                // A later one holds all that this one does, which could go to the store only as another snapshot.
                journal.refused(entry);
                continue;
            }
            if (!fits) {
                HistoryPoint onto = head.isPresent()
                        ? point.get().serving(learned.onto(point.get().state(), head.get()))
                        : point.get();
                sides.keep(point.get(), onto.state());
                entries.addFirst(replace(entry, next.moved(onto, place).snapshot()));
                continue;
            }
            Snapshot snapshot = point.get().snapshot();
            try {
                before.accept(snapshot);
                store.save(snapshot);
                journal.passed(entry);
                learned.sent(
                        head.map(HistoryPoint::state).orElse(ServingState.EMPTY),
                        point.get().state());
                head = point;
                place = head.get().next();
                sent++;
            } catch (SnapshotConflictException e) {
                if (!isStillNewest(head)) {
                    log.debug("Another host was faster than what waits here", e);
                    refresh();
                    return new Sent(false, head);
                }
                if (++refusals == MOST_REFUSALS) {
                    log.warn(
                            "Store {} refuses what waits on this host, and says no more than: {}",
                            storeName,
                            e.getMessage());
                    refresh();
                    return new Sent(false, head);
                }
                // The name is in use, or the revision: some stores remember those that they have lost.
                place = place.notBelow(place.revision() + 1);
                entries.addFirst(again(entry, point.get(), place, e));
            } catch (SnapshotStoreException e) {
                log.debug("The store went away while it was sent what waits", e);
                refresh();
                return new Sent(false, head);
            }
        }
        refresh();
        unpin();
        log.info("Attached to store {} again; {} snapshots that waited on this host were sent", storeName, sent);
        return new Sent(true, head);
    }

    /** Appends before it removes, so that what was acknowledged waits whenever the host dies. */
    private Entry replace(Entry entry, Snapshot other) {
        Entry replaced = journal.append(other);
        journal.refused(entry);
        return replaced;
    }

    /** The same once more, under a name of the host's where the store has another one of that name. */
    private Entry again(Entry entry, HistoryPoint point, Place place, SnapshotConflictException refused) {
        if (entry.header().kind() != SnapshotKind.SAVE
                || !mayBeInUse(entry.header().name())) {
            return replace(entry, next.moved(point, place).snapshot());
        }
        log.error("What waits as {} is kept on this host: {}", entry.header().name(), refused.getMessage());
        journal.setAside(point.snapshot());
        return replace(entry, next.renamed(point, place).snapshot());
    }

    private boolean mayBeInUse(String name) {
        try {
            store.get(name);
            return true;
        } catch (SnapshotNotFoundException e) {
            return false;
        } catch (SnapshotStoreException e) {
            log.debug("It is not known whether the store has {}", name, e);
            return true;
        }
    }

    private boolean isStillNewest(Optional<HistoryPoint> head) {
        Look now = Look.at(store, head);
        return now.isCertain() && now.head().map(HistoryPoint::header).equals(head.map(HistoryPoint::header));
    }

    private Optional<HistoryPoint> read(Entry entry) {
        try {
            return Optional.of(HistoryPoint.of(journal.read(entry)));
        } catch (SnapshotStoreException e) {
            log.error("What waits as {} is passed over: {}", entry.header().name(), e.getMessage());
            return Optional.empty();
        }
    }

    /** Nothing that waits is unsent: the store's newest holds it. */
    void giveUp(HistoryPoint head) {
        // In this order: a start without the store comes back to the one or the other.
        journal.copy(head.snapshot());
        letGo();
    }

    /** Nothing that waits is needed any more. Named saves stay on this host. */
    void letGo() {
        keepSaves();
        clear();
    }

    /**
     * Lets go of what waits on a host that is attached: the store has it, or nobody needs it, and the journal could not note
     * that when it was so. Where it cannot now either, the next look tries again.
     */
    void letGoOfRest() {
        try {
            for (HistoryPoint save : saves()) {
                if (!isInStore(save.name(), save.header())) {
                    journal.setAside(save.snapshot());
                }
            }
            journal.refused(journal.pending());
            unpin();
        } catch (SnapshotStoreException | JournalException e) {
            log.debug("Entries that are settled stay in the journal for now", e);
        }
        refresh();
    }

    /** Keeps on this host what an operator decided against, and the named saves that wait. */
    void setAside(Snapshot ours) {
        journal.setAside(ours);
        keepSaves();
    }

    private void keepSaves() {
        saves().forEach(save -> journal.setAside(save.snapshot()));
    }

    /**
     * Keeps on this host a named save whose name the store has given to another one.
     *
     * @return the name; empty if the store's is this very save, sent by an attempt that broke off
     */
    Optional<String> keepSave(HistoryPoint save) {
        if (isInStore(save.name(), save.header())) {
            return Optional.empty();
        }
        log.error("Save {} is kept on this host: store {} has another one of this name", save.name(), storeName);
        journal.setAside(save.snapshot());
        return Optional.of(save.name());
    }

    /** Whether the store has a snapshot, or one that was made of it, under a name. */
    boolean isInStore(String name, SnapshotHeader header) {
        try {
            return isOrComesFrom(HistoryPoint.of(store.get(name)), header);
        } catch (SnapshotNotFoundException | SnapshotUnreadableException e) {
            log.debug("{} cannot be read", name, e);
            return false;
        }
    }

    /** Removes what waits, after all of it is in the store or aside. */
    void clear() {
        try {
            journal.refused(journal.pending());
        } catch (JournalException e) {
            log.error("{}; the next start will ask for the same decision again", e.getMessage());
        }
        refresh();
        unpin();
    }

    /** The named saves that wait, oldest first. */
    List<HistoryPoint> saves() {
        return journal.pending().stream()
                .filter(entry -> entry.header().kind() == SnapshotKind.SAVE)
                .flatMap(entry -> read(entry).stream())
                .toList();
    }

    private void unpin() {
        if (!keepTheirs()) {
            return;
        }
        try {
            journal.unpin(Pin.BASE);
            journal.unpin(Pin.THEIRS);
            pinnedBase = Optional.empty();
            pinnedTheirs = Optional.empty();
        } catch (JournalException e) {
            log.warn("{}", e.getMessage());
        }
    }

    private void refresh() {
        newest = newest(journal);
    }
}
