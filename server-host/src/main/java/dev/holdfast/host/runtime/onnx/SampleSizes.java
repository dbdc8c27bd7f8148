package dev.holdfast.host.runtime.onnx;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Sizes for the free dimensions of samples, but for the first. Dimensions of one name have one size. */
interface SampleSizes {

    /** The size of a dimension that is free. */
    long of(NamedSpec input, int dimension);

    /** What is tried, in this order; small ones first, for they cost little. */
    static List<SampleSizes> candidates(List<NamedSpec> inputs) {
        boolean isFixed = inputs.stream()
                .allMatch(input -> input.spec().shape().stream().skip(1).noneMatch(size -> size == -1));
        if (isFixed) {
            return List.of(all(1));
        }
        List<SampleSizes> sizes = new ArrayList<>();
        sizes.add(all(3));
        sizes.add(all(1));
        sizes.add(all(5));
        sizes.add(all(2));
        sizes.add(byName(inputs));
        sizes.add(all(8));
        // Images: few channels, before or after two dimensions that must not be too small.
        for (long channels : new long[] {3, 1}) {
            for (long size : new long[] {32, 28, 224}) {
                sizes.add((input, dimension) -> dimension == 1 ? channels : size);
                sizes.add((input, dimension) -> dimension == input.rank() - 1 ? channels : size);
            }
        }
        for (long size : new long[] {16, 32, 64, 128, 512}) {
            sizes.add(all(size));
        }
        return sizes;
    }

    private static SampleSizes all(long size) {
        return (input, dimension) -> size;
    }

    /** Another size for each name. */
    private static SampleSizes byName(List<NamedSpec> inputs) {
        Set<String> names = new LinkedHashSet<>();
        inputs.forEach(input -> names.addAll(input.dimensions()));
        List<String> known = List.copyOf(names);
        return (input, dimension) -> 2 + Math.max(0, known.indexOf(input.dimension(dimension)));
    }

    /** The shape of an input with so many rows. */
    default long[] shape(NamedSpec input, int rows) {
        long[] shape = input.spec().shape().stream().mapToLong(size -> size).toArray();
        for (int i = 1; i < shape.length; i++) {
            shape[i] = shape[i] == -1 ? of(input, i) : shape[i];
        }
        shape[0] = rows;
        return shape;
    }

    /** How many elements all inputs together have in a row. */
    default double elementsInRow(List<NamedSpec> inputs) {
        double sum = 0;
        for (NamedSpec input : inputs) {
            double product = 1;
            for (long size : shape(input, 1)) {
                product *= size;
            }
            sum += product;
        }
        return sum;
    }
}
