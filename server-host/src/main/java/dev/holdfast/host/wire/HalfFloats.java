package dev.holdfast.host.wire;

/** The two floating-point formats of 16 bits that Java has no type for; numbers are rounded to the nearest, half to even. */
final class HalfFloats {

    /** The exponents of FP32 and FP16 differ by 112 where they mean the same. */
    private static final int BIAS = 112 << 23;

    private static final int INFINITY = 0x7f800000;
    private static final int FROM_HERE_INFINITE = 0x477ff000;
    private static final int FIRST_NORMAL = 0x38800000;

    private HalfFloats() {}

    static float ofFp16(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >>> 10 & 0x1f;
        int fraction = half & 0x3ff;
        if (exponent == 0) {
            float size = fraction * 0x1p-24f;
            return sign == 0 ? size : -size;
        }
        int bits = exponent == 0x1f ? INFINITY : (exponent << 23) + BIAS;
        return Float.intBitsToFloat(sign | bits | fraction << 13);
    }

    static short toFp16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int size = bits & 0x7fffffff;
        if (size > INFINITY) {
            return (short) (sign | 0x7e00 | ((size >>> 13) & 0x3ff));
        } else if (size >= FROM_HERE_INFINITE) {
            return (short) (sign | 0x7c00);
        } else if (size < FIRST_NORMAL) {
            return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24));
        }
        int rounded = size + 0xfff + ((size >>> 13) & 1);
        return (short) (sign | ((rounded - BIAS) >>> 13));
    }

    static float ofBf16(short half) {
        return Float.intBitsToFloat(half << 16);
    }

    static short toBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
