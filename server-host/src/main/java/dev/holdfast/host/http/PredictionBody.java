package dev.holdfast.host.http;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.wire.RawBodies;
import dev.holdfast.host.wire.TensorReader;
import java.util.List;

/** The body of a prediction, as {@code POST /predictions/{model}} takes it. */
public final class PredictionBody {

    private PredictionBody() {}

    /**
     * The inputs that a body holds.
     *
     * @throws dev.holdfast.host.runtime.InvalidInputException if it is not what the model wants
     */
    public static List<Tensor> read(byte[] body, ModelSignature signature) {
        return signature.raw()
                ? List.of(RawBodies.input(signature, body))
                : TensorReader.read(body, signature).inputs();
    }
}
