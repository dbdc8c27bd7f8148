package dev.holdfast.host.runtime;

import dev.holdfast.host.archive.BatchAxes;
import java.time.Duration;
import java.util.Optional;

/**
 * What is known when it is decided whether a model's requests run together.
 *
 * @param wish what the operator says
 * @param author what the archive says
 * @param batchSize how many requests come at once at the most
 * @param patience how long a self-check may take; zero for none at all
 */
public record BatchTerms(Batching wish, Optional<BatchAxes> author, int batchSize, Duration patience) {}
