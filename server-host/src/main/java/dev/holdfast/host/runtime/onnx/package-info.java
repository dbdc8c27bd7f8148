/** Models in ONNX, with and without sessions that remember: the one room that knows ONNX Runtime. */
@NullMarked
package dev.holdfast.host.runtime.onnx;

import org.jspecify.annotations.NullMarked;
