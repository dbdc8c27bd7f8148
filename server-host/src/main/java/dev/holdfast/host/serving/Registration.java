package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Batching;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a caller says of a model to register; what is left out comes from the archive or the configuration.
 *
 * @param location the archive's file name in the model store, or a URL that the operator allows
 * @param batching what the operator says of running requests of different callers together
 */
public record Registration(
        String location,
        Optional<String> modelName,
        Optional<String> handler,
        Optional<String> runtimeType,
        OptionalInt initialWorkers,
        OptionalInt batchSize,
        Optional<Duration> maxBatchDelay,
        Optional<Duration> responseTimeout,
        Optional<Duration> startupTimeout,
        Optional<Batching> batching) {}
