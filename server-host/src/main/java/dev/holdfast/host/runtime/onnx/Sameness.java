package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.runtime.Tensor;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Whether two answers to one request are the same: names and shapes, texts and whole numbers exactly, fractions to 1e-5 of
 * their size, where NaN equals NaN.
 *
 * <p>Engines add up in another order when they have more rows, so that an element that is near 0 by cancellation differs
 * by more than that of itself, though by nothing of its row's other values. Such a difference is measured against the
 * largest value that the element has in any row; that is the tolerance of {@link #among}. Rows beside which only the
 * values differ, not the number of rows, need none.
 *
 * @param sizes For each output the largest size of each element of a row.
 */
record Sameness(List<double[]> sizes) {

    private static final double TOLERANCE = 1e-5;

    /** Each element is compared by its own size. */
    static Sameness strict() {
        return new Sameness(List.of());
    }

    /** Each element is compared by the largest size that it has in these answers, all of the same sizes but the first. */
    static Sameness among(List<List<Tensor>> answers) {
        List<double[]> sizes = new ArrayList<>();
        for (int output = 0; output < answers.get(0).size(); output++) {
            double[] largest = new double[rowSize(answers.get(0).get(output))];
            for (List<Tensor> answer : answers) {
                grow(largest, answer.get(output).elements());
            }
            sizes.add(largest);
        }
        return new Sameness(sizes);
    }

    private static int rowSize(Tensor tensor) {
        return (int) (tensor.count() / Math.max(1, tensor.shape()[0]));
    }

    private static void grow(double[] largest, Object elements) {
        if (largest.length == 0 || !(elements instanceof float[] || elements instanceof double[])) {
            return;
        }
        for (int i = 0; i < Array.getLength(elements); i++) {
            double size = Math.abs(Array.getDouble(elements, i));
            if (Double.isFinite(size)) {
                largest[i % largest.length] = Math.max(largest[i % largest.length], size);
            }
        }
    }

    /** What differs, for an operator; empty if nothing does. */
    Optional<String> difference(List<Tensor> expected, List<Tensor> found) {
        for (int output = 0; output < expected.size(); output++) {
            Tensor one = expected.get(output);
            Tensor other = found.get(output);
            if (!Arrays.equals(one.shape(), other.shape())) {
                return Optional.of("output " + one + " became " + other);
            }
            // Nearly always, and much faster than one by one.
            boolean isEqual = Objects.deepEquals(one.elements(), other.elements());
            for (int i = 0; i < one.count() && !isEqual; i++) {
                Object a = Array.get(one.elements(), i);
                Object b = Array.get(other.elements(), i);
                if (!isSame(a, b, size(output, i))) {
                    return Optional.of("output '" + one.name() + "' was " + shown(a) + " and became " + shown(b));
                }
            }
        }
        return Optional.empty();
    }

    private double size(int output, int element) {
        if (sizes.isEmpty() || sizes.get(output).length == 0) {
            return 0;
        }
        double[] row = sizes.get(output);
        return row[element % row.length];
    }

    private static boolean isSame(Object a, Object b, double size) {
        if (!(a instanceof Float || a instanceof Double)) {
            return Objects.deepEquals(a, b);
        }
        double one = ((Number) a).doubleValue();
        double other = ((Number) b).doubleValue();
        if (one == other || (Double.isNaN(one) && Double.isNaN(other))) {
            return true;
        }
        double largest = Math.max(size, Math.max(Math.abs(one), Math.abs(other)));
        return Double.isFinite(one) && Double.isFinite(other) && Math.abs(one - other) <= TOLERANCE * largest;
    }

    private static String shown(Object element) {
        return element instanceof byte[] text ? "a text of " + text.length + " bytes" : String.valueOf(element);
    }
}
