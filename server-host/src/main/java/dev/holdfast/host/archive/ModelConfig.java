package dev.holdfast.host.archive;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the file says that a manifest names as {@code configFile}: TorchServe's {@code model-config.yaml}. It holds settings of
 * serving beside the handler's own values. What the file leaves out is empty here.
 *
 * @param minWorkers from 1 on
 * @param retryTimeout for how long the process of a worker is started again
 * @param jobQueueSize how many requests may wait
 * @param clientTimeout how long a request may wait for a worker before it fails
 * @param wantsGpu whether it asks for a graphics processor
 * @param values all of the file, for the handler: texts, numbers, truths, nulls, lists and maps of these
 */
public record ModelConfig(
        OptionalInt minWorkers,
        OptionalInt maxWorkers,
        OptionalInt batchSize,
        Optional<Duration> maxBatchDelay,
        Optional<Duration> responseTimeout,
        Optional<Duration> startupTimeout,
        Optional<Duration> retryTimeout,
        OptionalInt jobQueueSize,
        Optional<Duration> clientTimeout,
        boolean wantsGpu,
        Map<Object, Object> values) {

    /** Says nothing. */
    public static final ModelConfig NONE = new ModelConfig(
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            false,
            Map.of());

    public ModelConfig {
        // Map.copyOf takes no nulls, and loses the order.
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /**
     * The least number of workers where the registration gives none: the file's, or {@code otherwise} where it gives none
     * either.
     */
    public int minWorkersOr(int otherwise) {
        int most = maxWorkers.orElse(Integer.MAX_VALUE);
        return minWorkers.orElse(Math.min(otherwise, most));
    }

    /** How many workers run at most; never below {@link #minWorkersOr}. */
    public int maxWorkersOr(int otherwise) {
        return maxWorkers.orElseGet(() -> Math.max(otherwise, minWorkers.orElse(0)));
    }
}
