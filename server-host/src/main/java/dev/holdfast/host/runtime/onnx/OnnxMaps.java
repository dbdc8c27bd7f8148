package dev.holdfast.host.runtime.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.SequenceInfo;
import dev.holdfast.host.runtime.InferenceException;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the operator ZipMap gives, with which classifiers of scikit-learn are exported: for each row a map from the labels of
 * the classes to their probabilities. It becomes one tensor with a row for each map, and the labels beside it.
 */
final class OnnxMaps {

    private OnnxMaps() {}

    /** Whether an output is such a sequence. */
    static boolean isOffered(SequenceInfo info) {
        return info.isSequenceOfMaps()
                && info.mapInfo.valueType == OnnxJavaType.FLOAT
                && (info.mapInfo.keyType == OnnxJavaType.INT64 || info.mapInfo.keyType == OnnxJavaType.STRING);
    }

    /** The type of the labels of a sequence that is offered. */
    static TensorType labels(SequenceInfo info) {
        return info.mapInfo.keyType == OnnxJavaType.INT64 ? TensorType.INT64 : TensorType.BYTES;
    }

    /**
     * A copy of a sequence that ONNX Runtime made; its labels are sorted, for a map of Java has no order. One without rows has
     * no labels either, but still their type.
     *
     * @param labels their type, INT64 or BYTES
     */
    static Tensor read(String name, OnnxSequence sequence, TensorType labels) throws OrtException {
        List<Map<?, ?>> rows = rows(sequence);
        Map<Object, Integer> places = new TreeMap<>();
        rows.forEach(row -> row.keySet().forEach(label -> places.put(label, 0)));
        int columns = 0;
        for (Map.Entry<Object, Integer> place : places.entrySet()) {
            place.setValue(columns);
            columns++;
        }
        float[] values = new float[rows.size() * columns];
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i).size() != columns) {
                throw new InferenceException("Output '" + name + "' has maps of different labels: " + columns
                        + " in all, and " + rows.get(i).size() + " in row " + i);
            }
            for (Map.Entry<?, ?> entry : rows.get(i).entrySet()) {
                values[i * columns + places.getOrDefault(entry.getKey(), 0)] = (Float) entry.getValue();
            }
        }
        return new Tensor(name, TensorType.FP32, new long[] {rows.size(), columns}, values)
                .labelled(labels(name, labels, List.copyOf(places.keySet())));
    }

    private static List<Map<?, ?>> rows(OnnxSequence sequence) throws OrtException {
        List<Map<?, ?>> rows = new ArrayList<>();
        // An empty one has no type, and so no value that Java could get.
        if (sequence.getInfo().length == 0) {
            return rows;
        }
        List<? extends OnnxValue> maps = sequence.getValue();
        try {
            for (OnnxValue map : maps) {
                rows.add(((OnnxMap) map).getValue());
            }
            return rows;
        } finally {
            maps.forEach(OnnxValue::close);
        }
    }

    private static Tensor labels(String name, TensorType type, List<Object> labels) {
        long[] shape = {labels.size()};
        if (type == TensorType.INT64) {
            long[] numbers = labels.stream().mapToLong(Long.class::cast).toArray();
            return new Tensor(name + ".labels", TensorType.INT64, shape, numbers);
        }
        byte[][] texts = labels.stream()
                .map(label -> label.toString().getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        return new Tensor(name + ".labels", TensorType.BYTES, shape, texts);
    }
}
