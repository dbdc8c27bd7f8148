package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads nested JSON arrays into one flat array and finds their shape. The first row says how long every other one is; one
 * that differs is an error.
 */
final class ArrayReader {

    /** Tensors of more dimensions than this are no tensors. */
    static final int MOST_DIMENSIONS = 16;

    private static final int UNKNOWN = -1;

    private final String name;
    private final TensorType type;
    private final Elements elements;
    private final long[] sizes = new long[MOST_DIMENSIONS];
    private int rank = UNKNOWN;
    private int deepest;
    private long rows;

    /**
     * @param name the tensor's name, for messages
     */
    ArrayReader(String name, TensorType type) {
        this.name = name;
        this.type = type;
        this.elements = Elements.of(type);
        Arrays.fill(sizes, UNKNOWN);
    }

    /** Reads the whole tensor; the parser is at its first token, and at its last afterwards. */
    void read(JsonParser json) throws IOException {
        try {
            read(json, 0);
        } catch (InvalidInputException e) {
            throw new InvalidInputException("Tensor '" + name + "': " + e.getMessage(), e);
        }
    }

    /** Reads one more row of the first dimension. */
    void readRow(JsonParser json) throws IOException {
        try {
            read(json, 1);
        } catch (InvalidInputException e) {
            throw new InvalidInputException("Tensor '" + name + "': " + e.getMessage(), e);
        }
        rows++;
        sizes[0] = rows;
        deepest = Math.max(deepest, 1);
    }

    /** No more rows will come; needed where there may have been none. */
    void endRows() {
        sizes[0] = rows;
        deepest = Math.max(deepest, 1);
    }

    long rows() {
        return rows;
    }

    private void read(JsonParser json, int depth) throws IOException {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            leaf(json, depth);
            return;
        }
        if (depth == MOST_DIMENSIONS) {
            throw new InvalidInputException("it has more than " + MOST_DIMENSIONS + " dimensions");
        }
        if (rank != UNKNOWN && depth >= rank) {
            throw ragged();
        }
        deepest = Math.max(deepest, depth + 1);
        long count = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            read(json, depth + 1);
            count++;
        }
        if (sizes[depth] == UNKNOWN) {
            sizes[depth] = count;
        } else if (sizes[depth] != count) {
            throw ragged();
        }
    }

    private void leaf(JsonParser json, int depth) throws IOException {
        if (json.currentToken() == JsonToken.START_OBJECT) {
            throw new InvalidInputException("there is an object where elements of " + type + " are wanted");
        }
        if (rank == UNKNOWN && deepest <= depth) {
            rank = depth;
        } else if (rank != depth) {
            throw ragged();
        }
        elements.add(json);
    }

    private static InvalidInputException ragged() {
        return new InvalidInputException("its rows are not all of one length and depth");
    }

    /** The shape as it was written. */
    long[] shape() {
        return Arrays.copyOf(sizes, rank == UNKNOWN ? deepest : rank);
    }

    /** Whether there is no element at all, in whatever arrays. */
    boolean isEmpty() {
        return elements.size() == 0;
    }

    /**
     * The tensor in another shape with as many elements.
     *
     * @throws InvalidInputException if that has more or fewer elements
     */
    Tensor toTensor(String tensorName, long[] shape) {
        return new Tensor(tensorName, type, shape, elements.toArray());
    }
}
