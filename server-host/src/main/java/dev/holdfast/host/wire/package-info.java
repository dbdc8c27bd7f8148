/**
 * What the wires to a host have in common, HTTP and gRPC: tokens and who was turned away, names and parameters, tensors and
 * descriptions as JSON, tensors as bytes.
 */
@NullMarked
package dev.holdfast.host.wire;

import org.jspecify.annotations.NullMarked;
