package dev.holdfast.host.serving;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A request that waits for a worker, or is with one. */
record PendingRequest(List<Tensor> inputs, CompletableFuture<List<Tensor>> answer, long arrivedNanos) {}
