package dev.holdfast.examples.training;

import java.util.Random;

/**
 * One fully connected layer, {@code y = x · W + b}, which learns by gradient descent with momentum.
 *
 * <p>{@code W} has a row per input and a column per output, row after row: as the ONNX operator {@code Gemm} reads it.
 */
final class DenseLayer {

    private static final double MOMENTUM = 0.9;

    private final int inputs;
    private final int outputs;
    private final double[] weights;
    private final double[] bias;
    private final double[] weightGradient;
    private final double[] biasGradient;
    private final double[] weightVelocity;
    private final double[] biasVelocity;

    DenseLayer(int inputs, int outputs, Random random) {
        this.inputs = inputs;
        this.outputs = outputs;
        weights = new double[inputs * outputs];
        bias = new double[outputs];
        weightGradient = new double[weights.length];
        biasGradient = new double[outputs];
        weightVelocity = new double[weights.length];
        biasVelocity = new double[outputs];
        // He's initialisation: the outputs of a ReLU layer vary as much as its inputs do.
        double spread = Math.sqrt(6.0 / inputs);
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (2 * random.nextDouble() - 1) * spread;
        }
    }

    int inputs() {
        return inputs;
    }

    int outputs() {
        return outputs;
    }

    float[] weights() {
        return narrowed(weights);
    }

    float[] bias() {
        return narrowed(bias);
    }

    double[] forward(double[] x) {
        double[] y = bias.clone();
        for (int i = 0; i < inputs; i++) {
            int row = i * outputs;
            for (int o = 0; o < outputs; o++) {
                y[o] += x[i] * weights[row + o];
            }
        }
        return y;
    }

    /** Adds to the layer's gradient what one sample says, and returns the gradient of the loss at the inputs. */
    double[] backward(double[] x, double[] atOutputs) {
        double[] atInputs = new double[inputs];
        for (int i = 0; i < inputs; i++) {
            int row = i * outputs;
            double sum = 0;
            for (int o = 0; o < outputs; o++) {
                weightGradient[row + o] += x[i] * atOutputs[o];
                sum += weights[row + o] * atOutputs[o];
            }
            atInputs[i] = sum;
        }
        for (int o = 0; o < outputs; o++) {
            biasGradient[o] += atOutputs[o];
        }
        return atInputs;
    }

    /** Moves against the mean gradient of {@code samples} samples, forgets it, and pulls weights towards zero. */
    void step(int samples, double rate, double decay) {
        step(weights, weightGradient, weightVelocity, samples, rate, decay);
        step(bias, biasGradient, biasVelocity, samples, rate, 0);
    }

    private static void step(
            double[] values, double[] gradient, double[] velocity, int samples, double rate, double decay) {
        for (int i = 0; i < values.length; i++) {
            velocity[i] = MOMENTUM * velocity[i] - rate * (gradient[i] / samples + decay * values[i]);
            values[i] += velocity[i];
            gradient[i] = 0;
        }
    }

    private static float[] narrowed(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
