package dev.holdfast.host.runtime;

import java.time.Duration;

/**
 * What a worker tells its process.
 *
 * @param model the name that the model is served under
 * @param worker the worker's number, which no other one of the host has
 * @param batchSize how many requests come at once at the most
 * @param startupTimeout how long a start may take, with the loading of the model
 * @param ended told, on some thread, each time that a process has ended which was up
 */
public record ProcessTerms(
        String model, String version, int worker, int batchSize, Duration startupTimeout, Runnable ended) {}
