package dev.holdfast.host.retention;

import dev.holdfast.host.state.ChunkCollector;
import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import dev.holdfast.sdk.ChunkStore;
import dev.holdfast.sdk.SnapshotSerializer;
import java.time.Clock;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the chunks of model state that no snapshot of the group needs.
 *
 * <p>No chunk is removed unless it is proved that all snapshots were read: otherwise it is unknown what they need. A chunk that
 * a snapshot in this host's journal needs stays too, also one that was set aside.
 *
 * <p>One thread at a time. Several hosts of a group may do this at once.
 */
public final class UnneededChunks {

    private static final Logger log = LoggerFactory.getLogger(UnneededChunks.class);

    private final String name;
    private final ChunkStore chunks;
    private final NeededChunks needed;
    private final StateReader states;
    private final Supplier<Set<StateReference>> here;
    private final ChunkCollector collector;
    private boolean told;

    /**
     * @param name the store's, for messages
     * @param chunks where the states are that the store's snapshots refer to
     * @param here the states that this host's journal refers to, which may lie there alone; throws where it cannot tell
     */
    public UnneededChunks(
            String name,
            SnapshotSerializer store,
            ChunkStore chunks,
            StateReader states,
            Supplier<Set<StateReference>> here,
            Clock clock) {
        this.name = name;
        this.chunks = chunks;
        this.needed = new NeededChunks(store, states);
        this.states = states;
        this.here = here;
        this.collector = new ChunkCollector(chunks, clock, ChunkCollector.SHORTEST_GRACE);
    }

    /**
     * Does one round.
     *
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store fails, or the last snapshot cannot be read
     * @throws UnknownNeedsException if it cannot be told what some snapshot needs
     */
    void remove() {
        // Most hosts have no models that learn, and need not read all their snapshots to find that out.
        if (chunks.list("", 1).isEmpty()) {
            return;
        }
        try {
            int removed = collector.collect(() -> {
                Predicate<String> ofStore = needed.read();
                Set<String> ofJournal = neededHere();
                return id -> {
                    EndedException.throwIfInterrupted();
                    return ofStore.test(id) || ofJournal.contains(id);
                };
            });
            if (removed > 0) {
                log.info("Removed {} chunks that no snapshot needs", removed);
            }
        } catch (NotCountedException e) {
            tell(e);
        }
    }

    private Set<String> neededHere() {
        Set<String> ids = new HashSet<>();
        for (StateReference state : here.get()) {
            try {
                ids.addAll(states.find(state).chunkIds());
            } catch (StateException e) {
                log.debug("A state that cannot be restored needs no chunks", e);
            }
        }
        return ids;
    }

    private void tell(NotCountedException e) {
        if (!told) {
            log.warn(
                    "Serializer {} does not count its snapshots, so chunks that no snapshot needs stay: use a version of its"
                            + " plugin that does",
                    name);
            log.debug("Without a count, no chunk is removed", e);
            told = true;
        }
    }
}
