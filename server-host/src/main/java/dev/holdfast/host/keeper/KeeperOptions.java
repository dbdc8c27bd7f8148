package dev.holdfast.host.keeper;

import java.time.Duration;

/**
 * Settings of a keeper.
 *
 * @param store the serializer's name
 * @param storeForgets whether the store may not give back what it took, so that a change is acknowledged only with a copy
 * @param storeOnly whether a change is durable only when the store has it: the host's disk does not last
 * @param host this host's name
 * @param lookInterval how often an attached host looks at what its store has
 * @param retryInterval how often a store that is down is tried again
 * @param closeTimeout how long the end waits for a save under way
 * @param adoptsStoreAfterConflict whether a host that was slower than another one undoes its change and adopts the other's;
 *     else both wait for the operator
 * @param follows whether a host that is behind goes over by itself; else at its next change or start
 * @param mostLag for how long a host that follows may be behind and is still ready
 */
public record KeeperOptions(
        String store,
        boolean storeForgets,
        boolean storeOnly,
        String group,
        String host,
        Duration lookInterval,
        Duration retryInterval,
        Duration closeTimeout,
        boolean adoptsStoreAfterConflict,
        boolean follows,
        Duration mostLag) {}
