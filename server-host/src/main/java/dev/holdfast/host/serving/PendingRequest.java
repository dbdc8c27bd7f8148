package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A request that waits for a worker, or is with one.
 *
 * @param answer all of it; or where it came in pieces, the last of them
 * @param pieces takes those before the last; empty where the answer is wanted whole
 */
record PendingRequest(
        List<Tensor> inputs,
        CompletableFuture<List<Tensor>> answer,
        long arrivedNanos,
        Optional<Consumer<List<Tensor>>> pieces) {}
