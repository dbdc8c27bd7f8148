package dev.holdfast.host.serving;

import java.time.Duration;

/**
 * What the configuration says of models that say nothing themselves.
 *
 * @param workers how many workers a registered model gets
 * @param jobQueueSize how many requests wait for a model version at the most
 * @param unregisterTimeout how long running requests have when a version is unloaded
 * @param loadThreads how many models are loaded side by side when a whole state is restored
 * @param maxStuckWorkers with more stuck runs than this a model version takes no more requests
 */
public record ServingDefaults(
        int workers,
        int jobQueueSize,
        Duration responseTimeout,
        Duration startupTimeout,
        Duration unregisterTimeout,
        int loadThreads,
        int maxStuckWorkers) {}
