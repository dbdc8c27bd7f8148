/**
 * The gRPC services: those of TorchServe and of the Open Inference Protocol, server reflection and health. The one room that knows
 * gRPC, whose classes are not loaded before somebody calls.
 */
@NullMarked
package dev.holdfast.host.grpc;

import org.jspecify.annotations.NullMarked;
