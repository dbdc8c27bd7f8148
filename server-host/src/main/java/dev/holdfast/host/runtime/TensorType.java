package dev.holdfast.host.runtime;

import java.util.List;
import java.util.Locale;

/**
 * The element types of tensors, by the names of the Open Inference Protocol version 2 (BF16 by Triton's), with the Java
 * array that holds their elements. Unsigned types are held in the signed type of the next larger size, but UINT64, which
 * has none, by its bits in INT64's; FP16 and BF16 in that of FP32.
 */
public enum TensorType {
    BOOL(boolean[].class, "true and false"),
    INT8(byte[].class, "-128 to 127"),
    INT16(short[].class, "-32768 to 32767"),
    INT32(int[].class, "-2147483648 to 2147483647"),
    INT64(long[].class, "-9223372036854775808 to 9223372036854775807"),
    UINT8(short[].class, "0 to 255"),
    UINT16(int[].class, "0 to 65535"),
    UINT32(long[].class, "0 to 4294967295"),
    UINT64(long[].class, "0 to 18446744073709551615"),
    FP16(float[].class, "-65504 to 65504"),
    BF16(float[].class, "-3.3895E38 to 3.3895E38"),
    FP32(float[].class, "-3.4028E38 to 3.4028E38"),
    FP64(double[].class, "-1.7976E308 to 1.7976E308"),
    /** Byte strings of any length: texts in UTF-8, images, whole request bodies. */
    BYTES(byte[][].class, "any bytes");

    /** Half way between the largest number of FP16 and what would come after it: from here on it rounds to infinity. */
    private static final float BEYOND_FP16 = 65520;

    private static final float BEYOND_BF16 = 0x1.FFp127f;

    private final Class<?> array;
    private final String range;
    /** 0 for a type that is none of numbers. */
    private final int bits;

    TensorType(Class<?> array, String range) {
        this.array = array;
        this.range = range;
        String digits = name().replaceAll("\\D", "");
        this.bits = digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    /** The class of the array that holds the elements. */
    public Class<?> array() {
        return array;
    }

    /** From the smallest to the largest element that is finite, for messages. */
    public String range() {
        return range;
    }

    /** Whether a number of FP32 stays finite when it is rounded to this type, which is one of FP16, BF16 and FP32. */
    public boolean keepsFinite(float value) {
        float size = Math.abs(value);
        return switch (this) {
            case FP16 -> size < BEYOND_FP16;
            case BF16 -> size < BEYOND_BF16;
            default -> Float.isFinite(value);
        };
    }

    /** Whether it is one of the whole numbers. */
    public boolean isWhole() {
        return name().contains("INT");
    }

    /** How many bits a number has. */
    public int bits() {
        if (bits == 0) {
            throw new IllegalStateException(this + " is of no number");
        }
        return bits;
    }

    /** The smallest of the whole numbers. */
    public long least() {
        return isUnsigned() ? 0 : Long.MIN_VALUE >> (Long.SIZE - bits());
    }

    /** The largest of the whole numbers; of UINT64 the largest that Java's long holds. */
    public long most() {
        return Long.MAX_VALUE >> (Long.SIZE - bits() - (isUnsigned() && bits() < Long.SIZE ? 1 : 0));
    }

    private boolean isUnsigned() {
        return name().startsWith("U");
    }

    /**
     * Whether a finite number of FP32 lies half way between two neighbours of this type, FP16 or BF16, so that what it was
     * rounded from decides to which of them it goes; never so for another type.
     */
    public boolean isHalfWay(float value) {
        int bits = Float.floatToRawIntBits(value);
        return switch (this) {
            case FP16 -> {
                // Numbers smaller than the normal ones of FP16 have all the same distance.
                double steps = Math.abs((double) value) * 0x1p25;
                yield Math.abs(value) < 0x1p-14f ? steps % 2 == 1 : (bits & 0x1fff) == 0x1000;
            }
            case BF16 -> (bits & 0xffff) == 0x8000;
            default -> false;
        };
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
            throw new InvalidInputException("Datatype '" + name + "' is not one of " + List.of(values()));
        }
    }
}
