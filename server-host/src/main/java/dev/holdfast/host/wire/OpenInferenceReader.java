package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import dev.holdfast.host.wire.TensorRequest.Wanted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request of the Open Inference Protocol, version 2, in its JSON form; fields may come in any order. What it does
 * not know it passes over, because clients send more than the protocol has; a field that is null is none.
 *
 * <p>With the binary extension the bytes of tensors follow the JSON, in the order of the tensors that have no {@code data} and say
 * how many bytes they have.
 */
public final class OpenInferenceReader {

    public static final Set<String> FIELDS = Set.of("name", "shape", "datatype", "data", "parameters");

    private static final String BINARY = "binary_data";
    private static final String BINARY_OUTPUT = "binary_data_output";
    private static final String BINARY_SIZE = "binary_data_size";

    private final byte[] body;
    private final @Nullable ByteBuffer binary;
    private boolean binaryOutput;
    private Map<String, Object> parameters = Map.of();
    private Optional<String> id = Optional.empty();
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<Wanted> outputs = new ArrayList<>();

    private OpenInferenceReader(byte[] body, @Nullable ByteBuffer binary) {
        this.body = body;
        this.binary = binary;
    }

    /**
     * Reads a body of JSON alone.
     *
     * @throws InvalidInputException if it is JSON, but no request of the protocol
     * @throws IOException if it is no JSON
     */
    public static TensorRequest read(byte[] body) throws IOException {
        return new OpenInferenceReader(body, null).read();
    }

    /**
     * Reads a body whose first bytes are JSON, and the others those of tensors.
     *
     * @param json how many are JSON
     * @throws InvalidInputException if there are not as many, or what they are is no request of the protocol
     * @throws IOException if they are no JSON
     */
    public static TensorRequest read(byte[] body, int json) throws IOException {
        if (json < 0 || json > body.length) {
            throw new InvalidInputException(
                    "The JSON of the body is said to have " + json + " bytes, and the body has " + body.length);
        }
        return new OpenInferenceReader(Arrays.copyOf(body, json), ByteBuffer.wrap(body, json, body.length - json))
                .read();
    }

    private TensorRequest read() throws IOException {
        try (JsonParser json = Json.FACTORY.createParser(Json.utf8(body))) {
            readRequest(json);
            if (json.nextToken() != null) {
                throw new InvalidInputException("The body goes on after its first value");
            }
        }
        if (binary != null && binary.hasRemaining()) {
            throw new InvalidInputException(
                    "The body has " + binary.remaining() + " bytes more than its tensors say in binary_data_size");
        }
        return new TensorRequest(
                inputs,
                false,
                Optional.of(
                        new TensorRequest.OpenRequest(id, List.copyOf(outputs), binaryOutput, Map.copyOf(parameters))));
    }

    private void readRequest(JsonParser json) throws IOException {
        expect(json.nextToken(), JsonToken.START_OBJECT, "The body must be an object with 'inputs'");
        boolean some = false;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (field) {
                case "id" -> id = Optional.of(text(json, "id"));
                case "parameters" -> {
                    parameters = readParameters(json);
                    binaryOutput =
                            truth(parameters.get(BINARY_OUTPUT), BINARY_OUTPUT).orElse(false);
                }
                case "inputs" -> {
                    expect(value, JsonToken.START_ARRAY, "'inputs' must be an array of tensors");
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        readInput(json);
                    }
                    some = true;
                }
                case "outputs" -> {
                    expect(value, JsonToken.START_ARRAY, "'outputs' must be an array of objects with a name");
                    while (json.nextToken() != JsonToken.END_ARRAY) {
                        readOutput(json);
                    }
                }
                default -> json.skipChildren();
            }
        }
        if (!some) {
            throw new InvalidInputException("The request has no 'inputs'");
        }
    }

    private void readInput(JsonParser json) throws IOException {
        expect(json.currentToken(), JsonToken.START_OBJECT, "'inputs' must be an array of tensors");
        String name = null;
        TensorType type = null;
        long[] shape = null;
        ArrayReader data = null;
        int dataAt = -1;
        int dataEnd = -1;
        OptionalInt size = OptionalInt.empty();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            if (json.nextToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (field) {
                case "name" -> name = text(json, "name");
                case "datatype" -> type = TensorType.of(text(json, "datatype"));
                case "shape" -> shape = readShape(json);
                case "parameters" -> size = size(readParameters(json).get(BINARY_SIZE));
                case "data" -> {
                    if (type == null) {
                        // What the elements are is said later: come back here then.
                        dataAt = (int) json.currentTokenLocation().getByteOffset();
                        json.skipChildren();
                        json.finishToken();
                        dataEnd = (int) json.currentLocation().getByteOffset();
                    } else {
                        data = new ArrayReader(name == null ? "data" : name, type);
                        data.read(json);
                    }
                }
                default -> json.skipChildren();
            }
        }
        boolean hasData = data != null || dataAt >= 0;
        if (name == null || type == null || shape == null || (!hasData && size.isEmpty())) {
            throw new InvalidInputException("Each of 'inputs' needs name, shape, datatype and data");
        }
        if (size.isPresent()) {
            inputs.add(RawTensors.read(name, type, shape, bytes(name, size.getAsInt(), hasData)));
            return;
        }
        inputs.add(tensor(name, type, shape, data, dataAt, dataEnd));
    }

    /** The next bytes of the body behind the JSON. */
    private ByteBuffer bytes(String name, int size, boolean hasData) {
        if (hasData) {
            throw bad(name, "has data and a binary_data_size; send one of the two");
        }
        if (binary == null) {
            throw bad(
                    name,
                    "has a binary_data_size, and the request no header Inference-Header-Content-Length, which says where"
                            + " its JSON ends");
        }
        if (size > binary.remaining()) {
            throw bad(
                    name, "has a binary_data_size of " + size + ", and the body " + binary.remaining() + " bytes more");
        }
        ByteBuffer own = binary.slice(binary.position(), size);
        binary.position(binary.position() + size);
        return own;
    }

    private static InvalidInputException bad(String name, String what) {
        return new InvalidInputException("Tensor '" + OneLine.name(name) + "' " + what);
    }

    private Tensor tensor(
            String name, TensorType type, long[] shape, @Nullable ArrayReader read, int dataAt, int dataEnd)
            throws IOException {
        ArrayReader data = read;
        if (data == null) {
            data = new ArrayReader(name, type);
            try (JsonParser json = Json.FACTORY.createParser(body, dataAt, dataEnd - dataAt)) {
                json.nextToken();
                data.read(json);
            }
        }
        long[] written = data.shape();
        if (written.length != 1 && !Arrays.equals(written, shape) && !(data.isEmpty() && startsWith(shape, written))) {
            throw new InvalidInputException("Tensor '" + OneLine.name(name) + "' has data of shape "
                    + Arrays.toString(written) + " where its shape says " + Arrays.toString(shape));
        }
        return data.toTensor(name, shape);
    }

    /** Arrays without elements cannot say how long those inside them would be. */
    private static boolean startsWith(long[] shape, long[] written) {
        return written.length <= shape.length && Arrays.equals(written, 0, written.length, shape, 0, written.length);
    }

    private static long[] readShape(JsonParser json) throws IOException {
        expect(json.currentToken(), JsonToken.START_ARRAY, "'shape' must be an array of whole numbers");
        long[] shape = new long[ArrayReader.MOST_DIMENSIONS];
        int rank = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            expect(json.currentToken(), JsonToken.VALUE_NUMBER_INT, "'shape' must be an array of whole numbers");
            if (rank == shape.length) {
                throw new InvalidInputException("'shape' has more than " + shape.length + " dimensions");
            }
            shape[rank] = json.getLongValue();
            rank++;
        }
        return Arrays.copyOf(shape, rank);
    }

    private void readOutput(JsonParser json) throws IOException {
        expect(json.currentToken(), JsonToken.START_OBJECT, "'outputs' must be an array of objects with a name");
        String name = null;
        Optional<Boolean> own = Optional.empty();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            boolean none = json.nextToken() == JsonToken.VALUE_NULL;
            if (field.equals("name") && !none) {
                name = text(json, "name");
            } else if (field.equals("parameters") && !none) {
                own = truth(readParameters(json).get(BINARY), BINARY);
            } else {
                json.skipChildren();
            }
        }
        if (name == null) {
            throw new InvalidInputException("Each of 'outputs' needs a name");
        }
        outputs.add(new Wanted(name, own));
    }

    /** The parameters that are truth values or whole numbers; the others, none of which this host knows, are passed over. */
    private static Map<String, Object> readParameters(JsonParser json) throws IOException {
        expect(json.currentToken(), JsonToken.START_OBJECT, "'parameters' must be an object");
        Map<String, Object> parameters = new HashMap<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value.isBoolean()) {
                parameters.put(field, json.getBooleanValue());
            } else if (value != JsonToken.VALUE_NULL && value.isScalarValue()) {
                parameters.put(field, json.getText());
            }
            json.skipChildren();
        }
        return parameters;
    }

    private static Optional<Boolean> truth(@Nullable Object value, String parameter) {
        if (value == null) {
            return Optional.empty();
        } else if (value instanceof Boolean truth) {
            return Optional.of(truth);
        }
        throw new InvalidInputException("Parameter '" + parameter + "' must be true or false");
    }

    private static OptionalInt size(@Nullable Object value) {
        if (value == null) {
            return OptionalInt.empty();
        }
        try {
            int size = Integer.parseInt(value.toString());
            if (size >= 0) {
                return OptionalInt.of(size);
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new InvalidInputException(
                "Parameter '" + BINARY_SIZE + "' " + OneLine.name(value.toString()) + " must be a number of bytes");
    }

    private static String text(JsonParser json, String field) throws IOException {
        expect(json.currentToken(), JsonToken.VALUE_STRING, "'" + field + "' must be a text");
        return json.getText();
    }

    private static void expect(@Nullable JsonToken found, JsonToken wanted, String otherwise) {
        if (found != wanted) {
            throw new InvalidInputException(otherwise);
        }
    }
}
