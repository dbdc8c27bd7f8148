package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.TensorType;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** What the elements of a sample are: one rule for each sort of type, asked anew for each element. */
record SampleValues(
        ToDoubleFunction<Random> fractions,
        ToLongFunction<Random> wholes,
        Predicate<Random> truths,
        Function<Random, String> texts) {

    private static final double LARGEST_HALF = 65_504;
    private static final double LARGEST_BRAIN = 0x1.FEp127;

    /** In the order in which they are tried: what most models take comes first. Whole numbers may be indexes. */
    static final List<SampleValues> ORDINARY = List.of(
            new SampleValues(
                    Random::nextGaussian, random -> random.nextInt(2), Random::nextBoolean, SampleValues::number),
            new SampleValues(Random::nextDouble, random -> 0, random -> false, SampleValues::word),
            new SampleValues(Random::nextDouble, random -> 1, random -> true, SampleValues::number),
            new SampleValues(
                    random -> 1 + random.nextInt(3),
                    random -> 1 + random.nextInt(4),
                    Random::nextBoolean,
                    SampleValues::word),
            new SampleValues(random -> 0, random -> 2, Random::nextBoolean, random -> ""));

    private static String number(Random random) {
        return String.valueOf(random.nextInt(100));
    }

    private static String word(Random random) {
        return random.ints(1 + random.nextInt(6), 'a', 'z' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** The same value for each element, with texts that say it; whole numbers above 0 are true. */
    static SampleValues constant(double fraction, long whole, String text) {
        return new SampleValues(random -> fraction, random -> whole, random -> whole > 0, random -> text);
    }

    SampleValues withFractions(ToDoubleFunction<Random> other) {
        return new SampleValues(other, wholes, truths, texts);
    }

    SampleValues withWholes(ToLongFunction<Random> other) {
        return new SampleValues(fractions, other, truths, texts);
    }

    /** From the one to the other, both included. */
    static ToLongFunction<Random> between(long least, long most) {
        double span = (double) most - least;
        return random -> Math.min(most, Math.max(least, least + (long) Math.floor(random.nextDouble() * (span + 1))));
    }

    /** An array of elements of the type, within what it holds. */
    Object elements(TensorType type, int count, Random random) {
        Object elements = Array.newInstance(type.array().getComponentType(), count);
        for (int i = 0; i < count; i++) {
            if (elements instanceof float[] floats) {
                floats[i] = (float) fraction(type, random);
            } else if (elements instanceof double[] doubles) {
                doubles[i] = fractions.applyAsDouble(random);
            } else if (elements instanceof boolean[] bits) {
                bits[i] = truths.test(random);
            } else if (elements instanceof byte[][] bytes) {
                bytes[i] = texts.apply(random).getBytes(StandardCharsets.UTF_8);
            } else {
                setWhole(elements, i, whole(type, random));
            }
        }
        return elements;
    }

    private static void setWhole(Object elements, int i, long value) {
        if (elements instanceof long[] longs) {
            longs[i] = value;
        } else if (elements instanceof int[] ints) {
            ints[i] = (int) value;
        } else if (elements instanceof short[] shorts) {
            shorts[i] = (short) value;
        } else {
            ((byte[]) elements)[i] = (byte) value;
        }
    }

    private double fraction(TensorType type, Random random) {
        double value = fractions.applyAsDouble(random);
        double largest = largest(type);
        return Double.isFinite(value) ? Math.max(-largest, Math.min(largest, value)) : value;
    }

    private static double largest(TensorType type) {
        return switch (type) {
            case FP16 -> LARGEST_HALF;
            case BF16 -> LARGEST_BRAIN;
            default -> Double.MAX_VALUE;
        };
    }

    private long whole(TensorType type, Random random) {
        return Math.max(type.least(), Math.min(type.most(), wholes.applyAsLong(random)));
    }

    static boolean isFraction(TensorType type) {
        return type.array() == float[].class || type.array() == double[].class;
    }
}
