package dev.holdfast.host.http;

import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bodies of models that take a request as it is and give the answer likewise. */
final class RawBodies {

    private RawBodies() {}

    static Tensor input(ModelSignature signature, byte[] body) {
        String name = signature.inputs().isEmpty()
                ? "body"
                : signature.inputs().get(0).name();
        return new Tensor(name, TensorType.BYTES, new long[] {1}, new byte[][] {body});
    }

    /** The bytes of all outputs, one after the other. */
    static byte[] answer(List<Tensor> outputs) {
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

    /** That of the request, if the answer is its echo, or JSON for JSON; else text. */
    static String contentType(@Nullable String requested, byte[] body, byte[] answer) {
        if (requested == null) {
            return Answers.TEXT;
        }
        boolean jsonForJson =
                requested.startsWith(Answers.JSON) && answer.length > 0 && (answer[0] == '{' || answer[0] == '[');
        return jsonForJson || Arrays.equals(body, answer) ? requested : Answers.TEXT;
    }
}
