package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.holdfast.host.api.ApiFailure;
import dev.holdfast.host.api.ApiFailure.Kind;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.Utf8;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * Writes the outputs of a prediction as JSON, in the form that the request asked for. Where a tensor has labels, the innermost
 * arrays are objects from label to element, but for the Open Inference Protocol, which has the labels as a tensor. NaN and the infinities, which JSON
 * does not have, become the texts "NaN", "Infinity" and "-Infinity". An answer over {@code max_response_size} is an error.
 */
public record TensorWriter(int maxResponseSize) {

    private interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    private byte[] write(Body body) {
        try (ByteArrayOutputStream bytes = new Bounded(maxResponseSize)) {
            try (JsonGenerator json = Json.FACTORY.createGenerator(bytes)) {
                body.write(json);
            }
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory does not fail", e);
        }
    }

    /** One output as an array of its rows, or the row itself; several outputs as an object by name. */
    public byte[] plain(List<Tensor> outputs, boolean oneRow) {
        return write(json -> writeValue(json, outputs, oneRow));
    }

    private static void writeValue(JsonGenerator json, List<Tensor> outputs, boolean oneRow) throws IOException {
        if (outputs.size() == 1) {
            new Values(outputs.get(0), oneRow).write(json);
            return;
        }
        json.writeStartObject();
        for (Tensor output : outputs) {
            json.writeFieldName(output.name());
            new Values(output, oneRow).write(json);
        }
        json.writeEndObject();
    }

    /** {@code {"predictions": [...]}}: a row each; with several outputs an object each, where all have as many rows. */
    public byte[] predictions(List<Tensor> outputs) {
        long rows = rows(outputs.get(0));
        boolean byRow = outputs.size() > 1 && rows >= 0 && outputs.stream().allMatch(output -> rows(output) == rows);
        return write(json -> {
            json.writeStartObject();
            json.writeFieldName("predictions");
            if (byRow) {
                List<Values> values = new ArrayList<>();
                outputs.forEach(output -> values.add(new Values(output, false)));
                json.writeStartArray();
                for (long row = 0; row < rows; row++) {
                    json.writeStartObject();
                    for (Values output : values) {
                        json.writeFieldName(output.name());
                        output.writeNextRow(json);
                    }
                    json.writeEndObject();
                }
                json.writeEndArray();
            } else {
                writeValue(json, outputs, false);
            }
            json.writeEndObject();
        });
    }

    private static long rows(Tensor tensor) {
        long[] shape = tensor.shape();
        return shape.length == 0 ? -1 : shape[0];
    }

    /** A request of the Open Inference Protocol, for those who read one as JSON. */
    public byte[] request(Optional<String> id, List<Tensor> inputs) {
        return write(json -> {
            json.writeStartObject();
            if (id.isPresent()) {
                json.writeStringField("id", id.get());
            }
            writeTensors(json, "inputs", inputs, input -> false);
            json.writeEndObject();
        });
    }

    private static void writeTensors(JsonGenerator json, String field, List<Tensor> tensors, Predicate<String> binary)
            throws IOException {
        json.writeArrayFieldStart(field);
        for (Tensor tensor : tensors) {
            json.writeStartObject();
            json.writeStringField("name", tensor.name());
            long[] shape = tensor.shape();
            json.writeFieldName("shape");
            json.writeArray(shape, 0, shape.length);
            json.writeStringField("datatype", tensor.type().name());
            if (binary.test(tensor.name())) {
                json.writeObjectFieldStart("parameters");
                json.writeNumberField("binary_data_size", RawTensors.size(tensor));
                json.writeEndObject();
            } else {
                json.writeFieldName("data");
                new Values(tensor, false).writeFlat(json);
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /** The answer of the Open Inference Protocol, in JSON alone. */
    public byte[] open(
            String model, String version, Optional<String> id, List<Tensor> outputs, Map<String, Object> parameters) {
        return open(model, version, id, outputs, parameters, output -> false).body();
    }

    /**
     * An answer of the Open Inference Protocol.
     *
     * @param json how many bytes of the body are JSON; those of tensors follow. Empty where all are
     */
    @SuppressWarnings("ArrayRecordComponent") // Never compared; not copied, because answers are large.
    public record OpenAnswer(byte[] body, OptionalInt json) {}

    /** @param binary whether the bytes of an output follow the JSON */
    public OpenAnswer open(
            String model,
            String version,
            Optional<String> id,
            List<Tensor> outputs,
            Map<String, Object> parameters,
            Predicate<String> binary) {
        byte[] written = write(json -> {
            json.writeStartObject();
            json.writeStringField("model_name", model);
            json.writeStringField("model_version", version);
            if (id.isPresent()) {
                json.writeStringField("id", id.get());
            }
            if (!parameters.isEmpty()) {
                json.writeFieldName("parameters");
                Json.write(json, parameters);
            }
            writeTensors(json, "outputs", outputs, binary);
            json.writeEndObject();
        });
        List<Tensor> following =
                outputs.stream().filter(output -> binary.test(output.name())).toList();
        if (following.isEmpty()) {
            return new OpenAnswer(written, OptionalInt.empty());
        }
        long size =
                written.length + following.stream().mapToLong(RawTensors::size).sum();
        if (size > maxResponseSize) {
            throw tooLarge(maxResponseSize);
        }
        ByteBuffer body = ByteBuffer.allocate((int) size).put(written);
        following.forEach(output -> RawTensors.put(output, body));
        return new OpenAnswer(body.array(), OptionalInt.of(written.length));
    }

    /** The elements of one tensor, written one after the other in nested arrays. */
    private static final class Values {

        private final Tensor tensor;
        private final Object elements;
        private final long[] shape;
        private final int first;
        private final Optional<String[]> labels;
        private int next;

        Values(Tensor tensor, boolean oneRow) {
            this.tensor = tensor;
            this.elements = tensor.elements();
            this.shape = tensor.shape();
            this.labels = tensor.labels().map(Values::texts);
            this.first = oneRow && shape.length > 0 && shape[0] == 1 ? 1 : 0;
        }

        private static String[] texts(Tensor labels) {
            return labels.elements() instanceof long[] numbers
                    ? Arrays.stream(numbers).mapToObj(Long::toString).toArray(String[]::new)
                    : Arrays.stream((byte[][]) labels.elements())
                            .map(text -> text(labels, text))
                            .toArray(String[]::new);
        }

        /** JSON has no bytes: what is no text cannot be written, and would be another one if it were mended. */
        private static String text(Tensor tensor, byte[] utf8) {
            try {
                return Utf8.decode(utf8);
            } catch (CharacterCodingException e) {
                throw new ApiFailure(
                        Kind.INTERNAL,
                        "The model's output '" + tensor.name()
                                + "' holds bytes that are no UTF-8, which JSON cannot say.");
            }
        }

        String name() {
            return tensor.name();
        }

        void write(JsonGenerator json) throws IOException {
            write(json, first);
        }

        void writeNextRow(JsonGenerator json) throws IOException {
            write(json, 1);
        }

        void writeFlat(JsonGenerator json) throws IOException {
            json.writeStartArray();
            writeElements(json, tensor.count());
            json.writeEndArray();
        }

        private void write(JsonGenerator json, int dimension) throws IOException {
            if (dimension >= shape.length) {
                writeElements(json, 1);
                return;
            }
            boolean isLast = dimension == shape.length - 1;
            if (isLast && labels.isPresent()) {
                writeLabelled(json, labels.get());
                return;
            }
            json.writeStartArray();
            if (isLast) {
                writeElements(json, (int) shape[dimension]);
            } else {
                for (long i = 0; i < shape[dimension]; i++) {
                    write(json, dimension + 1);
                }
            }
            json.writeEndArray();
        }

        private void writeLabelled(JsonGenerator json, String[] names) throws IOException {
            json.writeStartObject();
            for (String name : names) {
                json.writeFieldName(name);
                writeElements(json, 1);
            }
            json.writeEndObject();
        }

        private void writeElements(JsonGenerator json, int count) throws IOException {
            int end = next + count;
            if (elements instanceof float[] floats) {
                for (int i = next; i < end; i++) {
                    json.writeNumber(floats[i]);
                }
            } else {
                for (int i = next; i < end; i++) {
                    writeElement(json, i);
                }
            }
            next = end;
        }

        private void writeWhole(JsonGenerator json, long value) throws IOException {
            if (value < 0 && tensor.type() == TensorType.UINT64) {
                json.writeNumber(Long.toUnsignedString(value));
            } else {
                json.writeNumber(value);
            }
        }

        private void writeElement(JsonGenerator json, int index) throws IOException {
            if (elements instanceof double[] doubles) {
                json.writeNumber(doubles[index]);
            } else if (elements instanceof long[] longs) {
                writeWhole(json, longs[index]);
            } else if (elements instanceof int[] ints) {
                json.writeNumber(ints[index]);
            } else if (elements instanceof short[] shorts) {
                json.writeNumber(shorts[index]);
            } else if (elements instanceof byte[] bytes) {
                json.writeNumber(bytes[index]);
            } else if (elements instanceof boolean[] truths) {
                json.writeBoolean(truths[index]);
            } else {
                json.writeString(text(tensor, ((byte[][]) elements)[index]));
            }
        }
    }

    public static ApiFailure tooLarge(int most) {
        return new ApiFailure(
                Kind.INTERNAL, "The model's answer is larger than max_response_size, " + most + " bytes.");
    }

    private static final class Bounded extends ByteArrayOutputStream {

        private final int most;

        Bounded(int most) {
            super(Math.min(most, 512));
            this.most = most;
        }

        @Override
        public synchronized void write(int b) {
            check(1);
            super.write(b);
        }

        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            check(length);
            super.write(bytes, offset, length);
        }

        private void check(int more) {
            if ((long) count + more > most) {
                throw tooLarge(most);
            }
        }
    }
}
