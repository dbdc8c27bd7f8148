package dev.holdfast.host.snapshot;

import java.time.Duration;

/**
 * Whom a keeper works for, and its times.
 *
 * @param store the serializer's name
 * @param host this host's name
 * @param retryInterval how often a store that is down is tried again
 * @param closeTimeout how long the end waits for a save under way
 * @param goesOver whether the host goes over by itself to the newer state that another host saved at the same time; else
 *     the operator decides
 */
public record KeeperOptions(
        String store, String group, String host, Duration retryInterval, Duration closeTimeout, boolean goesOver) {}
