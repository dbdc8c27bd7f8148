package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.Tensor;
import java.util.List;

/**
 * Where a session stands between two calls.
 *
 * @param carried what the next call takes, in the order of the inputs that are carried
 * @param steps how many calls have led here, since the session began; those before a state that older hosts stored do not
 *     count
 */
record SessionPoint(List<Tensor> carried, long steps) {

    SessionPoint {
        carried = List.copyOf(carried);
    }
}
