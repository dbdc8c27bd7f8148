package dev.holdfast.host.runtime.onnx;

import dev.holdfast.host.archive.BatchAxes;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Requests as parts of one batch, along the dimensions that count the rows.
 *
 * <p>An input without such a dimension is the same for all requests of a batch.
 */
record Batches(BatchAxes axes) {

    /** Along the first dimension of all inputs and outputs. */
    static Batches ofFirstDimensions(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Batches(new BatchAxes(first(inputs), first(outputs)));
    }

    private static Map<String, Integer> first(List<TensorSpec> specs) {
        return specs.stream().collect(Collectors.toMap(TensorSpec::name, spec -> 0, (one, same) -> one));
    }

    /** One request, as it goes to the engine. */
    static Map<String, List<Tensor>> alone(List<Tensor> request) {
        Map<String, List<Tensor>> parts = new HashMap<>();
        request.forEach(input -> parts.put(input.name(), List.of(input)));
        return parts;
    }

    /** Whether all inputs of a request have the same number of rows, so that the outputs' rows can be told apart again. */
    boolean isJoinable(List<Tensor> request) {
        long rows = -1;
        for (Tensor input : request) {
            Integer axis = axes.inputs().get(input.name());
            if (axis == null) {
                continue;
            }
            long[] shape = input.shape();
            if (shape.length <= axis || shape[axis] < 1 || (rows >= 0 && shape[axis] != rows)) {
                return false;
            }
            rows = shape[axis];
        }
        return rows > 0 && rows <= Integer.MAX_VALUE;
    }

    /** What requests must have in common to be joined: all sizes but the number of rows, and the inputs without rows. */
    Object key(List<Tensor> request) {
        List<Object> key = new ArrayList<>();
        request.stream().sorted((a, b) -> a.name().compareTo(b.name())).forEach(input -> {
            key.add(input.name());
            long[] shape = input.shape();
            Integer axis = axes.inputs().get(input.name());
            if (axis == null) {
                key.add(new Content(input.elements()));
            } else {
                shape[axis] = 0;
            }
            key.add(Arrays.stream(shape).boxed().toList());
        });
        return key;
    }

    /** Elements, compared one by one. */
    private record Content(Object elements) {

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Content content && Objects.deepEquals(elements, content.elements);
        }

        @Override
        public int hashCode() {
            return Arrays.deepHashCode(new Object[] {elements});
        }
    }

    /** The number of rows of a joinable request. */
    int rows(List<Tensor> request) {
        for (Tensor input : request) {
            Integer axis = axes.inputs().get(input.name());
            if (axis != null) {
                return (int) input.shape()[axis];
            }
        }
        throw new IllegalArgumentException("No input has rows: " + request);
    }

    /** For each input by its name, what lies one after the other along the first dimension in the engine's input. */
    Map<String, List<Tensor>> parts(List<List<Tensor>> requests) {
        Map<String, List<Tensor>> parts = new HashMap<>();
        for (List<Tensor> request : requests) {
            for (Tensor input : request) {
                parts.computeIfAbsent(input.name(), name -> new ArrayList<>()).add(input);
            }
        }
        parts.replaceAll((name, all) -> {
            Integer axis = axes.inputs().get(name);
            if (axis == null) {
                return all.subList(0, 1);
            }
            return axis == 0 || all.size() == 1 ? all : List.of(concatenated(all, axis));
        });
        return parts;
    }

    private static Tensor concatenated(List<Tensor> parts, int axis) {
        Tensor first = parts.get(0);
        long[] shape = first.shape();
        shape[axis] = parts.stream().mapToLong(part -> part.shape()[axis]).sum();
        int count = Math.toIntExact(parts.stream().mapToLong(Tensor::count).sum());
        Object elements = Array.newInstance(first.elements().getClass().getComponentType(), count);
        long blocks = product(shape, 0, axis);
        int to = 0;
        for (int block = 0; block < blocks; block++) {
            for (Tensor part : parts) {
                int size = (int) (part.count() / blocks);
                System.arraycopy(part.elements(), block * size, elements, to, size);
                to += size;
            }
        }
        return new Tensor(first.name(), first.type(), shape, elements);
    }

    private static long product(long[] sizes, int from, int to) {
        return Arrays.stream(sizes, from, to).reduce(1, (a, b) -> a * b);
    }

    /** Whether each output has as many rows as the requests have together. */
    boolean canSplit(List<Tensor> outputs, int... rows) {
        long sum = Arrays.stream(rows).asLongStream().sum();
        return outputs.stream().allMatch(output -> {
            Integer axis = axes.outputs().get(output.name());
            return axis != null && output.shape().length > axis && output.shape()[axis] == sum;
        });
    }

    /** Each request's rows of the outputs. */
    List<List<Tensor>> split(List<Tensor> outputs, int... rows) {
        List<List<Tensor>> answers = new ArrayList<>();
        int from = 0;
        for (int count : rows) {
            List<Tensor> answer = new ArrayList<>();
            for (Tensor output : outputs) {
                answer.add(slice(output, axes.outputs().getOrDefault(output.name(), 0), from, count));
            }
            answers.add(answer);
            from += count;
        }
        return answers;
    }

    private static Tensor slice(Tensor tensor, int axis, int from, int rows) {
        long[] shape = tensor.shape();
        int blocks = (int) product(shape, 0, axis);
        int row = (int) product(shape, axis + 1, shape.length);
        int block = (int) shape[axis] * row;
        shape[axis] = rows;
        int size = rows * row;
        Object elements = Array.newInstance(tensor.elements().getClass().getComponentType(), blocks * size);
        for (int i = 0; i < blocks; i++) {
            System.arraycopy(tensor.elements(), i * block + from * row, elements, i * size, size);
        }
        return tensor.withRows(shape, elements);
    }
}
