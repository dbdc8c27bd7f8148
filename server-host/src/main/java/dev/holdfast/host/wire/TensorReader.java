package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the JSON body of a prediction into the tensors that a model wants.
 *
 * <pre>
 *   [1, 2, 3]                          one row, for a model of one input
 *   [[1, 2, 3], [4, 5, 6]]             rows
 *   {"a": [[1]], "b": [[2]]}           inputs by name
 *   {"inputs": ...}                    either of these inside
 *   {"instances": [[1, 2], [3, 4]]}    rows; or [{"a": 1, "b": 2}, ...] for several inputs
 *   {"inputs": [{"name": ...}, ...]}   the Open Inference Protocol
 * </pre>
 */
public final class TensorReader {

    private final ModelSignature signature;
    private final List<TensorSpec> known;
    private final byte[] body;
    private final Map<String, ArrayReader> inputs = new LinkedHashMap<>();

    private TensorReader(ModelSignature signature, byte[] body) {
        this.signature = signature;
        this.known = Stream.concat(signature.inputs().stream(), signature.controls().stream())
                .toList();
        this.body = body;
    }

    /**
     * @throws InvalidInputException if the body is no JSON, or not what the model wants; the message says what it wants
     */
    public static TensorRequest read(byte[] body, ModelSignature signature) {
        try {
            return new TensorReader(signature, body).read();
        } catch (IOException e) {
            throw new InvalidInputException("The body is no JSON: " + Json.reason(e) + wanted(signature), e);
        } catch (InvalidInputException e) {
            throw new InvalidInputException(e.getMessage() + "." + wanted(signature), e);
        }
    }

    private static String wanted(ModelSignature signature) {
        if (signature.inputs().isEmpty()) {
            return " The model has no inputs: send {}.";
        }
        return signature.inputs().stream()
                .map(TensorReader::describe)
                .collect(Collectors.joining(", ", " The model wants JSON with ", "."));
    }

    private static String describe(TensorSpec spec) {
        return "'" + spec.name() + "' " + spec.type() + spec.shape();
    }

    private TensorRequest read() throws IOException {
        try (JsonParser json = Json.FACTORY.createParser(Json.utf8(body))) {
            JsonToken first = json.nextToken();
            if (first == null) {
                throw new InvalidInputException("The body is empty");
            }
            if (first == JsonToken.START_OBJECT) {
                if (readFields(json)) {
                    return OpenInferenceReader.read(body);
                }
            } else if (first == JsonToken.START_ARRAY) {
                readRows(json);
            } else {
                only().read(json);
            }
            if (json.nextToken() != null) {
                throw new InvalidInputException("The body goes on after its first value");
            }
        }
        return fitted();
    }

    /** Reads an object up to its end; true as soon as it turns out to be of the Open Inference Protocol. */
    private boolean readFields(JsonParser json) throws IOException {
        String unknown = null;
        boolean framed = false;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String field = json.currentName();
            JsonToken value = json.nextToken();
            TensorSpec spec = spec(field);
            framed |= field.equals("inputs") || field.equals("instances");
            if (value == JsonToken.VALUE_NULL && (spec != null || framed)) {
                json.skipChildren();
            } else if (spec != null && !(field.equals("inputs") && value == JsonToken.START_OBJECT)) {
                if (readNamed(json, spec)) {
                    return true;
                }
            } else if (field.equals("instances") && value == JsonToken.START_ARRAY) {
                readRows(json);
            } else if (field.equals("inputs")) {
                if (value == JsonToken.START_OBJECT) {
                    if (readFields(json)) {
                        throw new InvalidInputException("'inputs' has 'inputs' inside");
                    }
                } else if (value != JsonToken.START_ARRAY) {
                    only().read(json);
                } else if (readRows(json)) {
                    return true;
                }
            } else if (field.equals("id") || field.equals("parameters") || field.equals("signature_name")) {
                json.skipChildren();
            } else {
                unknown = unknown == null && !field.equals("outputs") ? field : unknown;
                json.skipChildren();
            }
        }
        // Beside 'inputs' or 'instances' anything may stand, as in KServe; a bare input's name must be right.
        if (unknown != null && !framed) {
            throw new InvalidInputException("There is no input '" + OneLine.name(unknown) + "'");
        }
        return false;
    }

    private boolean readNamed(JsonParser json, TensorSpec spec) throws IOException {
        if (spec.name().equals("inputs") && json.currentToken() == JsonToken.START_ARRAY) {
            return readRows(json);
        }
        reader(spec).read(json);
        return false;
    }

    /**
     * Reads an array whose elements are the rows of the one input, or objects with a row of each input; the parser is at
     * its start, and at its end afterwards. True, and somewhere inside, if its objects are tensors of the Open Inference
     * Protocol.
     */
    private boolean readRows(JsonParser json) throws IOException {
        int rows = 0;
        ArrayReader one = null;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            rows++;
            if (json.currentToken() != JsonToken.START_OBJECT) {
                one = one == null ? only() : one;
                one.readRow(json);
                continue;
            }
            String unknown = null;
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String field = json.currentName();
                TensorSpec spec = spec(field);
                if (spec == null && OpenInferenceReader.FIELDS.contains(field)) {
                    return true;
                }
                json.nextToken();
                if (spec == null) {
                    // A tensor of the protocol may have more fields than this host knows.
                    unknown = field;
                    json.skipChildren();
                } else {
                    reader(spec).readRow(json);
                }
            }
            if (unknown != null) {
                throw new InvalidInputException("There is no input '" + OneLine.name(unknown) + "'");
            }
        }
        if (rows == 0 && !signature.inputs().isEmpty()) {
            only().endRows();
        }
        for (ArrayReader input : inputs.values()) {
            if (input.rows() != rows) {
                throw new InvalidInputException("Some rows lack an input that others have");
            }
        }
        return false;
    }

    private @Nullable TensorSpec spec(String name) {
        for (TensorSpec spec : known) {
            if (spec.name().equals(name)) {
                return spec;
            }
        }
        return null;
    }

    private ArrayReader only() {
        if (signature.inputs().isEmpty()) {
            throw new InvalidInputException("There is a value, and no input that could take it");
        }
        if (signature.inputs().size() != 1) {
            throw new InvalidInputException(
                    "The model has " + signature.inputs().size() + " inputs, so that each needs its name");
        }
        return reader(signature.inputs().get(0));
    }

    private ArrayReader reader(TensorSpec spec) {
        return inputs.computeIfAbsent(spec.name(), name -> new ArrayReader(name, spec.type()));
    }

    private TensorRequest fitted() {
        List<Tensor> tensors = new ArrayList<>(signature.inputs().size());
        boolean oneRow = !signature.inputs().isEmpty();
        for (TensorSpec spec : signature.inputs()) {
            ArrayReader read = inputs.get(spec.name());
            if (signature.controls().contains(spec)) {
                continue;
            }
            if (read == null) {
                throw new InvalidInputException("Input '" + spec.name() + "' is missing");
            }
            Tensor tensor = fitted(spec, read);
            oneRow &= read.shape().length < tensor.shape().length && tensor.shape()[0] == 1;
            tensors.add(tensor);
        }
        for (TensorSpec control : signature.controls()) {
            ArrayReader read = inputs.get(control.name());
            if (read != null) {
                tensors.add(fitted(control, read));
            }
        }
        return new TensorRequest(tensors, oneRow, Optional.empty());
    }

    /** A tensor of as many dimensions as the model wants: one row may come without the first, no rows without the others. */
    private static Tensor fitted(TensorSpec spec, ArrayReader read) {
        long[] shape = read.shape();
        List<Long> wanted = spec.shape();
        // A model that does not say of how many dimensions its input is shows none.
        if (shape.length == wanted.size() || wanted.isEmpty()) {
            return read.toTensor(spec.name(), shape);
        }
        if (shape.length < wanted.size() && read.isEmpty() && isKnown(wanted.subList(shape.length, wanted.size()))) {
            long[] whole = wanted.stream().mapToLong(size -> size).toArray();
            System.arraycopy(shape, 0, whole, 0, shape.length);
            return read.toTensor(spec.name(), whole);
        }
        if (shape.length + 1 == wanted.size() && Math.abs(wanted.get(0)) == 1) {
            long[] batch = new long[shape.length + 1];
            batch[0] = 1;
            System.arraycopy(shape, 0, batch, 1, shape.length);
            return read.toTensor(spec.name(), batch);
        }
        throw new InvalidInputException("Input '" + spec.name() + "' has the shape " + Arrays.toString(shape));
    }

    private static boolean isKnown(List<Long> sizes) {
        return sizes.stream().allMatch(size -> size >= 0);
    }
}
