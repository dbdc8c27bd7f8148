package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.host.keeper.StoreStatus.Divergence;
import dev.holdfast.host.keeper.StoreStatus.Mode;
import dev.holdfast.host.keeper.StoreStatus.Side;
import dev.holdfast.host.serving.ServingComparison;
import dev.holdfast.sdk.SnapshotHeader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the host stands with its store, with notices for operators. Safe for several threads; the keeper's changes it. */
public final class StoreAttachment {

    private static final Logger log = LoggerFactory.getLogger(StoreAttachment.class);

    /** How an operator ends a detachment; quoted in the manual. */
    static final String DECISION = "holdfast snapshots attach --take store|local|merge";
    /** The same where the store lacks something, which a merge would take for a removal. */
    static final String DECISION_OF_A_LOSS = "holdfast snapshots attach --take store|local";

    private final KeeperOptions options;
    private final LongSupplier nanos;
    private volatile StoreStatus status;

    private Mode mode;
    private Optional<SnapshotHeader> last;
    private int waiting;
    private boolean unsaved;
    private boolean crossing;
    private boolean empty;
    private Optional<Side> behind = Optional.empty();
    /** Since when this host is behind, by the clock of {@link #nanos}. */
    private long behindSince;

    private Optional<Divergence> divergence = Optional.empty();
    private List<String> aside = List.of();

    /** Notices of the restore; they stay for the life of this process. */
    private final List<String> ofTheRestore;
    /** Why changes do not go to the store; empty while they do. */
    private List<String> ofTheMode;
    /** What was wrong at the last look at the store. */
    private List<String> ofTheLook = List.of();
    /** What models have learned that the store has otherwise. */
    private List<String> ofTheLearned = List.of();

    private String learnedApart = "";
    /** What neither the store nor the journal took. */
    private List<String> ofTheLoss = List.of();

    public StoreAttachment(KeeperOptions options, StartPoint start) {
        this(options, start, System::nanoTime);
    }

    /** @param nanos a clock that only goes on, as that of {@link System#nanoTime} */
    StoreAttachment(KeeperOptions options, StartPoint start, LongSupplier nanos) {
        this.options = options;
        this.nanos = nanos;
        this.mode = start.mode();
        this.last = start.base().map(HistoryPoint::header);
        this.empty = start.empty();
        boolean attached = start.mode() == Mode.ATTACHED;
        this.ofTheRestore = attached ? start.notices() : List.of();
        this.ofTheMode = attached ? List.of() : start.notices();
        this.status = shown();
    }

    StoreStatus status() {
        StoreStatus now = status;
        return now.behind().isEmpty() || now.late() || !isLate() ? now : now.late(lateness());
    }

    private synchronized boolean isLate() {
        return behind.isPresent()
                && nanos.getAsLong() - behindSince >= options.mostLag().toNanos();
    }

    private String lateness() {
        return "This host has been behind store " + options.store() + " for longer than follow_max_lag ("
                + options.mostLag().toSeconds() + " s), and is not ready";
    }

    /** Between the two, what is served may not be the snapshot of the last revision. */
    synchronized void crossing(boolean now) {
        crossing = now;
    }

    /** Whether the snapshot of this revision is the last one, and holds all that is served. */
    synchronized boolean isAt(long revision) {
        return !crossing && !unsaved && last.map(SnapshotHeader::revision).orElse(0L) == revision;
    }

    /** Whether the last look found the store as it should be, and this host serves its newest. */
    boolean isUntroubled() {
        StoreStatus now = status;
        return now.mode() == Mode.ATTACHED && now.behind().isEmpty() && ofTheLook.isEmpty();
    }

    public boolean isAttached() {
        return status.mode() == Mode.ATTACHED;
    }

    boolean isEmpty() {
        return status.empty();
    }

    /** Whether a restart would lose changes. */
    boolean isUnsaved() {
        return unsaved;
    }

    /** Why changes do not go to the store, for the caller who makes one; empty while they do. */
    List<String> notices() {
        return ofTheMode;
    }

    synchronized void aside(List<String> kept) {
        aside = kept;
        show();
    }

    synchronized void journal(int pending, Optional<SnapshotHeader> newest, List<String> kept) {
        waiting = pending;
        last = newest.or(() -> last);
        aside = kept;
        show();
    }

    /** A snapshot is in the store, and this host serves what it serves. */
    synchronized void stored(SnapshotHeader header) {
        last = Optional.of(header);
        unsaved = false;
        ofTheLoss = List.of();
        attached();
    }

    /** The store's newest is another host's, such as its start, and serves what this one does. */
    synchronized void goesOnFrom(SnapshotHeader newest) {
        if (last.map(SnapshotHeader::revision).orElse(0L) < newest.revision()) {
            last = Optional.of(newest);
            show();
        }
    }

    synchronized void attached() {
        mode = Mode.ATTACHED;
        empty = false;
        behind = Optional.empty();
        divergence = Optional.empty();
        ofTheMode = List.of();
        ofTheLook = List.of();
        show();
    }

    synchronized void waits(SnapshotHeader header) {
        last = Optional.of(header);
        unsaved = false;
        empty = false;
        ofTheLoss = List.of();
        show();
    }

    /** The store does not take snapshots now. */
    synchronized void spooling(List<String> why) {
        mode = Mode.SPOOLING;
        behind = Optional.empty();
        ofTheMode = why;
        show();
    }

    /** What the last look could not find out. */
    synchronized void troubled(String what) {
        if (!ofTheLook.contains(what)) {
            log.warn("{}", what);
        }
        ofTheLook = List.of(what);
        show();
    }

    /** The last look found the store as it should be. */
    synchronized void untroubled() {
        if (!ofTheLook.isEmpty() || behind.isPresent()) {
            ofTheLook = List.of();
            behind = Optional.empty();
            show();
        }
    }

    /** Another host has changed something, and this one goes over now, which may take its time. */
    synchronized void goesOver(HistoryPoint head) {
        if (behind.isEmpty()) {
            behindSince = nanos.getAsLong();
        }
        behind = Optional.of(Side.of(head));
        show();
    }

    /** Another host has changed something, and this one, which has nothing unsent, does not go over. */
    synchronized void behind(HistoryPoint head) {
        goesOver(head);
        String notice = "Behind store " + options.store() + ", group " + options.group() + ": host "
                + head.header().host() + " has saved " + head.name()
                + ", and this host still serves what was before. "
                + (options.follows() ? "It tries again at each look" : "It goes over at its next start")
                + ", or by: holdfast snapshots attach --take store";
        if (ofTheLook.contains(notice)) {
            return;
        }
        log.warn(notice);
        ofTheLook = List.of(notice);
        show();
    }

    /** Both sides have changed something, or the store lacks what it had: an operator decides, by the command given. */
    synchronized void diverged(String why, Divergence sides, String decision) {
        boolean known = mode == Mode.DETACHED
                && divergence.isPresent()
                && divergence.get().inStore().equals(sides.inStore());
        mode = Mode.DETACHED;
        behind = Optional.empty();
        divergence = Optional.of(
                known
                        ? new Divergence(
                                divergence.get().since(),
                                sides.base(),
                                sides.here(),
                                sides.inStore(),
                                sides.differences())
                        : sides);
        String notice = "Detached from store " + options.store() + ", group " + options.group() + ": " + why
                + ". What was acknowledged here is served and kept in the journal of this host until you decide with: "
                + decision;
        if (!known) {
            log.error(notice);
            sides.differences().forEach(difference -> log.error("{}", difference));
        }
        ofTheMode = List.of(notice);
        ofTheLook = List.of();
        show();
    }

    /** The host cannot write to the store for a reason that needs no decision. */
    synchronized void detached(String why) {
        if (mode != Mode.DETACHED || !ofTheMode.contains(why)) {
            log.error(why);
        }
        mode = Mode.DETACHED;
        ofTheMode = List.of(why);
        show();
    }

    /**
     * These versions of models have learned different things here and in the store.
     *
     * @param keptAs the name under which this host keeps what they have learned here; empty if its journal did not take it
     */
    synchronized void learned(Set<ServingComparison.Key> apart, Optional<String> keptAs) {
        String which = apart.stream().map(Object::toString).collect(Collectors.joining("; "));
        List<String> notices = apart.isEmpty()
                ? List.of()
                : List.of("What these have learned here is not in store " + options.store()
                        + ", for another host's has changed there too: " + which + ". "
                        + keptAs.map(name -> "It is kept on this host as " + name)
                                .orElse("It is in this host's memory alone, for its journal does not take it")
                        + ". Decide with: holdfast snapshots attach --take store|local");
        if (!notices.equals(ofTheLearned)) {
            // A model that learns on is kept under a new name every few seconds, which is no news.
            String news = which + keptAs.isPresent();
            if (!news.equals(learnedApart)) {
                notices.forEach(log::warn);
            }
            learnedApart = news;
            ofTheLearned = notices;
            show();
        }
    }

    boolean hasLearnedApart() {
        return !ofTheLearned.isEmpty();
    }

    /** What is served is in the store or in the journal. */
    synchronized void durable() {
        if (unsaved) {
            unsaved = false;
            ofTheLoss = List.of();
            show();
        }
    }

    /** Neither the store nor the journal took the last changes. */
    synchronized void notDurable(String why) {
        unsaved = true;
        ofTheLoss = List.of("The serving state is not durable, a restart would lose its last changes: " + why);
        show();
    }

    private void show() {
        status = shown();
    }

    private StoreStatus shown() {
        List<String> notices = new ArrayList<>(ofTheRestore);
        notices.addAll(ofTheMode);
        notices.addAll(ofTheLook);
        notices.addAll(ofTheLearned);
        notices.addAll(ofTheLoss);
        return new StoreStatus(
                options.store(),
                options.group(),
                mode,
                last.map(SnapshotHeader::name),
                last.map(SnapshotHeader::revision).orElse(0L),
                waiting,
                notices,
                behind,
                behind.isPresent() && !options.follows(),
                empty,
                divergence,
                aside,
                Optional.empty());
    }
}
