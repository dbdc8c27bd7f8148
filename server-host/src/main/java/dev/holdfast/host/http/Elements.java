package dev.holdfast.host.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.TensorType;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** A growing array of a tensor's elements, unboxed, filled from JSON values. */
abstract class Elements {

    private static final int FIRST_CAPACITY = 64;

    private int size;

    static Elements of(TensorType type) {
        return switch (type) {
            case FP32, FP16, BF16 -> new Floats(type);
            case FP64 -> new Doubles();
            case BOOL -> new Booleans();
            case BYTES -> new Texts();
            default -> new Integers(type);
        };
    }

    /**
     * Adds the parser's present value.
     *
     * @throws InvalidInputException if it is of another kind, or outside the type's range
     */
    final void add(JsonParser json) throws IOException {
        if (size == capacity()) {
            grow(Math.max(FIRST_CAPACITY, size * 2));
        }
        set(size, json);
        size++;
    }

    final int size() {
        return size;
    }

    abstract int capacity();

    abstract void grow(int capacity);

    abstract void set(int index, JsonParser json) throws IOException;

    /** The elements in an array of {@link TensorType#array()}, as long as there are elements. */
    abstract Object toArray();

    private static InvalidInputException bad(JsonParser json, int index, String wanted) throws IOException {
        String shown = json.currentToken().isStructStart() ? "a nested value" : RequestNames.printable(json.getText());
        return new InvalidInputException("element " + index + " is " + shown + ", which is no " + wanted);
    }

    /** The range of numbers, and what a tensor of them has beside it, which JSON can only write as texts. */
    private static String number(TensorType type) {
        return "number in the range of " + type + " (" + type.range()
                + "), nor one of the texts NaN, Infinity and -Infinity";
    }

    /** NaN or one of the infinities by the text that answers have for it too; empty for any other text. */
    private static Optional<Float> notFinite(String text) {
        return switch (text) {
            case "NaN" -> Optional.of(Float.NaN);
            case "Infinity" -> Optional.of(Float.POSITIVE_INFINITY);
            case "-Infinity" -> Optional.of(Float.NEGATIVE_INFINITY);
            default -> Optional.empty();
        };
    }

    private static final class Floats extends Elements {

        private final TensorType type;
        private float[] values = {};

        Floats(TensorType type) {
            this.type = type;
        }

        @Override
        int capacity() {
            return values.length;
        }

        @Override
        void grow(int capacity) {
            values = Arrays.copyOf(values, capacity);
        }

        @Override
        void set(int index, JsonParser json) throws IOException {
            JsonToken token = json.currentToken();
            if (token == JsonToken.VALUE_NUMBER_FLOAT || token == JsonToken.VALUE_NUMBER_INT) {
                float value = nearest(json);
                if (type.keepsFinite(value)) {
                    values[index] = value;
                    return;
                }
            } else if (token == JsonToken.VALUE_STRING) {
                Optional<Float> value = notFinite(json.getText());
                if (value.isPresent()) {
                    values[index] = value.get();
                    return;
                }
            }
            throw bad(json, index, number(type));
        }

        /** The nearest float; on the number's own side of where the type rounds, or rounding twice would go too far. */
        private float nearest(JsonParser json) throws IOException {
            float value = json.getFloatValue();
            if (!type.isHalfWay(value)) {
                return value;
            }
            int side = new BigDecimal(json.getText()).compareTo(new BigDecimal(value));
            return side == 0 ? value : side > 0 ? Math.nextUp(value) : Math.nextDown(value);
        }

        @Override
        Object toArray() {
            return Arrays.copyOf(values, size());
        }
    }

    private static final class Doubles extends Elements {

        private double[] values = {};

        @Override
        int capacity() {
            return values.length;
        }

        @Override
        void grow(int capacity) {
            values = Arrays.copyOf(values, capacity);
        }

        @Override
        void set(int index, JsonParser json) throws IOException {
            if (json.currentToken().isNumeric()) {
                double value = json.getDoubleValue();
                if (Double.isFinite(value)) {
                    values[index] = value;
                    return;
                }
            } else if (json.currentToken() == JsonToken.VALUE_STRING) {
                Optional<Float> value = notFinite(json.getText());
                if (value.isPresent()) {
                    values[index] = value.get();
                    return;
                }
            }
            throw bad(json, index, number(TensorType.FP64));
        }

        @Override
        Object toArray() {
            return Arrays.copyOf(values, size());
        }
    }

    private static final class Booleans extends Elements {

        private boolean[] values = {};

        @Override
        int capacity() {
            return values.length;
        }

        @Override
        void grow(int capacity) {
            values = Arrays.copyOf(values, capacity);
        }

        @Override
        void set(int index, JsonParser json) throws IOException {
            if (!json.currentToken().isBoolean()) {
                throw bad(json, index, "true or false");
            }
            values[index] = json.getBooleanValue();
        }

        @Override
        Object toArray() {
            return Arrays.copyOf(values, size());
        }
    }

    private static final class Texts extends Elements {

        private byte[][] values = {};

        @Override
        int capacity() {
            return values.length;
        }

        @Override
        void grow(int capacity) {
            values = Arrays.copyOf(values, capacity);
        }

        @Override
        void set(int index, JsonParser json) throws IOException {
            if (json.currentToken() != JsonToken.VALUE_STRING) {
                throw bad(json, index, "text");
            }
            try {
                ByteBuffer utf8 = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(json.getText()));
                values[index] = Arrays.copyOfRange(utf8.array(), utf8.arrayOffset(), utf8.limit());
            } catch (CharacterCodingException e) {
                throw new InvalidInputException("element " + index + " has half of a surrogate pair", e);
            }
        }

        @Override
        Object toArray() {
            return Arrays.copyOf(values, size());
        }
    }

    /** Whole numbers of any width, kept as long until the end. */
    private static final class Integers extends Elements {

        private final TensorType type;
        private final long least;
        private final long most;
        private long[] values = {};

        Integers(TensorType type) {
            this.type = type;
            int bits = Integer.parseInt(type.name().replaceAll("\\D", ""));
            boolean unsigned = type.name().startsWith("U");
            this.least = unsigned ? 0 : Long.MIN_VALUE >> (Long.SIZE - bits);
            this.most = Long.MAX_VALUE >> (Long.SIZE - bits - (unsigned && bits < Long.SIZE ? 1 : 0));
        }

        @Override
        int capacity() {
            return values.length;
        }

        @Override
        void grow(int capacity) {
            values = Arrays.copyOf(values, capacity);
        }

        @Override
        void set(int index, JsonParser json) throws IOException {
            if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
                if (json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
                    long value = json.getLongValue();
                    if (value >= least && value <= most) {
                        values[index] = value;
                        return;
                    }
                } else if (type == TensorType.UINT64 && isUnsignedLong(json.getBigIntegerValue())) {
                    values[index] = json.getBigIntegerValue().longValue();
                    return;
                }
            }
            throw bad(json, index, "whole number in the range of " + type + " (" + type.range() + ")");
        }

        private static boolean isUnsignedLong(BigInteger value) {
            return value.signum() >= 0 && value.bitLength() <= Long.SIZE;
        }

        @Override
        Object toArray() {
            int size = size();
            Class<?> array = type.array();
            if (array == long[].class) {
                return Arrays.copyOf(values, size);
            }
            Object narrow = java.lang.reflect.Array.newInstance(array.getComponentType(), size);
            for (int i = 0; i < size; i++) {
                long value = values[i];
                if (narrow instanceof int[] ints) {
                    ints[i] = (int) value;
                } else if (narrow instanceof short[] shorts) {
                    shorts[i] = (short) value;
                } else {
                    ((byte[]) narrow)[i] = (byte) value;
                }
            }
            return narrow;
        }
    }
}
