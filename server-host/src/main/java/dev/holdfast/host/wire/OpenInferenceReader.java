package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request of the Open Inference Protocol, version 2, in its JSON form; fields may come in any order. What it does
 * not know it passes over, because clients send more than the protocol has; a field that is null is none.
 */
public final class OpenInferenceReader {

    public static final Set<String> FIELDS = Set.of("name", "shape", "datatype", "data", "parameters");

    private final byte[] body;
    private Optional<String> id = Optional.empty();
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<String> outputs = new ArrayList<>();

    private OpenInferenceReader(byte[] body) {
        this.body = body;
    }

    /**
     * @throws InvalidInputException if it is JSON, but no request of the protocol
     * @throws IOException if it is no JSON
     */
    public static TensorRequest read(byte[] body) throws IOException {
        OpenInferenceReader reader = new OpenInferenceReader(body);
        try (JsonParser json = Json.FACTORY.createParser(Json.utf8(body))) {
            reader.readRequest(json);
            if (json.nextToken() != null) {
                throw new InvalidInputException("The body goes on after its first value");
            }
        }
        return new TensorRequest(
                reader.inputs,
                false,
                Optional.of(new TensorRequest.OpenRequest(reader.id, List.copyOf(reader.outputs))));
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
                case "parameters" -> readParameters(json);
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
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            if (json.nextToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            switch (field) {
                case "name" -> name = text(json, "name");
                case "datatype" -> type = TensorType.of(text(json, "datatype"));
                case "shape" -> shape = readShape(json);
                case "parameters" -> readParameters(json);
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
        if (name == null || type == null || shape == null || (data == null && dataAt < 0)) {
            throw new InvalidInputException("Each of 'inputs' needs name, shape, datatype and data");
        }
        inputs.add(tensor(name, type, shape, data, dataAt, dataEnd));
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
        boolean named = false;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            boolean none = json.nextToken() == JsonToken.VALUE_NULL;
            if (field.equals("name") && !none) {
                outputs.add(text(json, "name"));
                named = true;
            } else if (field.equals("parameters") && !none) {
                readParameters(json);
            } else {
                json.skipChildren();
            }
        }
        if (!named) {
            throw new InvalidInputException("Each of 'outputs' needs a name");
        }
    }

    /** Passes over parameters, none of which this host knows, but for those that would change how data is sent. */
    private static void readParameters(JsonParser json) throws IOException {
        expect(json.currentToken(), JsonToken.START_OBJECT, "'parameters' must be an object");
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            if (value == JsonToken.VALUE_NULL) {
                continue;
            }
            boolean binary = (field.equals("binary_data") || field.equals("binary_data_output"))
                    && value != JsonToken.VALUE_FALSE;
            if (binary || field.equals("binary_data_size")) {
                throw new InvalidInputException("Parameter '" + field
                        + "' asks for the binary tensor extension, which this host does not have; send and take JSON");
            }
            json.skipChildren();
        }
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
