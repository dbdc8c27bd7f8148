package dev.holdfast.host.serving;

import java.time.Instant;

/**
 * A run of a model that did not end when it was told to. It holds a thread, and mostly a processor, until it ends by itself or
 * the host does.
 *
 * @param worker the id of the worker that it kept
 * @param since when the worker was given up
 */
public record StuckRun(String model, String version, int worker, Instant since) {}
