package dev.holdfast.host.wire;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.text.OneLine;
import java.io.IOException;
import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing array of a tensor's elements, unboxed, filled from JSON values. */
final class Elements {

    private static final int FIRST_CAPACITY = 64;

    /** Reads the parser's present value into an array. */
    private interface ElementReader {
        void read(Object array, int index, JsonParser json) throws IOException;
    }

    private final TensorType type;
    private final ElementReader reader;
    private Object array;
    private int capacity;
    private int size;

    private Elements(TensorType type, Class<?> element, ElementReader reader) {
        this.type = type;
        this.reader = reader;
        this.array = Array.newInstance(element, 0);
    }

    static Elements of(TensorType type) {
        return switch (type) {
            case FP32, FP16, BF16 ->
                new Elements(
                        type,
                        float.class,
                        (array, index, json) -> ((float[]) array)[index] = readFloat(type, index, json));
            case FP64 ->
                new Elements(
                        type,
                        double.class,
                        (array, index, json) -> ((double[]) array)[index] = readDouble(index, json));
            case BOOL ->
                new Elements(
                        type,
                        boolean.class,
                        (array, index, json) -> ((boolean[]) array)[index] = readBoolean(index, json));
            case BYTES ->
                new Elements(
                        type, byte[].class, (array, index, json) -> ((byte[][]) array)[index] = readText(index, json));
            default -> integers(type);
        };
    }

    /** Whole numbers of any width are kept as long until the end. */
    private static Elements integers(TensorType type) {
        long least = type.least();
        long most = type.most();
        return new Elements(
                type,
                long.class,
                (array, index, json) -> ((long[]) array)[index] = readLong(type, least, most, index, json));
    }

    /**
     * Adds the parser's present value.
     *
     * @throws InvalidInputException if it is of another kind, or outside the type's range
     */
    void add(JsonParser json) throws IOException {
        if (size == capacity) {
            capacity = Math.max(FIRST_CAPACITY, size * 2);
            array = copy(capacity);
        }
        reader.read(array, size, json);
        size++;
    }

    private Object copy(int length) {
        Object copy = Array.newInstance(array.getClass().getComponentType(), length);
        System.arraycopy(array, 0, copy, 0, size);
        return copy;
    }

    int size() {
        return size;
    }

    /** The elements in an array of {@link TensorType#array()}, as long as there are elements. */
    Object toArray() {
        Class<?> wanted = type.array();
        if (!(array instanceof long[] longs) || wanted == long[].class) {
            return copy(size);
        }
        Object narrow = Array.newInstance(wanted.getComponentType(), size);
        for (int i = 0; i < size; i++) {
            if (narrow instanceof int[] ints) {
                ints[i] = (int) longs[i];
            } else if (narrow instanceof short[] shorts) {
                shorts[i] = (short) longs[i];
            } else {
                ((byte[]) narrow)[i] = (byte) longs[i];
            }
        }
        return narrow;
    }

    private static float readFloat(TensorType type, int index, JsonParser json) throws IOException {
        JsonToken token = json.currentToken();
        if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
            float value = nearest(type, json);
            if (type.keepsFinite(value)) {
                return value;
            }
            throw badNumber(json, index, type);
        }
        return notFinite(type, index, json);
    }

    /** The nearest float; on the number's own side of where the type rounds, or rounding twice would go too far. */
    private static float nearest(TensorType type, JsonParser json) throws IOException {
        float value = json.getFloatValue();
        if (!type.isHalfWay(value)) {
            return value;
        }
        int side = new BigDecimal(json.getText()).compareTo(new BigDecimal(value));
        return side == 0 ? value : side > 0 ? Math.nextUp(value) : Math.nextDown(value);
    }

    private static double readDouble(int index, JsonParser json) throws IOException {
        if (json.currentToken().isNumeric()) {
            double value = json.getDoubleValue();
            if (Double.isFinite(value)) {
                return value;
            }
            throw badNumber(json, index, TensorType.FP64);
        }
        return notFinite(TensorType.FP64, index, json);
    }

    /** NaN or one of the infinities, by the text that answers have for it too. */
    private static float notFinite(TensorType type, int index, JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            switch (json.getText()) {
                case "NaN" -> {
                    return Float.NaN;
                }
                case "Infinity" -> {
                    return Float.POSITIVE_INFINITY;
                }
                case "-Infinity" -> {
                    return Float.NEGATIVE_INFINITY;
                }
                default -> {}
            }
        }
        throw badNumber(json, index, type);
    }

    private static boolean readBoolean(int index, JsonParser json) throws IOException {
        if (!json.currentToken().isBoolean()) {
            throw bad(json, index, "true or false");
        }
        return json.getBooleanValue();
    }

    private static byte[] readText(int index, JsonParser json) throws IOException {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw bad(json, index, "text");
        }
        try {
            ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json.getText()));
            return Arrays.copyOfRange(utf8.array(), utf8.arrayOffset(), utf8.limit());
        } catch (CharacterCodingException e) {
            throw new InvalidInputException("element " + index + " has half of a surrogate pair", e);
        }
    }

    private static long readLong(TensorType type, long least, long most, int index, JsonParser json)
            throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            if (json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
                long value = json.getLongValue();
                if (value >= least && value <= most) {
                    return value;
                }
            } else if (type == TensorType.UINT64) {
                BigInteger value = json.getBigIntegerValue();
                if (value.signum() >= 0 && value.bitLength() <= Long.SIZE) {
                    return value.longValue();
                }
            }
        }
        throw bad(json, index, "whole number in the range of " + type + " (" + type.range() + ")");
    }

    private static InvalidInputException badNumber(JsonParser json, int index, TensorType type) throws IOException {
        return bad(
                json,
                index,
                "number in the range of " + type + " (" + type.range()
                        + "), nor one of the texts NaN, Infinity and -Infinity");
    }

    private static InvalidInputException bad(JsonParser json, int index, String wanted) throws IOException {
        String shown = json.currentToken().isStructStart()
                ? "a nested value"
                : json.currentToken() == JsonToken.VALUE_STRING
                        // "false" is a text, and no truth value.
                        ? '"' + OneLine.name(json.getText()) + '"'
                        : OneLine.name(json.getText());
        return new InvalidInputException("element " + index + " is " + shown + ", which is no " + wanted);
    }
}
