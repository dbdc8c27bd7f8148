package dev.holdfast.host.keeper;

import java.time.Duration;

/**
 * Whom a keeper works for, and its times.
 *
 * @param store the serializer's name
 * @param storeForgets whether the store may not give back what it took, so that a change is acknowledged only with a copy
 * @param storeOnly whether a change is durable only when the store has it: the host's disk does not last
 * @param host this host's name
 * @param lookInterval how often an attached host looks at what its store has
 * @param retryInterval how often a store that is down is tried again
 * @param closeTimeout how long the end waits for a save under way
 * @param adoptsStoreAfterConflict whether a change that another host was faster than is undone, and the host goes over to what that one
 *     saved; else both wait for the operator
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
        boolean adoptsStoreAfterConflict) {}
