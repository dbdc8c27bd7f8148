package dev.holdfast.host.snapshot;

import dev.holdfast.host.state.StateException;
import dev.holdfast.host.state.StateReader;
import dev.holdfast.host.state.StateReference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What brings chunks to the store before the snapshots that need them.
 *
 * <p>A snapshot that comes from this host's disk may need chunks that were put into the store long ago, and to which no
 * snapshot there refers: another host of the group may have collected them, or be about to. They are put again, so that they
 * are there and young.
 */
public final class ChunkCourier {

    private static final Logger log = LoggerFactory.getLogger(ChunkCourier.class);
    /** Of up to 1 MiB each: what one call may carry. */
    private static final int TOGETHER = 16;

    private final ChosenChunks chunks;
    private final Supplier<StateReader> states;

    /** @param states reads the states of {@code chunks} */
    public ChunkCourier(ChosenChunks chunks, Supplier<StateReader> states) {
        this.chunks = chunks;
        this.states = states;
    }

    /**
     * Brings them.
     *
     * @param needed the states that the next snapshots of this host need
     * @param safe the states that the store's last snapshot refers to, which nobody collects
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take them
     */
    public void send(Set<StateReference> needed, Set<StateReference> safe) {
        Set<String> settled = new HashSet<>(chunks.sendSpooled());
        Set<StateReference> others = new HashSet<>(needed);
        others.removeAll(safe);
        if (others.isEmpty()) {
            return;
        }
        safe.forEach(state -> settled.addAll(ids(state)));
        for (StateReference state : others) {
            List<String> ids = new ArrayList<>(ids(state));
            ids.removeIf(id -> !settled.add(id));
            int lacking = 0;
            for (int start = 0; start < ids.size(); start += TOGETHER) {
                lacking += chunks.putAgain(ids.subList(start, Math.min(ids.size(), start + TOGETHER)));
            }
            if (lacking > 0) {
                log.error(
                        "{} chunks of a learned state of {} bytes are neither in the store nor on this host; what needs"
                                + " it cannot be restored until it is stored again",
                        lacking,
                        state.bytes());
            }
        }
    }

    /** Empty for a state that cannot be restored from anywhere, which is no reason to keep the others back. */
    private Set<String> ids(StateReference state) {
        try {
            return states.get().find(state).chunkIds();
        } catch (StateException e) {
            log.error("A learned state of {} bytes cannot be restored: {}", state.bytes(), e.getMessage());
            return Set.of();
        }
    }
}
