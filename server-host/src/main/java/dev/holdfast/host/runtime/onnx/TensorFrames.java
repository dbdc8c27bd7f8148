package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.archive.BatchAxes;
import dev.holdfast.host.runtime.BatchTerms;
import dev.holdfast.host.runtime.Batching;
import dev.holdfast.host.runtime.Joining;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What goes between the host and a process with an ONNX model, as bytes: tensors bit by bit, what the model wants, and how its
 * requests run together. Numbers are big-endian, a text is its length in bytes and UTF-8. Both sides are of one version.
 */
final class TensorFrames {

    private TensorFrames() {}

    /** Writes something. */
    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    /** Reads something. */
    private interface Reading<T> {
        T from(DataInputStream in) throws IOException;
    }

    private static byte[] written(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            writing.to(new DataOutputStream(bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static <T> T read(byte[] bytes, Reading<T> reading) {
        try {
            return reading.from(new DataInputStream(new ByteArrayInputStream(bytes)));
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalStateException("What came from the other side is not what was expected: " + e, e);
        }
    }

    static byte[] ofTensors(List<Tensor> tensors) {
        return written(out -> {
            out.writeInt(tensors.size());
            for (Tensor tensor : tensors) {
                put(out, tensor);
            }
        });
    }

    static List<Tensor> tensors(byte[] bytes) {
        return read(bytes, in -> {
            List<Tensor> tensors = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                tensors.add(tensor(in));
            }
            return tensors;
        });
    }

    private static void put(DataOutputStream out, Tensor tensor) throws IOException {
        put(out, tensor.name());
        put(out, tensor.type().name());
        out.writeInt(tensor.shape().length);
        for (long size : tensor.shape()) {
            out.writeLong(size);
        }
        if (tensor.elements() instanceof byte[][] texts) {
            for (byte[] text : texts) {
                out.writeInt(text.length);
                out.write(text);
            }
        } else {
            out.write(TensorBytes.of(tensor));
        }
        out.writeBoolean(tensor.labels().isPresent());
        if (tensor.labels().isPresent()) {
            put(out, tensor.labels().get());
        }
    }

    private static Tensor tensor(DataInputStream in) throws IOException {
        String name = text(in);
        TensorType type = TensorType.valueOf(text(in));
        long[] shape = new long[in.readInt()];
        long count = 1;
        for (int i = 0; i < shape.length; i++) {
            shape[i] = in.readLong();
            count = Math.multiplyExact(count, shape[i]);
        }
        Tensor tensor = new Tensor(name, type, shape, elements(in, type, Math.toIntExact(count)));
        return in.readBoolean() ? tensor.labelled(tensor(in)) : tensor;
    }

    private static Object elements(DataInputStream in, TensorType type, int count) throws IOException {
        if (type != TensorType.BYTES) {
            byte[] bytes = in.readNBytes(Math.multiplyExact(count, TensorBytes.width(type)));
            return TensorBytes.get(type, count, ByteBuffer.wrap(bytes));
        }
        byte[][] texts = new byte[count][];
        for (int i = 0; i < count; i++) {
            texts[i] = in.readNBytes(in.readInt());
        }
        return texts;
    }

    static byte[] ofSignature(ModelSignature signature) {
        return written(out -> {
            put(out, signature.platform());
            specs(out, signature.inputs());
            specs(out, signature.outputs());
            out.writeInt(signature.leftOut().size());
            for (Map.Entry<String, String> left : signature.leftOut().entrySet()) {
                put(out, left.getKey());
                put(out, left.getValue());
            }
        });
    }

    /** Of a model that takes tensors, and has neither controls nor remarks. */
    static ModelSignature signature(byte[] bytes) {
        return read(bytes, in -> {
            String platform = text(in);
            List<TensorSpec> inputs = specs(in);
            List<TensorSpec> outputs = specs(in);
            Map<String, String> leftOut = new TreeMap<>();
            for (int left = in.readInt(); left > 0; left--) {
                String name = text(in);
                leftOut.put(name, text(in));
            }
            return new ModelSignature(platform, inputs, List.of(), outputs, List.of(), leftOut, false);
        });
    }

    private static void specs(DataOutputStream out, List<TensorSpec> specs) throws IOException {
        out.writeInt(specs.size());
        for (TensorSpec spec : specs) {
            put(out, spec.name());
            put(out, spec.type().name());
            out.writeInt(spec.shape().size());
            for (long size : spec.shape()) {
                out.writeLong(size);
            }
            put(out, spec.labels().map(TensorType::name).orElse(""));
        }
    }

    private static List<TensorSpec> specs(DataInputStream in) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String name = text(in);
            TensorType type = TensorType.valueOf(text(in));
            List<Long> shape = new ArrayList<>();
            for (int sizes = in.readInt(); sizes > 0; sizes--) {
                shape.add(in.readLong());
            }
            String labels = text(in);
            specs.add(new TensorSpec(
                    name, type, shape, labels.isEmpty() ? Optional.empty() : Optional.of(TensorType.valueOf(labels))));
        }
        return specs;
    }

    /**
     * What is decided about requests that come at once.
     *
     * @param mostRows how many run together at the most
     */
    record Decision(Joining joining, int mostRows) {}

    /** @param decided where the model was asked before: it need not check itself again */
    static byte[] ofTerms(BatchTerms terms, Optional<Decision> decided) {
        return written(out -> {
            put(out, terms.wish().name());
            out.writeInt(terms.batchSize());
            out.writeLong(terms.patience().toNanos());
            out.writeBoolean(terms.author().isPresent());
            if (terms.author().isPresent()) {
                axes(out, terms.author().get().inputs());
                axes(out, terms.author().get().outputs());
            }
            out.writeBoolean(decided.isPresent());
            if (decided.isPresent()) {
                out.write(ofDecision(decided.get()));
            }
        });
    }

    record Terms(BatchTerms terms, Optional<Decision> decided) {}

    static Terms terms(byte[] bytes) {
        return read(bytes, in -> {
            Batching wish = Batching.valueOf(text(in));
            int batchSize = in.readInt();
            Duration patience = Duration.ofNanos(in.readLong());
            Optional<BatchAxes> author =
                    in.readBoolean() ? Optional.of(new BatchAxes(axes(in), axes(in))) : Optional.empty();
            BatchTerms terms = new BatchTerms(wish, author, batchSize, patience);
            return new Terms(terms, in.readBoolean() ? Optional.of(decision(in)) : Optional.empty());
        });
    }

    private static void axes(DataOutputStream out, Map<String, Integer> axes) throws IOException {
        out.writeInt(axes.size());
        for (Map.Entry<String, Integer> axis : axes.entrySet()) {
            put(out, axis.getKey());
            out.writeInt(axis.getValue());
        }
    }

    private static Map<String, Integer> axes(DataInputStream in) throws IOException {
        Map<String, Integer> axes = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            String name = text(in);
            axes.put(name, in.readInt());
        }
        return axes;
    }

    static byte[] ofDecision(Decision decision) {
        return written(out -> {
            put(out, decision.joining().by().name());
            put(out, decision.joining().why());
            out.writeInt(decision.mostRows());
        });
    }

    static Decision decision(byte[] bytes) {
        return read(bytes, TensorFrames::decision);
    }

    private static Decision decision(DataInputStream in) throws IOException {
        Joining.By by = Joining.By.valueOf(text(in));
        String why = text(in);
        return new Decision(new Joining(by, why), in.readInt());
    }

    private static void put(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}
