package dev.holdfast.host.workflow;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A node of a workflow, and the model that it is served as.
 *
 * @param archive of its model; of a function that of the workflow
 * @param handler of a function, as {@code file.py:function}; empty for a model
 * @param retries how many times more it is asked where it fails
 */
public record WorkflowNode(
        String name,
        String archive,
        Optional<String> handler,
        OptionalInt minWorkers,
        OptionalInt batchSize,
        Optional<Duration> maxBatchDelay,
        Optional<Duration> timeout,
        int retries) {}
