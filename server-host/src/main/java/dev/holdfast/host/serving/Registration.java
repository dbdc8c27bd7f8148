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
        Optional<Batching> batching) {

    /** A registration that says nothing of batches. */
    public Registration(
            String location,
            Optional<String> modelName,
            Optional<String> handler,
            Optional<String> runtimeType,
            OptionalInt initialWorkers,
            OptionalInt batchSize,
            Optional<Duration> maxBatchDelay,
            Optional<Duration> responseTimeout,
            Optional<Duration> startupTimeout) {
        this(
                location,
                modelName,
                handler,
                runtimeType,
                initialWorkers,
                batchSize,
                maxBatchDelay,
                responseTimeout,
                startupTimeout,
                Optional.empty());
    }

    /** A registration that leaves everything to the archive and the configuration. */
    public static Registration of(String location) {
        return new Registration(
                location,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    public Registration named(String name) {
        return new Registration(
                location,
                Optional.of(name),
                handler,
                runtimeType,
                initialWorkers,
                batchSize,
                maxBatchDelay,
                responseTimeout,
                startupTimeout,
                batching);
    }

    public Registration withWorkers(int workers) {
        return new Registration(
                location,
                modelName,
                handler,
                runtimeType,
                OptionalInt.of(workers),
                batchSize,
                maxBatchDelay,
                responseTimeout,
                startupTimeout,
                batching);
    }
}
