package dev.holdfast.host.runtime;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Requests as parts of one batch along the first dimension. */
final class Batches {

    private Batches() {}

    /** Whether all inputs of a request have the same number of rows, so that the outputs' rows can be told apart again. */
    static boolean isJoinable(List<Tensor> request) {
        long rows = -1;
        for (Tensor input : request) {
            long[] shape = input.shape();
            if (shape.length == 0 || shape[0] < 1 || (rows >= 0 && shape[0] != rows)) {
                return false;
            }
            rows = shape[0];
        }
        return rows > 0 && rows <= Integer.MAX_VALUE;
    }

    /** What requests must have in common to be joined: for each input its name and all dimensions but the first. */
    static Object key(List<Tensor> request) {
        List<Object> key = new ArrayList<>();
        request.stream().sorted((a, b) -> a.name().compareTo(b.name())).forEach(input -> {
            key.add(input.name());
            long[] shape = input.shape();
            key.add(Arrays.stream(shape, 1, shape.length).boxed().toList());
        });
        return key;
    }

    /** The number of rows of a joinable request. */
    static int rows(List<Tensor> request) {
        return (int) request.get(0).shape()[0];
    }

    /** Whether each output has as many rows as the requests have together. */
    static boolean canSplit(List<Tensor> outputs, int[] rows) {
        long sum = Arrays.stream(rows).asLongStream().sum();
        return outputs.stream().allMatch(output -> output.shape().length > 0 && output.shape()[0] == sum);
    }

    /** Each request's rows of the outputs. */
    static List<List<Tensor>> split(List<Tensor> outputs, int[] rows) {
        List<List<Tensor>> answers = new ArrayList<>();
        int from = 0;
        for (int count : rows) {
            List<Tensor> answer = new ArrayList<>();
            for (Tensor output : outputs) {
                answer.add(slice(output, from, count));
            }
            answers.add(answer);
            from += count;
        }
        return answers;
    }

    private static Tensor slice(Tensor tensor, int from, int rows) {
        long[] shape = tensor.shape();
        int row = (int) (tensor.count() / shape[0]);
        shape[0] = rows;
        Object elements = Array.newInstance(tensor.elements().getClass().getComponentType(), rows * row);
        System.arraycopy(tensor.elements(), from * row, elements, 0, rows * row);
        return tensor.withRows(shape, elements);
    }
}
