package dev.holdfast.host.serving;

import java.time.Instant;

/**
 * A run of a model that did not end when it was told to, or a load that was not done in time. It holds a thread, and mostly a
 * processor, until it ends by itself or the host does.
 *
 * @param worker the id of the worker that it kept; of a load an id of its own
 * @param since when it was given up
 */
public record StuckRun(String model, String version, int worker, Instant since) {}
