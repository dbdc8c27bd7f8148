package dev.holdfast.host.runtime;

import java.util.Locale;

/**
 * The element types of tensors, by the names of the Open Inference Protocol version 2, with the Java array that holds
 * their elements. Unsigned types and FP16 are held in the signed type of the next larger size, and FP32.
 */
public enum TensorType {
    BOOL(boolean[].class),
    INT8(byte[].class),
    INT16(short[].class),
    INT32(int[].class),
    INT64(long[].class),
    UINT8(short[].class),
    UINT16(int[].class),
    UINT32(long[].class),
    FP16(float[].class),
    FP32(float[].class),
    FP64(double[].class),
    /** Byte strings of any length: texts in UTF-8, images, whole request bodies. */
    BYTES(byte[][].class);

    private final Class<?> array;

    TensorType(Class<?> array) {
        this.array = array;
    }

    /** The class of the array that holds the elements. */
    public Class<?> array() {
        return array;
    }

    /**
     * The type of a name, ignoring case.
     *
     * @throws InvalidInputException if there is no such type
     */
    public static TensorType of(String name) {
        try {
            return valueOf(name.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException("Datatype '" + name + "' is not one of " + java.util.List.of(values()));
        }
    }
}
