package dev.holdfast.host.keeper;

import dev.holdfast.host.state.StateReference;
import java.util.Set;

/** Brings chunks of learned states to the store, before the snapshots that need them. */
public interface ChunkBringer {

    /**
     * Brings those that wait on this host, and those that some states need.
     *
     * @param needed the states that the next snapshot needs
     * @param safe the states that the store's last snapshot refers to, which nobody collects
     * @throws dev.holdfast.sdk.SnapshotStoreException if the store does not take them
     */
    void bring(Set<StateReference> needed, Set<StateReference> safe);
}
