package dev.holdfast.host.keeper;

import dev.holdfast.host.history.HistoryPoint;
import dev.holdfast.sdk.SnapshotHeader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a host stands with its snapshot store.
 *
 * @param store the serializer's name, such as {@code fs}
 * @param lastSnapshot the name of the newest snapshot that holds the serving state, if one does
 * @param revision the revision of that snapshot, 0 if there is none
 * @param spooled how many snapshots wait in the journal for the store
 * @param notices one sentence for each thing that an operator should know; empty when all is well
 * @param behind the store's newest snapshot, while it serves something else and nothing here is unsent
 * @param late whether the host is behind for longer than it may be and still be ready
 * @param empty whether what was served before is not served because of a failure
 * @param divergence what waits for the operator's decision, if something does
 * @param aside the names of the snapshots that lost by a decision and are kept on this host
 * @param journal how full the journal on this host's disk is; empty where there is none
 */
public record StoreStatus(
        String store,
        String group,
        Mode mode,
        Optional<String> lastSnapshot,
        long revision,
        int spooled,
        List<String> notices,
        Optional<Side> behind,
        boolean late,
        boolean empty,
        Optional<Divergence> divergence,
        List<String> aside,
        Optional<JournalUse> journal) {

    /**
     * How full a journal is.
     *
     * @param bytes that it takes of its bound
     * @param limit the bound, in bytes
     * @param dropped how many snapshots it has removed because of the bound; a later one held all that they did
     * @param full whether the last snapshot found no room
     */
    public record JournalUse(long bytes, long limit, long dropped, boolean full) {}

    /** How the host writes. */
    public enum Mode {
        /** To the store. */
        ATTACHED,
        /** To the journal on this host's disk until the store is back. */
        SPOOLING,
        /** To the journal, after a fall-back or until the operator decides whose state goes on. */
        DETACHED,
        /** Not at all: the operator switched snapshots off. */
        OFF
    }

    /**
     * One side of a history: who saved what, and when.
     *
     * @param callers the addresses from which the changes came that the snapshot was the first to hold
     */
    public record Side(String snapshot, String host, Instant createdOn, List<String> callers) {

        public Side {
            callers = List.copyOf(callers);
        }

        static Side of(HistoryPoint point) {
            SnapshotHeader header = point.header();
            return new Side(
                    header.name(),
                    header.host(),
                    header.createdOn(),
                    point.content().callers());
        }
    }

    /**
     * Two different states that follow the same one.
     *
     * @param since when this host noticed it
     * @param base the one that both follow, if this host still has it
     * @param here what this host acknowledged last
     * @param inStore the store's newest; empty where the store has none
     * @param differences a sentence for each model that differs
     */
    public record Divergence(
            Instant since, Optional<Side> base, Optional<Side> here, Optional<Side> inStore, List<String> differences) {

        public Divergence {
            differences = List.copyOf(differences);
        }
    }

    public StoreStatus {
        notices = List.copyOf(notices);
        aside = List.copyOf(aside);
    }

    /** Of a host that serves what it should. */
    public StoreStatus(
            String store,
            String group,
            Mode mode,
            Optional<String> lastSnapshot,
            long revision,
            int spooled,
            List<String> notices) {
        this(
                store,
                group,
                mode,
                lastSnapshot,
                revision,
                spooled,
                notices,
                Optional.empty(),
                false,
                false,
                Optional.empty(),
                List.of(),
                Optional.empty());
    }

    /**
     * Whether the host serves the newest state that it knows of, or is behind for as short as a host that follows may be; one that
     * does not should get no requests.
     */
    public boolean isCurrent() {
        return !empty && !late;
    }

    /** Of a host that is behind for longer than it may be. */
    StoreStatus late(String notice) {
        return with(List.of(notice), true, journal);
    }

    /** With more notices, and with how full the journal is. */
    StoreStatus with(List<String> more, JournalUse use) {
        return with(more, late, Optional.of(use));
    }

    private StoreStatus with(List<String> more, boolean lateNow, Optional<JournalUse> use) {
        List<String> all = new ArrayList<>(notices);
        all.addAll(more);
        return new StoreStatus(
                store,
                group,
                mode,
                lastSnapshot,
                revision,
                spooled,
                all,
                behind,
                lateNow,
                empty,
                divergence,
                aside,
                use);
    }
}
