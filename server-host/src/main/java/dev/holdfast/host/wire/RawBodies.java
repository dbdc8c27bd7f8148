package dev.holdfast.host.wire;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.io.ByteArrayOutputStream;
import java.util.List;

/** The bodies of models that take a request as it is and give the answer likewise. */
public final class RawBodies {

    private RawBodies() {}

    public static Tensor input(ModelSignature signature, byte[] body) {
        String name = signature.inputs().isEmpty()
                ? "body"
                : signature.inputs().get(0).name();
        return new Tensor(name, TensorType.BYTES, new long[] {1}, new byte[][] {body});
    }

    /** The bytes of all outputs, one after the other. */
    public static byte[] answer(List<Tensor> outputs) {
        if (outputs.size() == 1 && outputs.get(0).elements() instanceof byte[][] texts && texts.length == 1) {
            return texts[0];
        }
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Tensor output : outputs) {
            if (output.elements() instanceof byte[][] texts) {
                for (byte[] text : texts) {
                    all.writeBytes(text);
                }
            }
        }
        return all.toByteArray();
    }
}
