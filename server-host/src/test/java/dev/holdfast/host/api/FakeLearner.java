package dev.holdfast.host.api;

import dev.holdfast.host.runtime.InvalidInputException;
import dev.holdfast.host.runtime.LearningModel;
import dev.holdfast.host.runtime.ModelSignature;
import dev.holdfast.host.runtime.Tensor;
import dev.holdfast.host.runtime.TensorSpec;
import dev.holdfast.host.runtime.TensorType;
import dev.holdfast.host.state.StateCapture;
import dev.holdfast.host.state.StateDamagedException;
import dev.holdfast.host.state.StateFormat;
import dev.holdfast.host.state.StatePart;
import dev.holdfast.host.state.StateSource;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A model that learns the sum of all the numbers it is taught, and answers with it. */
final class FakeLearner implements LearningModel {

    private static final StateFormat FORMAT = new StateFormat("sum", 1, "");
    private float sum;
    private long updates;

    @Override
    public ModelSignature signature() {
        TensorSpec x = new TensorSpec("x", TensorType.FP32, List.of(-1L, 2L));
        TensorSpec y = new TensorSpec("y", TensorType.FP32, List.of(-1L, 1L));
        return new ModelSignature("fake", List.of(x), List.of(y), false);
    }

    @Override
    public void check(List<Tensor> inputs) {
        if (inputs.get(0).shape()[1] != 2) {
            throw new InvalidInputException("Input x must have rows of 2 numbers");
        }
    }

    @Override
    public void checkTraining(List<Tensor> inputs) {
        check(inputs);
    }

    @Override
    public synchronized long train(List<Tensor> inputs) {
        float[] numbers = (float[]) inputs.get(0).elements();
        for (float number : numbers) {
            sum += number;
        }
        updates += numbers.length / 2;
        return numbers.length / 2;
    }

    @Override
    public synchronized List<List<Tensor>> predict(List<List<Tensor>> batch) {
        return batch.stream()
                .map(request -> List.of(new Tensor("y", TensorType.FP32, new long[] {1, 1}, new float[] {sum})))
                .toList();
    }

    @Override
    public StateFormat stateFormat() {
        return FORMAT;
    }

    @Override
    public synchronized StateCapture capture() {
        byte[] bytes = ByteBuffer.allocate(4).putFloat(sum).array();
        return new StateCapture() {
            @Override
            public StateFormat format() {
                return FORMAT;
            }

            @Override
            public long number() {
                return 0;
            }

            @Override
            public List<StatePart> parts() {
                return List.of(StatePart.of("sum", bytes));
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public synchronized void restore(StateSource source) {
        try (DataInputStream in = new DataInputStream(source.open("sum"))) {
            sum = in.readFloat();
        } catch (IOException e) {
            throw new StateDamagedException("no sum", e);
        }
    }

    @Override
    public synchronized long updates() {
        return updates;
    }

    @Override
    public void close() {}
}
