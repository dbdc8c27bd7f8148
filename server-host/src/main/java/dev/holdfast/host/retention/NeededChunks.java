package dev.holdfast.host.retention;

import dev.holdfast.host.common.Sha256;
import dev.holdfast.host.snapshot.StateReferences;
import dev.holdfast.host.state.DigestSet;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ListRequest;
import dev.holdfast.sdk.Snapshot;
import dev.holdfast.sdk.SnapshotHeader;
import dev.holdfast.sdk.SnapshotNotFoundException;
import dev.holdfast.sdk.SnapshotPage;
import dev.holdfast.sdk.SnapshotSerializer;
import dev.holdfast.sdk.SnapshotUnreadableException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The chunks that a group's snapshots need. This is a superset: chunks of recently removed snapshots may be among them.
 *
 * <p>A snapshot never changes, so each is read once. What is remembered of it is that it was read, and of all of them together
 * which chunks they need, 24 to 48 bytes for each snapshot and each chunk: a month in which a small model is stored every 30
 * seconds takes about 12 MB. Who needs what is not remembered. When an eighth of the snapshots that were read is gone, or any
 * at all after a day of rounds, all is forgotten and read again. So the cost of reading grows with what is saved and removed,
 * not with what there is.
 *
 * <p>A list may leave something out, so it is proved that all were read: first the last snapshot is asked for, then how many
 * there are, then the list. Of what is listed, that of revisions up to the last one was there when it was counted, for
 * nothing is saved below the last one; so if these are as many as were counted, they are those. Counted after the list, a
 * removal between the two would hide one that was overlooked.
 *
 * <p>One thread at a time.
 */
final class NeededChunks {

    private static final Logger log = LoggerFactory.getLogger(NeededChunks.class);
    private static final int MOST_GONE = 8;
    private static final int ROUNDS = 24;
    /** How often a round tries, because a save or a removal by another host between counting and listing spoils the proof. */
    private static final int ATTEMPTS = 3;

    private final SnapshotSerializer store;
    private final StateReader states;
    /** The snapshots whose needs are all among the needed. */
    private DigestSet read = new DigestSet();

    private DigestSet needed = new DigestSet();
    private int rounds;
    /** The states of the snapshot that was read last: its neighbour mostly needs the same. */
    private Set<StateReference> before = Set.of();
    /** Why some states cannot be read, found in this round. */
    private final Map<StateReference, String> unreadable = new HashMap<>();
    /** The snapshots whose needs are unknown, by the reason, found in this round. */
    private final Map<String, Set<String>> unknown = new LinkedHashMap<>();

    NeededChunks(SnapshotSerializer store, StateReader states) {
        this.store = store;
        this.states = states;
    }

    /**
     * Reads what was saved since it was called last.
     *
     * @return whether a chunk is needed, by its id
     * @throws UnknownNeedsException if it cannot be told what some snapshots need; those are read again the next time
     * @throws NotCountedException if the store does not count its snapshots
     */
    Predicate<String> read() {
        rounds++;
        Reading reading = readAll();
        int gone = read.size() - reading.there.size();
        if (gone > read.size() / MOST_GONE || (gone > 0 && rounds >= ROUNDS)) {
            forget();
            reading = readAll();
        }
        for (int attempt = 1; unknown.isEmpty() && !reading.isWhole() && attempt < ATTEMPTS; attempt++) {
            reading = readAll();
        }
        if (!unknown.isEmpty()) {
            throw new UnknownNeedsException(unknown);
        }
        if (!reading.isWhole()) {
            throw UnknownNeedsException.miscounted(reading.counted, reading.proved);
        }
        return needed;
    }

    /** The result of reading the store once. */
    private static final class Reading {

        private final long last;
        private final long counted;
        /** Those that have been read, now or before. */
        private final DigestSet there = new DigestSet();
        /** How many of them are known to have been there when they were counted. */
        private long proved;

        Reading(long last, long counted) {
            this.last = last;
            this.counted = counted;
        }

        void add(SnapshotHeader header) {
            if (there.add(digest(header)) && header.revision() <= last) {
                proved++;
            }
        }

        boolean isWhole() {
            return proved == counted;
        }
    }

    private Reading readAll() {
        unknown.clear();
        unreadable.clear();
        before = Set.of();
        Optional<Snapshot> last = store.getLast();
        long counted = store.count().orElseThrow(NotCountedException::new);
        Reading reading =
                new Reading(last.map(snapshot -> snapshot.header().revision()).orElse(-1L), counted);
        // The last snapshot is read on its own, because a list may lag behind the store.
        last.filter(this::add).ifPresent(snapshot -> reading.add(snapshot.header()));
        readListed(reading);
        return reading;
    }

    private void forget() {
        read = new DigestSet();
        needed = new DigestSet();
        rounds = 0;
    }

    private void readListed(Reading reading) {
        SnapshotPage.all(store, ListRequest.firstPage(ListRequest.MOST))
                .filter(header -> read.test(digest(header)) || read(header))
                .forEach(reading::add);
    }

    /** @return false if it is not there any more, or its needs are unknown */
    private boolean read(SnapshotHeader header) {
        EndedException.throwIfInterrupted();
        try {
            return add(store.get(header.name()));
        } catch (SnapshotUnreadableException e) {
            isUnknown(header.name(), String.valueOf(e.getMessage()));
            return false;
        } catch (SnapshotNotFoundException e) {
            // Removed since it was listed: it needs nothing any more.
            log.debug("Snapshot {} is gone", header.name());
            return false;
        }
    }

    /** @return false if its needs are unknown */
    private boolean add(Snapshot snapshot) {
        String id = digest(snapshot.header());
        if (read.test(id)) {
            return true;
        }
        String name = snapshot.header().name();
        Map<StateReference, String> users = StateReferences.users(snapshot);
        boolean whole = true;
        for (Map.Entry<StateReference, String> use : users.entrySet()) {
            if (!before.contains(use.getKey())) {
                whole &= add(name, use.getKey(), use.getValue());
            }
        }
        if (whole) {
            before = users.keySet();
            read.add(id);
        }
        return whole;
    }

    private boolean add(String snapshot, StateReference state, String user) {
        String why = unreadable.get(state);
        if (why == null) {
            try {
                states.find(state).chunkIds().forEach(needed::add);
                return true;
            } catch (StateException e) {
                why = e.getMessage();
                unreadable.put(state, why);
            }
        }
        isUnknown(snapshot, user + ": " + why);
        return false;
    }

    private void isUnknown(String snapshot, String why) {
        unknown.computeIfAbsent(why, ignored -> new LinkedHashSet<>()).add(snapshot);
    }

    /** A save-id alone does not tell foreign snapshots from one another. */
    private static String digest(SnapshotHeader header) {
        String id = header.name() + " " + header.saveId();
        return Sha256.of(id);
    }
}
