package dev.holdfast.host.runtime.forest;

import dev.holdfast.host.runtime.CaptureBenchmark;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateCapture;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;

/** The rows of forests in the table of {@link CaptureBenchmark}. */
public final class ForestCaptures {

    private ForestCaptures() {}

    public static void run() throws Exception {
        forest(10, 50, 256, 50_000, 200);
        forest(1000, 25, 1024, 20_000, 50);
        forest(1000, 100, 1000, 12_000, 20);
    }

    private static void forest(int dimensions, int trees, int sampleSize, int rows, int captures) throws Exception {
        ForestSettings settings =
                new ForestSettings(dimensions, 1, trees, sampleSize, 0.1 / sampleSize, sampleSize / 4, 1);
        try (ForestModel model = new ForestModel("forest", settings)) {
            Random random = new Random(1);
            float[] row = new float[dimensions];
            LongSupplier teach = () -> {
                for (int i = 0; i < row.length; i++) {
                    row[i] = (float) random.nextGaussian();
                }
                Tensor tensor = new Tensor("point", TensorType.FP32, new long[] {1, row.length}, row);
                long start = System.nanoTime();
                model.train(List.of(tensor));
                return System.nanoTime() - start;
            };
            CaptureBenchmark.repeat(teach, rows);
            String what = trees + " trees of " + sampleSize + " points of " + dimensions;
            CaptureBenchmark.measure(what, captures, teach, () -> {
                try (StateCapture capture = model.capture()) {
                    return CaptureBenchmark.bytes(capture.parts());
                }
            });
        }
    }
}
